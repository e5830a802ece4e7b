//! One Nym identity as a state machine.
//!
//! Call [`Client::handle`] with what happened, then [`Client::poll`] until it is empty and carry
//! out what it gives, then `handle` with [`Input::Tick`] at [`Client::next_deadline`]. Nothing is
//! told that is not on disk: see [`Output::Commit`].
//!
//! | file | concern |
//! |---|---|
//! | `atlas` | the topology and when to fetch it |
//! | `directory` | what the directory answers, and what of it is kept |
//! | `link`, `connecting` | one websocket from opening to signed in, and what is said over it |
//! | `session`, `survey`, `advice` | one gateway: finding it, connecting again, giving it up |
//! | `sessions` | all gateways that know us, and moving from one to another |
//! | `outbox`, `retransmission`, `schedule`, `sending` | messages on their way out |
//! | `receiving` | messages on their way in |
//! | `anonymous`, `reply_keys` | writing without being known: SURBs given away |
//! | `answering`, `surbs` | answering those who are not known: SURBs received |
//! | `envelopes` | ids and signatures for what Sotto peers send each other |
//! | `probe` | whether packets get through, and how fast |
//! | `footprint`, `statistics` | numbers for those who look after a client |
//! | `ledger`, `record`, `restoring` | what is on disk, and what waits for it |

mod advice;
mod anonymous;
mod answering;
mod atlas;
mod backoff;
mod config;
mod connecting;
mod directory;
mod envelopes;
mod event;
mod footprint;
mod ledger;
mod link;
mod outbox;
mod probe;
mod problem;
mod progress;
mod receiving;
mod record;
mod reply_keys;
mod restoring;
mod retransmission;
mod schedule;
mod sending;
mod session;
mod sessions;
mod statistics;
mod surbs;
mod survey;

pub use anonymous::MAX_SURBS;
pub use config::{Config, Cover, GatewayChoice, Pacing};
pub use event::{
    ConnectionId, ConnectionState, FormerGateway, Input, NextGateway, OtherGateways, Output,
    TopologyNews,
};
pub use footprint::Footprint;
pub use probe::ProbeError;
pub use problem::{Fault, MoveError, Problem, SendError, Step, StorageError};
pub use progress::{DeliveryState, FailReason, MessageId, MessageIdError};
pub use record::{
    Change, Commit, CommitId, Outcome, ReceivedMessage, Recipient, Record, SentMessage, Store,
};
pub use sending::{MAX_MESSAGE_BYTES, MAX_OUTBOX_BYTES};
pub use statistics::Statistics;
pub use surbs::RESERVE as SURB_RESERVE;

use crate::ChaCha20Rng;
use crate::address::Address;
use crate::fragment::{Reassembly, Seen};
use crate::keys::{ClientKeys, IdentityKey};
use crate::message::SenderTag;
use crate::time::Time;
use answering::Answer;
use atlas::Atlas;
use ledger::Ledger;
use outbox::{Outbox, Purpose};
use probe::Probe;
use record::Registration;
use reply_keys::ReplyKeys;
use sending::Schedule;
use session::{Role, Session, Tools};
use sessions::Sessions;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;
use surbs::{RotationNow, Surbs};

/// How often old sets and messages are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How long requests for SURBs, and SURBs that were asked for, are sent again and again.
const SERVICE_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A clock that goes back by less is not worth a new connection.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// What may happen once a commit is durable.
#[derive(Debug)]
enum After {
    /// The host is told.
    Tell(Output),
    /// A new message may leave.
    Enqueue(SentMessage),
    /// A new anonymous message may get its SURBs.
    Prepare(SentMessage),
    /// Something that no user wrote may leave.
    EnqueueService(SentMessage, Purpose),
    /// A fragment of an answer may leave through a SURB that is gone from disk.
    Answer(Box<Answer>),
    /// The handshake may go on with the agreed key.
    SendThird(ConnectionId),
    /// The gateway's confirmation counts.
    Registered(Role, ConnectionId, Registration),
    /// The authentication request may leave with its timestamp (seconds).
    SendAuthenticate(ConnectionId, u64),
}

