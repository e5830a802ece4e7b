//! The client of one site: an identity that no other site, and not the user's own messages, share.

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;
use std::time::Duration;

use sotto_core::{
    ChaCha20Rng,
    client::{
        self, Client, ConnectionId, ConnectionState, MessageId, ReceivedMessage, Record,
        SentMessage, StorageError, Store,
    },
    keys::{IdentityKey, PublicKeys},
    time::Time,
    topology::{ACTIVE_MIXNODES_PATH, ENTRY_GATEWAYS_PATH, REWARDED_SET_PATH},
};

use super::inbox::{self, Inbox};
use crate::{
    background::{
        effect::{Change, Effect, Scoped, Table},
        input::{Input, StoredRecord},
        pages::Asker,
        run,
    },
    limit::{MAX_SITE_QUEUE, MAX_SITE_QUEUE_BYTES},
    settings::CheckedSettings,
    site::{Origin, SiteConnection, SiteEvent, SiteId},
    text::sentence,
};

/// How long a site stays connected without a tab: somebody who follows a link comes back at once.
const GRACE: Duration = Duration::from_secs(5);
/// The most messages whose last state is remembered, while the client lives: all that may wait, and as
/// many that have arrived.
const MAX_STATUSES: usize = 2 * MAX_SITE_QUEUE;
/// How long it is tried to tell the gateway of a site that is forgotten.
const LEAVE_PATIENCE: Duration = Duration::from_secs(60);

/// A site's client at work.
pub(super) struct Session {
    /// Which client this is, among all that there were since the start.
    pub(super) number: u32,
    pub(super) origin: Origin,
    site: SiteId,
    pub(super) client: Client,
    pub(super) own: PublicKeys,
    /// All of its records that are on disk or on their way there.
    places: Set<(Table, Vec<u8>)>,
    pub(super) inbox: Inbox,
    /// Bytes of its messages that wait to be sent.
    pub(super) queued: LiteMap<MessageId, usize>,
    /// How far its last messages got, the newest last.
    statuses: VecDeque<(MessageId, SiteEvent)>,
    /// Who waits for a message to be on disk.
    pub(super) accepting: LiteMap<MessageId, Asker>,
    pub(super) connection: (SiteConnection, Option<String>),
    settings: CheckedSettings,
    sockets: Set<ConnectionId>,
    fetches: u32,
    /// Since when no tab uses it.
    unused_since: Option<Time>,
    /// When its gateway needs not be told any more that it is forgotten, if it is.
    leaving_until: Option<Time>,
}

/// What a session is started with.
pub(super) struct Beginning<'a> {
    pub(super) number: u32,
    pub(super) now: Time,
    pub(super) origin: Origin,
    pub(super) site: SiteId,
    pub(super) settings: &'a CheckedSettings,
    /// The user's own gateway.
    pub(super) avoid: Option<IdentityKey>,
    pub(super) rng: ChaCha20Rng,
}

