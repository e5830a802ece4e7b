//! One run of the client: from the loaded state until the settings change or the browser ends the
//! background.

mod conversations;
mod outputs;

use std::collections::{BTreeMap, BTreeSet};

use sotto_core::{
    client::{
        self, Client, Config, ConnectionId, MessageId, OtherGateways, ReceivedMessage, Record,
        SentMessage, Store,
    },
    keys::PublicKeys,
    message::SenderTag,
    time::Time,
    topology::WebSocketPolicy,
};

use super::{
    effect::{CommitId, Scoped, SocketId, Table},
    input::Input,
    sealing::Opened,
};
use crate::{
    history::History,
    page::{ConnectionView, ErrorView, GatewaysView, MessageView, RequestError, TopologyView},
    settings::{CheckedSettings, Traffic},
    text::sentence,
};

/// A client at work, and what pages are shown of it.
pub(super) struct Run {
    /// Which run this is; what belongs to an earlier one is ignored.
    number: u32,
    pub(super) client: Client,
    pub(super) settings: CheckedSettings,
    pub(super) history: History,
    pub(super) connection: ConnectionView,
    /// What the client told of gateways other than its own.
    others: OtherGateways,
    /// The map of the network in use.
    pub(super) topology: Option<TopologyView>,
    /// SURBs on hand as told by the client; what it held at the start is asked for.
    levels: BTreeMap<SenderTag, usize>,
    /// Messages that were handed to the client and are not on disk yet, so not to be shown.
    unsaved: BTreeMap<MessageId, MessageView>,
    /// Why nothing can be saved.
    pub(super) storage: Option<ErrorView>,
    sockets: BTreeSet<ConnectionId>,
    /// The commit that is under way; the client makes one at a time.
    commit: Option<client::CommitId>,
    fetches: u32,
}

impl Run {
    /// Starts a client on the stored state.
    pub(super) fn start(
        number: u32,
        now: Time,
        settings: CheckedSettings,
        stored: Opened,
    ) -> Result<Self, RequestError> {
        let outbox = |record: &&Record| record.store == Store::Outbox;
        let outbox: Vec<Record> = stored.records.iter().filter(outbox).cloned().collect();
        let unread = stored.table(Table::Unread);
        let unread = unread.filter_map(conversations::unread).collect();
        let client = Client::new(config(&settings), stored.records, stored.rng, now)
            .map_err(|error| RequestError::Unusable(sentence(&error)))?;
        let shown = stored.history.iter().chain(&outbox);
        let history = history(shown, unread, &client.public_keys());
        Ok(Self {
            number,
            client,
            settings,
            history,
            connection: ConnectionView::starting(),
            others: OtherGateways::default(),
            topology: None,
            levels: BTreeMap::new(),
            unsaved: BTreeMap::new(),
            storage: None,
            sockets: BTreeSet::new(),
            commit: None,
            fetches: 0,
        })
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
        self.commit.is_none()
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
            Input::Saved(CommitId::Client(id)) => {
                let id = self.own(id)?;
                self.commit.take_if(|commit| *commit == id);
                client::Input::Saved(id)
            }
            Input::SaveFailed(CommitId::Client(id), reason) => {
                client::Input::SaveFailed(self.own(id)?, reason)
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
                self.sockets.remove(&connection);
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

fn config(settings: &CheckedSettings) -> Config {
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

/// What pages are shown after a start. A record that cannot be read stays on disk, and is not
/// shown.
fn history<'a>(
    records: impl Iterator<Item = &'a Record>,
    unread: Vec<(String, String)>,
    own: &PublicKeys,
) -> History {
    let mut history = History::default();
    for message in records.filter_map(|record| view(record, own)) {
        history.put(message);
    }
    for (id, conversation) in unread {
        history.set_unread(id, conversation);
    }
    history
}

fn view(record: &Record, own: &PublicKeys) -> Option<MessageView> {
    match record.store {
        Store::Inbox => ReceivedMessage::from_record(&record.key, &record.value)
            .map(|message| MessageView::received(&message, own)),
        Store::Outbox | Store::Sent => SentMessage::from_record(&record.key, &record.value)
            .map(|message| MessageView::sent(&message, own)),
        _ => None,
    }
}