/// One Nym identity. See the [module's page](self).
pub struct Client {
    config: Config,
    rng: ChaCha20Rng,
    keys: ClientKeys,
    sessions: Sessions,
    connections: u64,
    atlas: Atlas,
    outbox: Outbox,
    schedule: Schedule,
    /// Anonymous messages that have no SURBs yet, as these take a topology and an address.
    unprepared: Vec<SentMessage>,
    sender_tags: HashMap<Address, SenderTag>,
    reply_keys: ReplyKeys,
    surbs: Surbs,
    rotation: RotationNow,
    /// Fragments of answers with the SURB that each leaves through.
    answers: VecDeque<Answer>,
    probe: Option<Probe>,
    /// The last delivery state told of each message on its way.
    told: HashMap<MessageId, DeliveryState>,
    /// The last connection state told.
    told_connection: Option<ConnectionState>,
    /// What was last told of the other gateways.
    told_others: OtherGateways,
    reassembly: Reassembly,
    seen: Seen,
    ledger: Ledger<After>,
    outputs: VecDeque<Output>,
    sweep_at: Time,
    /// What the clock showed last.
    clock: Time,
    statistics: Statistics,
}

impl fmt::Debug for Client {
    /// Shows neither keys nor messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address())
            .field("connection", &self.told_connection)
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client from what is on disk. Without a stored identity a new one is drawn, and its
    /// commit is the first output.
    ///
    /// `stored` holds the records of [`Store::LOADED`], in any order. Damaged ones other than the
    /// identity are removed and counted.
    ///
    /// # Errors
    /// [`StorageError`] if the stored identity cannot be read.
    pub fn new(
        config: Config,
        stored: Vec<Record>,
        rng: ChaCha20Rng,
        now: Time,
    ) -> Result<Self, StorageError> {
        let mut client = Self::restore(config, stored, rng, now)?;
        client.advance(now);
        Ok(client)
    }

    /// The client's address; `None` until a gateway has taken it.
    pub fn address(&self) -> Option<Address> {
        let own = self.sessions.own.registration.as_ref();
        let registration = own.filter(|own| own.has_address())?;
        Some(Address {
            identity: self.keys.signing.identity_key(),
            encryption: self.keys.encryption.public_key(),
            gateway: registration.gateway,
        })
    }

    /// The bandwidth that is left at our gateway, in bytes, as far as it has told; `None` while it is
    /// not connected.
    pub fn bandwidth(&self) -> Option<u64> {
        let link = self.sessions.own.link.as_ref();
        let left = link.filter(|link| link.is_online())?.bandwidth;
        Some(u64::try_from(left).unwrap_or(0))
    }

    /// Counts of what the client did.
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Takes in what has happened. `now` is the host's clock. If it was set back, everything that
    /// waits is tried anew, as what it waited for may be far off now.
    pub fn handle(&mut self, now: Time, input: Input) {
        let was_set = now + CLOCK_TOLERANCE < self.clock;
        self.clock = now;
        match input {
            Input::Tick => {}
            Input::GatewayOpened { connection } => self.of(now, connection, |session, tools| {
                session.gateway_opened(tools, connection);
            }),
            Input::GatewayText { connection, text } => {
                self.of(now, connection, |session, tools| {
                    session.gateway_text(tools, connection, &text);
                })
            }
            Input::GatewayBinary { connection, bytes } => {
                self.gateway_binary(now, connection, &bytes);
            }
            Input::GatewayClosed { connection, reason } => {
                self.of(now, connection, |session, tools| {
                    session.gateway_closed(tools, connection, &reason);
                });
            }
            Input::TopologyFetched(replies) => self.topology_fetched(now, &replies),
            Input::TopologyFailed(reason) => self.topology_failed(now, reason),
            Input::Saved(id) => self.saved(now, id),
            Input::SaveFailed(id, reason) => self.save_failed(now, id, reason),
            Input::NetworkChanged => self.network_changed(now),
        }
        // Only now, as what came over the connection counts as arrived.
        if was_set {
            self.clock_was_set(now);
        }
        self.advance(now);
    }

    /// The sessions, and what they work with.
    fn lend(&mut self, now: Time) -> (&mut Sessions, Tools<'_>) {
        let tools = Tools {
            now,
            config: &self.config,
            keys: &self.keys,
            rng: &mut self.rng,
            atlas: &mut self.atlas,
            ledger: &mut self.ledger,
            outputs: &mut self.outputs,
            connections: &mut self.connections,
            statistics: &mut self.statistics,
        };
        (&mut self.sessions, tools)
    }

