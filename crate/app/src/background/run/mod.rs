//! One run of the client: from the loaded state until the settings change or the browser ends the
//! background.

mod bookkeeping;
mod books;
mod conversations;
mod finding;
mod letters;
mod notifying;
mod outputs;
mod paging;
mod reading;
mod receipts;
mod removal;
mod search;
mod sweeping;

use crate::set::Set;
use litemap::LiteMap;

use sotto_core::{
    client::{
        self, Client, Config, ConnectionId, MessageId, OtherGateways, Problem, Record, SentMessage,
        Store,
    },
    envelope::Attachment,
    keys::PublicKeys,
    message::SenderTag,
    time::Time,
    topology::WebSocketPolicy,
};

use super::{
    effect::{CommitId, Scoped, SocketId, Table},
    input::Input,
    pages::Asker,
    sealing::Opened,
};
use crate::{
    conversation::Correspondent,
    history::History,
    letter::Letter,
    page::{
        ConnectionView, ErrorView, GatewaysView, MessageView, Reply, RequestError, TopologyView,
    },
    settings::{CheckedSettings, Traffic},
    text::sentence,
    timeline::{About, Known, Timeline},
};
use books::Books;
pub(super) use finding::Purpose;
pub(super) use letters::Draft;
use reading::Reads;
use receipts::{Receipts, is_service};
use search::Searches;
pub(super) use search::Wanted;
use sweeping::Sweeping;

/// A client at work, and what pages are shown of it.
pub(super) struct Run {
    /// Which run this is; what belongs to an earlier one is ignored.
    number: u32,
    pub(super) client: Client,
    /// Our public keys, which the client would have to work out each time.
    pub(super) keys: PublicKeys,
    pub(super) settings: CheckedSettings,
    pub(super) history: History,
    pub(super) timeline: Timeline,
    /// What pages are to be shown of conversations when the commit under way is durable.
    showing: Known,
    books: Books<After>,
    /// What was waiting for a commit that is durable now.
    done: Vec<After>,
    reads: Reads,
    searches: Searches,
    sweeping: Sweeping,
    /// Messages that were deleted while the client held them, or was writing them.
    doomed: Set<MessageId>,
    /// Files that were read for pages.
    pub(super) files: Vec<(Asker, Result<Attachment, RequestError>)>,
    receipts: Receipts,
    /// Who waits for a packet to come round.
    probes: Vec<Asker>,
    /// The conversations that the user was notified of, and has not looked at since.
    notified: Set<String>,
    /// The conversations of the messages that are on their way.
    outgoing: LiteMap<MessageId, String>,
    /// Messages that the client is writing, or has tried to write.
    fresh: Set<MessageId>,
    /// Whether all that the client had to write is on disk.
    written: bool,
    /// The time of the latest input.
    clock: Time,
    pub(super) connection: ConnectionView,
    /// What the client told of gateways other than its own.
    others: OtherGateways,
    /// The map of the network in use.
    pub(super) topology: Option<TopologyView>,
    /// SURBs on hand as told by the client; what it held at the start is asked for.
    levels: LiteMap<SenderTag, usize>,
    /// Messages that were handed to the client and are not on disk yet, so not to be shown.
    unsaved: LiteMap<MessageId, MessageView>,
    /// Why nothing can be saved.
    problem: Option<ErrorView>,
    /// The same, as pages were told.
    pub(super) storage: Option<ErrorView>,
    sockets: Vec<ConnectionId>,
    fetches: u32,
}

/// What happens when a change is durable.
#[allow(clippy::large_enum_variant, reason = "there are few, and not for long")]
pub(super) enum After {
    /// A request is answered.
    Reply(Asker, Reply),
    /// Pages are told of a conversation.
    Conversation(String),
    /// A message is gone, from this conversation.
    Removed(MessageId, String),
    /// All of a conversation is gone.
    Forgotten(String),
    /// The next step of sweeping may begin.
    Swept,
    /// And the one that asked is shown it.
    Known(Asker, String),
}