impl Session {
    /// Starts a client on a site's records.
    pub(super) fn start(
        beginning: Beginning<'_>,
        records: Vec<StoredRecord>,
    ) -> Result<Self, StorageError> {
        let places = records
            .iter()
            .map(|record| (record.table, record.key.clone()))
            .collect();
        let (state, kept): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.table == Table::SiteState);
        let state: Vec<Record> = state.iter().filter_map(core_record).collect();
        let outgoing: Vec<(MessageId, usize)> = state.iter().filter_map(queued).collect();
        let config = client::Config {
            avoid: beginning.avoid,
            ..run::config(beginning.settings)
        };
        let client = Client::new(config, state, beginning.rng, beginning.now)?;
        let mut session = Self {
            number: beginning.number,
            origin: beginning.origin,
            site: beginning.site,
            own: client.public_keys(),
            client,
            places,
            inbox: Inbox::default(),
            queued: LiteMap::new(),
            statuses: VecDeque::new(),
            accepting: LiteMap::new(),
            connection: (SiteConnection::Connecting, None),
            settings: beginning.settings.clone(),
            sockets: Set::default(),
            fetches: 0,
            unused_since: Some(beginning.now),
            leaving_until: None,
        };
        session.take_in(&kept);
        for (id, fragments) in outgoing {
            session.queued.insert(id, fragments);
        }
        Ok(session)
    }

    /// Messages that came before the start.
    fn take_in(&mut self, kept: &[StoredRecord]) {
        let message = |record: &StoredRecord| {
            let key = record.key.get(size_of::<SiteId>()..)?;
            ReceivedMessage::from_record(key, &record.value)
        };
        let mut messages: Vec<ReceivedMessage> = kept.iter().filter_map(message).collect();
        messages.sort_by_key(|message| message.received_at);
        for message in messages {
            if let Some(event) = inbox::event(&message, &self.own) {
                self.inbox.keep(message.id, event, message.body.len());
            }
        }
    }

    /// The client's part of a change on disk: what a site needs over a restart. Nobody reads what it
    /// has sent, and the map of the network is fetched anew.
    pub(super) fn changes(&mut self, changes: Vec<client::Change>) -> Vec<Change> {
        let changes = changes.into_iter();
        changes.filter_map(|change| self.change(change)).collect()
    }

    fn change(&mut self, change: client::Change) -> Option<Change> {
        let (table, key) = match change.store {
            Store::Sent | Store::Topology => return None,
            Store::Inbox => (
                Table::SiteInbox,
                [&self.site, change.key.as_slice()].concat(),
            ),
            store => {
                let place = place_of(store)?;
                (
                    Table::SiteState,
                    [&self.site, [place].as_slice(), &change.key].concat(),
                )
            }
        };
        Some(match change.value {
            Some(value) => {
                self.places.insert((table, key.clone()));
                Change::Put { table, key, value }
            }
            None => self.delete(table, key),
        })
    }

    fn delete(&mut self, table: Table, key: Vec<u8>) -> Change {
        self.places.remove(&(table, key.clone()));
        Change::Delete { table, key }
    }

    /// Deletes a message that the site has taken, or that had to make room.
    pub(super) fn delete_message(&mut self, id: MessageId) -> Change {
        let key = [&self.site, id.0.as_slice()].concat();
        self.delete(Table::SiteInbox, key)
    }

    /// Deletes all of its records.
    pub(super) fn delete_all(&mut self) -> Vec<Change> {
        let places = std::mem::take(&mut self.places).into_iter();
        places
            .map(|(table, key)| Change::Delete { table, key })
            .collect()
    }

    /// Whether so much more may wait to be sent.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let waiting: usize = self.queued.values().sum();
        self.queued.len() < MAX_SITE_QUEUE && waiting.saturating_add(bytes) <= MAX_SITE_QUEUE_BYTES
    }

    /// Nothing more of the site's is to be sent.
    pub(super) fn cancel_all(&mut self, now: Time) {
        for id in self.queued.keys() {
            self.client.cancel(now, *id);
        }
    }

    /// Notes how far a message got, for a tab that could not hear it when it was told.
    pub(super) fn note_status(&mut self, id: MessageId, event: SiteEvent) {
        self.statuses.retain(|(own, _)| *own != id);
        self.statuses.push_back((id, event));
        if self.statuses.len() > MAX_STATUSES {
            self.statuses.pop_front();
        }
    }

    /// How far its last messages got.
    pub(super) fn statuses(&self) -> impl Iterator<Item = SiteEvent> {
        self.statuses.iter().map(|(_, event)| event.clone())
    }

    /// A tab uses it, or none does.
    pub(super) fn set_used(&mut self, now: Time, used: bool) {
        self.unused_since = (!used).then(|| self.unused_since.unwrap_or(now));
    }

    /// The site is forgotten: its gateway is to be told.
    pub(super) fn leave(&mut self, now: Time) {
        self.leaving_until.get_or_insert(now + LEAVE_PATIENCE);
        self.ask_to_be_forgotten(now);
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving_until.is_some()
    }

    fn ask_to_be_forgotten(&mut self, now: Time) {
        if self.connection.0 == SiteConnection::Online {
            self.client.ask_to_be_forgotten(now);
        }
    }

    /// Whether the gateway has forgotten it, or needs not be told: it knows nothing of it, or cannot
    /// be reached.
    pub(super) fn has_left(&self, now: Time) -> bool {
        let online = self.connection.0 == SiteConnection::Online;
        let told = online && self.client.is_forgotten();
        self.leaving_until
            .is_some_and(|until| told || until <= now || self.client.address().is_none())
    }

    /// Whether it has nothing to do, and no tab uses it.
    pub(super) fn is_over(&self, now: Time) -> bool {
        let since = self.unused_since.filter(|_| !self.is_leaving());
        since.is_some_and(|since| since + GRACE <= now) && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        let held = self.client.footprint();
        held.outgoing + held.unprepared + held.answers == 0 && self.is_saved()
    }

    /// Whether all that its client had to write is on disk.
    pub(super) fn is_saved(&self) -> bool {
        self.accepting.is_empty() && self.client.footprint().unsaved == 0
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        let may_end = self.is_idle() && !self.is_leaving();
        let unused = self.unused_since.filter(|_| may_end);
        let over = unused.map(|since| since + GRACE);
        [self.client.next_deadline(), over, self.leaving_until]
            .into_iter()
            .flatten()
            .min()
    }

    /// Gives up the connection.
    pub(super) fn hang_up(&mut self, effects: &mut VecDeque<Effect>) {
        for id in std::mem::take(&mut self.sockets) {
            let socket = self.scoped(id);
            effects.push_back(Effect::CloseSocket { socket });
        }
    }

    /// Notes how the client stands to the network.
    pub(super) fn connected(&mut self, now: Time, state: &ConnectionState) -> SiteEvent {
        self.connection = match state {
            ConnectionState::Connecting { .. } => (SiteConnection::Connecting, None),
            ConnectionState::Online { problem, .. } => {
                (SiteConnection::Online, problem.as_ref().map(sentence))
            }
            ConnectionState::Offline { problem, .. } => {
                (SiteConnection::Offline, Some(sentence(problem)))
            }
        };
        if self.is_leaving() {
            self.ask_to_be_forgotten(now);
        }
        self.connection_event()
    }

    pub(super) fn connection_event(&self) -> SiteEvent {
        let (state, reason) = self.connection.clone();
        SiteEvent::Connection { state, reason }
    }

    /// What its client is to be told of an input; nothing if it is not for it.
    pub(super) fn client_input(&mut self, input: Input) -> Option<client::Input> {
        Some(match input {
            Input::GatewayOpened(socket) => client::Input::GatewayOpened {
                connection: socket.id,
            },
            Input::GatewayText(socket, text) => client::Input::GatewayText {
                connection: socket.id,
                text,
            },
            Input::GatewayBinary(socket, bytes) => client::Input::GatewayBinary {
                connection: socket.id,
                bytes,
            },
            Input::GatewayClosed(socket, reason) => {
                self.sockets.remove(&socket.id);
                client::Input::GatewayClosed {
                    connection: socket.id,
                    reason,
                }
            }
            Input::DirectoryFetched(fetch, result) if fetch.id == self.fetches => match result {
                Ok(replies) => client::Input::TopologyFetched(replies),
                Err(reason) => client::Input::TopologyFailed(reason),
            },
            _ => return None,
        })
    }

    /// What its client wants of the network, as an effect.
    pub(super) fn network(&mut self, output: client::Output) -> Option<Effect> {
        Some(match output {
            client::Output::OpenGateway { connection, url } => {
                self.sockets.insert(connection);
                Effect::OpenSocket {
                    socket: self.scoped(connection),
                    url,
                }
            }
            client::Output::CloseGateway { connection } => {
                self.sockets.remove(&connection);
                Effect::CloseSocket {
                    socket: self.scoped(connection),
                }
            }
            client::Output::SendText { connection, text } => Effect::SendText {
                socket: self.scoped(connection),
                text,
            },
            client::Output::SendBinary { connection, bytes } => Effect::SendBinary {
                socket: self.scoped(connection),
                bytes,
            },
            client::Output::FetchTopology => self.fetch(),
            _ => return None,
        })
    }

    fn fetch(&mut self) -> Effect {
        self.fetches = self.fetches.wrapping_add(1);
        Effect::FetchDirectory {
            fetch: self.scoped(self.fetches),
            urls: [REWARDED_SET_PATH, ACTIVE_MIXNODES_PATH, ENTRY_GATEWAYS_PATH]
                .map(|path| self.settings.directory.join(path)),
        }
    }

    fn scoped<T>(&self, id: T) -> Scoped<T> {
        Scoped {
            run: self.number,
            id,
        }
    }
}

/// A message that waits to be sent, and its size in bytes.
fn queued(record: &Record) -> Option<(MessageId, usize)> {
    let outgoing = record.store == Store::Outbox;
    let message = SentMessage::from_record(&record.key, &record.value).filter(|_| outgoing)?;
    Some((message.id, message.body.len()))
}

/// Whether a site's records have a message that waits to be sent.
pub(super) fn has_outgoing(records: &[StoredRecord]) -> bool {
    records.iter().any(|record| {
        let store = record.key.get(size_of::<SiteId>());
        record.table == Table::SiteState && store.copied() == place_of(Store::Outbox)
    })
}

/// A record of a site's client as that knows it.
fn core_record(record: &StoredRecord) -> Option<Record> {
    let (store, key) = record.key.get(size_of::<SiteId>()..)?.split_first()?;
    Some(Record {
        store: *Store::ALL.get(usize::from(*store))?,
        key: key.to_vec(),
        value: record.value.clone(),
    })
}

/// The number of a store in the names of records. The order of [`Store::ALL`] is the one on disk.
fn place_of(store: Store) -> Option<u8> {
    let place = Store::ALL.iter().position(|one| *one == store)?;
    u8::try_from(place).ok()
}