    /// Does something with the session that a websocket belongs to, if any.
    fn of<T: Default>(
        &mut self,
        now: Time,
        connection: ConnectionId,
        action: impl FnOnce(&mut Session, &mut Tools<'_>) -> T,
    ) -> T {
        let (sessions, mut tools) = self.lend(now);
        let session = sessions.of(connection);
        session.map_or_else(T::default, |session| action(session, &mut tools))
    }

    /// Does something with every session.
    fn each(&mut self, now: Time, mut action: impl FnMut(&mut Session, &mut Tools<'_>)) {
        let (sessions, mut tools) = self.lend(now);
        for session in sessions.iter_mut() {
            action(session, &mut tools);
        }
    }

    fn gateway_binary(&mut self, now: Time, connection: ConnectionId, bytes: &[u8]) {
        let delivery = self.of(now, connection, |session, tools| {
            let delivery = session.gateway_binary(tools, connection, bytes);
            if delivery.is_some() {
                session.received(tools);
            }
            delivery
        });
        if let Some(delivery) = delivery {
            self.receive(now, &delivery);
        }
    }

    /// The machine slept or moved: start afresh, without waiting.
    fn network_changed(&mut self, now: Time) {
        self.each(now, Session::network_changed);
        self.atlas.forget_waits();
    }

    /// Our own gateway, once it is known.
    fn own_gateway(&self) -> Option<IdentityKey> {
        let own = self.sessions.own.registration.as_ref();
        own.map(|own| own.gateway)
    }

    fn clock_was_set(&mut self, now: Time) {
        self.network_changed(now);
        self.outbox.expire(Time::from_millis(u64::MAX));
        self.outbox.clock_was_set(now);
        self.surbs.clock_was_set(now);
        self.schedule = Schedule::default();
        self.ledger.clock_was_set(now);
        self.sweep_at = now + SWEEP_EVERY;
    }

    /// The next thing to do or to tell; `None` when all is said.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn next_deadline(&self) -> Option<Time> {
        let (topology, full) = (self.atlas.topology(), self.ledger.is_full());
        let deadline = |session: &Session| session.next_deadline(topology, full);
        [
            self.sessions.iter().filter_map(deadline).min(),
            Some(self.atlas.deadline(self.config.topology_refresh)),
            self.outbox.deadline(),
            self.schedule.deadline(),
            self.probe.as_ref().map(|probe| probe.deadline),
            self.ledger.deadline(),
            Some(self.sweep_at),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does everything that is due, then closes the books.
    fn advance(&mut self, now: Time) {
        self.refresh_topology(now);
        self.each(now, Session::watch_link);
        self.each(now, Session::connect);
        self.part_sessions(now);
        self.prepare_anonymous();
        self.look_after_surbs(now);
        self.take_surbs();
        self.watch_probe(now);
        self.send_packets(now);
        self.sweep(now);
        self.tell_deliveries();
        self.tell_connection();
        self.tell_other_gateways();
        if let Some(commit) = self.ledger.next_commit(now) {
            self.outputs.push_back(Output::Commit(commit));
        }
    }

    fn saved(&mut self, now: Time, id: CommitId) {
        let (after, works_again) = self.ledger.saved(id);
        if works_again {
            self.outputs.push_back(Output::Storage(None));
        }
        for after in after {
            match after {
                After::Tell(output) => self.outputs.push_back(output),
                After::Enqueue(message) => self.enqueue(message.no_later_than(now)),
                After::Prepare(message) => self.enqueue_unprepared(message.no_later_than(now)),
                After::EnqueueService(message, purpose) => {
                    self.outbox.insert(message.no_later_than(now), purpose);
                }
                After::Answer(answer) => self.answers.push_back(*answer),
                After::SendThird(connection) => self.of(now, connection, |session, tools| {
                    session.send_third(tools, connection);
                }),
                After::Registered(role, connection, registration) => {
                    self.registered(now, role, connection, registration);
                }
                After::SendAuthenticate(connection, seconds) => {
                    self.of(now, connection, |session, tools| {
                        session.send_authenticate(tools, connection, seconds);
                    });
                }
            }
        }
    }

    fn tell_connection(&mut self) {
        let state = self.sessions.own.connection_state(self.clock, &self.atlas);
        if self.told_connection.as_ref() != Some(&state) {
            self.told_connection = Some(state.clone());
            self.outputs.push_back(Output::Connection(state));
        }
    }

    fn save_failed(&mut self, now: Time, id: CommitId, reason: String) {
        if self.ledger.failed(now, id) {
            let problem = Problem::StorageFailed(reason);
            self.outputs.push_back(Output::Storage(Some(problem)));
        }
    }

    /// Now and then forgets what is too old.
    fn sweep(&mut self, now: Time) {
        if now < self.sweep_at {
            return;
        }
        self.sweep_at = now + SWEEP_EVERY;
        self.sweep_received(now);
        self.sweep_sessions(now);
        self.outbox.drop_expired_service(now, SERVICE_PATIENCE);
        for id in self.outbox.expired(now, self.config.give_up_after) {
            self.give_up(id, FailReason::Expired);
        }
    }
}