impl Run {
    /// Starts a client on the stored state.
    pub(super) fn start(
        number: u32,
        now: Time,
        settings: CheckedSettings,
        stored: Opened,
    ) -> Result<Self, RequestError> {
        let timeline = Timeline::load(stored.table(Table::Conversation));
        let outbox = outbox(&stored.records);
        let client = Client::new(config(&settings), stored.records, stored.rng, now)
            .map_err(|error| RequestError::Unusable(sentence(&error)))?;
        let own = client.public_keys();
        let outbox = outbox.into_iter().map(|message| {
            let letter = Letter::sent(&message);
            (message, letter)
        });
        let service = |(message, letter): &(SentMessage, Letter)| is_service(message.id, letter);
        let (services, outbox): (Vec<_>, Vec<_>) = outbox.partition(service);
        let services: Vec<MessageId> = services.iter().map(|(message, _)| message.id).collect();
        let mut run = Self {
            receipts: Receipts::new(now, &timeline, &services),
            outgoing: LiteMap::new(),
            number,
            client,
            keys: own,
            settings,
            history: History::default(),
            timeline,
            showing: Known::new(),
            books: Books::default(),
            done: Vec::new(),
            reads: Reads::default(),
            searches: Searches::default(),
            sweeping: Sweeping::new(now),
            doomed: Set::default(),
            files: Vec::new(),
            probes: Vec::new(),
            notified: Set::default(),
            fresh: Set::default(),
            written: false,
            clock: now,
            connection: ConnectionView::starting(),
            others: OtherGateways::default(),
            topology: None,
            levels: LiteMap::new(),
            unsaved: LiteMap::new(),
            problem: None,
            storage: None,
            sockets: Vec::new(),
            fetches: 0,
        };
        for (message, letter) in &outbox {
            run.resume(message, letter);
        }
        Ok(run)
    }

    /// A message of an earlier run is still on its way.
    fn resume(&mut self, message: &SentMessage, letter: &Letter) {
        let view = self.sent_view(message, letter);
        let conversation = view.conversation.clone();
        self.outgoing.insert(message.id, conversation);
        self.history.put_under_way(view);
    }

    /// Sends a packet round the network; whoever asks is told when it is back.
    pub(super) fn probe(&mut self, asker: Asker) {
        self.probes.push(asker);
        self.client.probe(self.clock);
    }

    /// Changes what is known of somebody; the page that asked for it is shown the conversation
    /// once that is on disk.
    pub(super) fn know(
        &mut self,
        asker: Asker,
        peer: Correspondent,
        change: impl FnOnce(&mut About),
    ) {
        self.timeline.change(peer, change);
        self.books.then(After::Known(asker, peer.id()));
    }

    pub(super) fn is_connected(&self) -> bool {
        !self.sockets.is_empty() || !matches!(self.connection, ConnectionView::Offline { .. })
    }

    /// Gives up the connection: the sockets to close.
    pub(super) fn disconnect(&mut self) -> Vec<SocketId> {
        let sockets = std::mem::take(&mut self.sockets);
        sockets.into_iter().map(|id| self.scoped(id)).collect()
    }

    /// Whether all that the client wanted on disk is there.
    pub(super) fn is_saved(&self) -> bool {
        self.books.is_idle()
    }

    /// Takes note of the time.
    pub(super) fn set_clock(&mut self, now: Time) {
        self.clock = now;
    }

    /// When [`Input::Tick`] is due at the latest.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        let deadlines = [
            self.client.next_deadline(),
            self.books.deadline(),
            self.sweep_deadline(),
            self.receipts.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Whether a message is among those that are kept in memory.
    pub(super) fn holds(&self, id: &str) -> bool {
        let newest = |id| self.timeline.find(id).is_some();
        self.history.get(id).is_some() || id.parse().is_ok_and(newest)
    }

    /// Keeps the view of a message until it is on disk.
    pub(super) fn note_unsaved(&mut self, id: MessageId, message: MessageView) {
        self.unsaved.insert(id, message);
    }

    fn scoped<T>(&self, id: T) -> Scoped<T> {
        Scoped {
            run: self.number,
            id,
        }
    }

    /// The client's own name for a thing; nothing if it belongs to an earlier run.
    fn own<T>(&self, scoped: Scoped<T>) -> Option<T> {
        (scoped.run == self.number).then_some(scoped.id)
    }

    /// What the client is to be told of an input.
    pub(super) fn client_input(&mut self, input: Input) -> Option<client::Input> {
        Some(match input {
            Input::Tick => client::Input::Tick,
            Input::NetworkChanged => client::Input::NetworkChanged,
            Input::Saved(CommitId::Run(id)) => client::Input::Saved(self.saved(id)?),
            Input::SaveFailed(CommitId::Run(id), reason) => {
                client::Input::SaveFailed(self.save_failed(id, &reason)?, reason)
            }
            Input::GatewayOpened(socket) => client::Input::GatewayOpened {
                connection: self.own(socket)?,
            },
            Input::GatewayText(socket, text) => client::Input::GatewayText {
                connection: self.own(socket)?,
                text,
            },
            Input::GatewayBinary(socket, bytes) => client::Input::GatewayBinary {
                connection: self.own(socket)?,
                bytes,
            },
            Input::GatewayClosed(socket, reason) => {
                let connection = self.own(socket)?;
                self.sockets.retain(|open| *open != connection);
                client::Input::GatewayClosed { connection, reason }
            }
            Input::DirectoryFetched(fetch, result) => {
                // Only the answer to the latest question counts.
                self.own(fetch).filter(|id| *id == self.fetches)?;
                match result {
                    Ok(replies) => client::Input::TopologyFetched(replies),
                    Err(reason) => client::Input::TopologyFailed(reason),
                }
            }
            _ => return None,
        })
    }

    /// A commit is durable: what pages are shown, and which part of it was the client's.
    fn saved(&mut self, id: Scoped<u64>) -> Option<client::CommitId> {
        let durable = self.books.saved(self.own(id)?)?;
        self.timeline.show(std::mem::take(&mut self.showing));
        self.done.extend(durable.after);
        self.problem = None;
        if durable.client.is_some() {
            self.fresh.clear();
            self.written = true;
        }
        durable.client
    }

    fn save_failed(&mut self, id: Scoped<u64>, reason: &str) -> Option<client::CommitId> {
        let id = self.own(id)?;
        self.problem = Some(ErrorView::from(&Problem::StorageFailed(reason.to_owned())));
        self.books.failed(self.clock, id)
    }

    /// The gateways that know us, as far as that is on disk.
    pub(super) fn gateways(&self) -> GatewaysView {
        let own = self.client.address().map(|own| own.gateway.to_string());
        GatewaysView::new(own, &self.others)
    }

    /// The own address as a text, once there is one.
    pub(super) fn address(&self) -> Option<String> {
        self.client.address().map(|address| address.to_string())
    }
}

/// How the client of the user's own, and those of sites, go about the network.
pub(super) fn config(settings: &CheckedSettings) -> Config {
    let config = match settings.traffic {
        Traffic::Direct => Config::default(),
        Traffic::Protected => Config::protected(),
        Traffic::Fast => Config::fast(),
    };
    Config {
        websockets: WebSocketPolicy::SecureOrLoopback,
        ..config
    }
}

/// The messages that are on their way.
fn outbox(records: &[Record]) -> Vec<SentMessage> {
    let own = records
        .iter()
        .filter(|record| record.store == Store::Outbox);
    own.filter_map(|record| SentMessage::from_record(&record.key, &record.value))
        .collect()
}
