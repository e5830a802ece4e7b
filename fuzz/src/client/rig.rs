//! One client, its disk, its websockets and its clock; and what must hold at every step.

use super::gateway::{Gateway, Session};
use super::network::{Arrived, GATEWAYS, NETWORK};
use crate::source::rng;
use rand_core::Rng;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{
    Client, Commit, Config, ConnectionId, ConnectionState, DeliveryState, FailReason, Input,
    MessageId, Output, Problem, ReceivedMessage, Record, Store,
};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::gateway::{SharedKey, binary};
use sotto_core::message::SenderTag;
use sotto_core::packet::MixPacket;
use sotto_core::time::Time;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

/// The most things that one input leads to.
const MOST_OUTPUTS: usize = 4000;

/// The most times in a row that a client wants to be called without time passing.
const MOST_IDLE_TICKS: usize = 1000;

/// After so many packets a run ends: each costs a millisecond to make.
const MOST_PACKETS: usize = 40;

/// The most websockets at a time: our own, the next gateway's, four former ones, a survey of six.
const MOST_SOCKETS: usize = 12;

/// What a registration's record begins with: version, standing, gateway, key, timestamp.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known<'a> {
    gateway: &'a [u8],
    key: &'a [u8],
    timestamp: &'a [u8],
}

impl<'a> Known<'a> {
    fn read(record: &'a [u8]) -> Option<Self> {
        Some(Self {
            gateway: record.get(2..34)?,
            key: record.get(34..66)?,
            timestamp: record.get(66..74)?,
        })
    }
}

/// Where the header stands in the record of a SURB, after parity, rotation, version and key.
const RECORD_HEADER: std::ops::Range<usize> = 22..370;

/// A websocket that is open, or opening.
struct Socket {
    open: bool,
    session: Session,
    /// What the client has said and nobody answered yet.
    texts: VecDeque<ClientMessage>,
}

pub(super) struct Rig {
    pub(super) now: Time,
    pub(super) client: Client,
    pub(super) rng: ChaCha20Rng,
    pub(super) gateways: [Gateway; GATEWAYS],
    /// Which of the websockets commands are about.
    pub(super) focus: usize,
    config: Config,
    disk: BTreeMap<(Store, Vec<u8>), Vec<u8>>,
    under_way: Option<Commit>,
    sockets: BTreeMap<ConnectionId, Socket>,
    /// What it gave to the gateway and nobody forwarded yet.
    pub(super) packets: VecDeque<(ConnectionId, MixPacket)>,
    pub(super) wants_topology: bool,
    pub(super) sent: Vec<MessageId>,
    pub(super) tags: BTreeSet<SenderTag>,
    /// Whether a stranger has sent bytes that may be a SURB used before.
    pub(super) strange_surbs: bool,
    pub(super) connection: Option<ConnectionState>,
    pub(super) epoch: u32,
    received: HashSet<MessageId>,
    headers: HashSet<Vec<u8>>,
    lives: u8,
}

impl Rig {
    pub(super) fn new(config: Config) -> Self {
        let now = Time::from_millis(1_767_225_600_000);
        let client = Client::new(config.clone(), Vec::new(), rng(), now).unwrap();
        let mut rig = Self {
            now,
            client,
            rng: ChaCha20Rng::from_seed([2; 32]),
            gateways: Default::default(),
            focus: 0,
            config,
            disk: BTreeMap::new(),
            under_way: None,
            sockets: BTreeMap::new(),
            packets: VecDeque::new(),
            wants_topology: false,
            sent: Vec::new(),
            tags: BTreeSet::new(),
            strange_surbs: false,
            connection: None,
            epoch: 100,
            received: HashSet::new(),
            headers: HashSet::new(),
            lives: 1,
        };
        rig.drain();
        rig
    }

    pub(super) fn is_over(&self) -> bool {
        self.headers.len() > MOST_PACKETS
    }

    /// Whether anything but being started has happened.
    pub(super) fn got_somewhere(&self) -> bool {
        !self.headers.is_empty() || !self.received.is_empty()
    }

    /// Whether it is online, or waits for a gateway that the user named and no directory lists.
    pub(super) fn is_well(&self) -> bool {
        matches!(
            self.connection,
            Some(
                ConnectionState::Online { .. }
                    | ConnectionState::Offline {
                        problem: Problem::ChosenGatewayMissing,
                        ..
                    }
            )
        )
    }

    pub(super) fn address(&self) -> Option<Address> {
        self.client.address()
    }

    // --- what happens ---------------------------------------------------------------------------

    pub(super) fn input(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.drain();
        self.do_what_is_due();
    }

    /// Lets the client do something of its own, as a user asks.
    pub(super) fn ask<T>(&mut self, action: impl FnOnce(&mut Client, Time) -> T) -> T {
        let result = action(&mut self.client, self.now);
        self.drain();
        self.do_what_is_due();
        result
    }

    fn do_what_is_due(&mut self) {
        let mut ticks = 0;
        while self.client.next_deadline().is_some_and(|at| at <= self.now) && !self.is_over() {
            ticks += 1;
            assert!(ticks < MOST_IDLE_TICKS, "it wants to be called for ever");
            self.client.handle(self.now, Input::Tick);
            self.drain();
        }
    }

    /// Lets time pass up to the client's next deadline, or by `most`.
    pub(super) fn wait(&mut self, most: Duration) {
        let end = self.now + most;
        let due = self.client.next_deadline().unwrap_or(end);
        self.now = due.max(self.now).min(end);
        self.input(Input::Tick);
    }

    /// The worker is killed at this instruction: nothing of it is left but what is on disk.
    pub(super) fn restart(&mut self) {
        let records = self
            .disk
            .iter()
            .filter(|((store, _), _)| Store::LOADED.contains(store));
        let records = records.map(|((store, key), value)| Record {
            store: *store,
            key: key.clone(),
            value: value.clone(),
        });
        self.lives = self.lives.wrapping_add(1);
        let rng = ChaCha20Rng::from_seed([self.lives; 32]);
        self.client = Client::new(self.config.clone(), records.collect(), rng, self.now).unwrap();
        assert_eq!(self.client.statistics().damaged_records, 0);
        self.under_way = None;
        self.sockets.clear();
        self.drain();
        self.do_what_is_due();
    }

    // --- the disk -------------------------------------------------------------------------------

    pub(super) fn save(&mut self) {
        let Some(commit) = self.under_way.take() else {
            return;
        };
        for change in commit.changes {
            let key = (change.store, change.key);
            match change.value {
                Some(value) => self.disk.insert(key, value),
                None => self.disk.remove(&key),
            };
        }
        self.input(Input::Saved(commit.id));
    }

    pub(super) fn fail_to_save(&mut self) {
        if let Some(commit) = self.under_way.take() {
            self.input(Input::SaveFailed(commit.id, "no room".to_owned()));
        }
    }

    fn on_disk(&self, store: Store, key: &[u8]) -> Option<&Vec<u8>> {
        self.disk.get(&(store, key.to_vec()))
    }

    // --- the websockets -------------------------------------------------------------------------

    /// The websocket that commands are about.
    pub(super) fn current(&self) -> ConnectionId {
        let count = self.sockets.len().max(1);
        let current = self.sockets.keys().nth(self.focus % count);
        current.copied().unwrap_or(ConnectionId(0))
    }

    fn current_socket(&mut self) -> Option<(ConnectionId, &mut Socket)> {
        let connection = self.current();
        let socket = self.sockets.get_mut(&connection)?;
        Some((connection, socket))
    }

    pub(super) fn open(&mut self) {
        if let Some((connection, socket)) = self.current_socket() {
            socket.open = true;
            self.input(Input::GatewayOpened { connection });
        }
    }

    pub(super) fn close(&mut self, reason: &str) {
        let connection = self.current();
        self.sockets.remove(&connection);
        let reason = reason.to_owned();
        self.input(Input::GatewayClosed { connection, reason });
    }

    fn is_open(&self, connection: ConnectionId) -> bool {
        self.sockets
            .get(&connection)
            .is_some_and(|socket| socket.open)
    }

    pub(super) fn say(&mut self, message: &ServerMessage) {
        self.say_raw(message.to_json());
    }

    pub(super) fn say_raw(&mut self, text: String) {
        self.say_over(self.current(), text);
    }

    fn say_over(&mut self, connection: ConnectionId, text: String) {
        if self.is_open(connection) {
            self.input(Input::GatewayText { connection, text });
        }
    }

    pub(super) fn push_raw(&mut self, bytes: Vec<u8>) {
        let connection = self.current();
        if self.is_open(connection) {
            self.input(Input::GatewayBinary { connection, bytes });
        }
    }

    /// Hands over what has come for the client at that gateway, now or when it is back.
    fn push(&mut self, gateway: usize, delivery: Vec<u8>) {
        let there = self.sockets.iter().find_map(|(connection, socket)| {
            let (_, key) = socket.session.client.as_ref()?;
            let fits = socket.open && socket.session.gateway == gateway;
            fits.then(|| (*connection, key.clone()))
        });
        match there {
            None => self.gateways[gateway].stored.push(delivery),
            Some((connection, key)) => {
                let bytes = binary::encode_push(&key, [7; 12], &delivery);
                self.input(Input::GatewayBinary { connection, bytes });
            }
        }
    }

    /// Something from anybody in the mixnet, through our own gateway.
    pub(super) fn deliver(&mut self, delivery: Vec<u8>) {
        let own = self.address().map(|own| own.gateway);
        let at = (0..GATEWAYS).find(|at| own == Some(NETWORK.gateway(*at).identity_key()));
        if let Some(gateway) = at {
            self.push(gateway, delivery);
        }
    }

    /// Answers the next thing that the client has said over the current websocket, honestly.
    pub(super) fn answer(&mut self) {
        let connection = self.current();
        let Self {
            sockets,
            gateways,
            rng,
            ..
        } = self;
        let Some(socket) = sockets.get_mut(&connection).filter(|socket| socket.open) else {
            return;
        };
        let Some(message) = socket.texts.pop_front() else {
            return;
        };
        let gateway = socket.session.gateway;
        let answers = gateways[gateway].answer(rng, &mut socket.session, message);
        if socket.session.client.is_some() {
            for delivery in std::mem::take(&mut self.gateways[gateway].stored) {
                self.push(gateway, delivery);
            }
        }
        for answer in answers {
            self.say_over(connection, answer.to_json());
        }
    }

    /// Puts the focus on a websocket that waits for its other side; `false` if none does.
    pub(super) fn find_waiting(&mut self) -> bool {
        let waits = |socket: &Socket| !socket.open || !socket.texts.is_empty();
        let found = self.sockets.values().position(waits);
        self.focus = found.unwrap_or(self.focus);
        found.is_some()
    }

    /// Opens the current websocket, or answers over it.
    pub(super) fn serve(&mut self) {
        if self.is_open(self.current()) {
            self.answer();
        } else {
            self.open();
        }
    }

    /// Takes the client's next packet through the mixnet, and what comes back of it.
    pub(super) fn forward(&mut self, loses_ack: bool) {
        let Some((connection, packet)) = self.packets.pop_front() else {
            return;
        };
        let taken = ServerMessage::Send {
            remaining_bandwidth: 1 << 35,
            upgrade_mode: false,
        };
        self.say_over(connection, taken.to_json());
        let Some(arrived) = NETWORK.carry(packet.next_hop, packet.packet) else {
            return;
        };
        let ack = arrived.ack.clone().filter(|_| !loses_ack);
        self.arrive(arrived);
        if let Some(ack) = ack.and_then(|(next, packet)| NETWORK.carry(next, packet)) {
            self.arrive(ack);
        }
    }

    fn arrive(&mut self, arrived: Arrived) {
        let ours = self.address();
        if ours.is_some_and(|ours| *ours.identity.as_bytes() == arrived.destination) {
            self.push(arrived.gateway, arrived.delivery);
        }
    }

    pub(super) fn random(&mut self) -> u32 {
        self.rng.next_u32()
    }

    // --- what the client wants, and whether it may ---------------------------------------------

    fn drain(&mut self) {
        let mut count = 0;
        while let Some(output) = self.client.poll() {
            count += 1;
            assert!(count < MOST_OUTPUTS, "one input leads to no end of outputs");
            self.check(output);
        }
    }

    fn check(&mut self, output: Output) {
        match output {
            Output::OpenGateway { connection, url } => self.check_opening(connection, &url),
            Output::CloseGateway { connection } => drop(self.sockets.remove(&connection)),
            Output::SendText { connection, text } => self.check_text(connection, &text),
            Output::SendBinary { connection, bytes } => self.check_packet(connection, &bytes),
            Output::FetchTopology => self.wants_topology = true,
            Output::Commit(commit) => {
                assert!(self.under_way.is_none(), "two commits at a time");
                self.under_way = Some(commit);
            }
            Output::Message(message) => self.check_received(&message),
            Output::Delivery { id, state } => self.check_delivery(id, &state),
            Output::Surbs { tag, .. } => {
                self.tags.insert(tag);
            }
            Output::Connection(state) => self.connection = Some(state),
            Output::Address(address) => self.check_address(&address),
            Output::Storage(_)
            | Output::Topology(_)
            | Output::OtherGateways(_)
            | Output::Probe(_) => {}
        }
    }

    fn check_opening(&mut self, connection: ConnectionId, url: &str) {
        let gateway = NETWORK.at(url).unwrap_or_default();
        let socket = Socket {
            open: false,
            session: Session::with(gateway),
            texts: VecDeque::new(),
        };
        assert!(self.sockets.insert(connection, socket).is_none());
        assert!(self.sockets.len() <= MOST_SOCKETS, "too many websockets");
    }

    fn check_open(&self, connection: ConnectionId) {
        let open = self.is_open(connection);
        assert!(open, "something is said over a websocket that is not open");
    }

    /// What is on disk of registrations.
    fn registrations(&self) -> impl Iterator<Item = Known<'_>> {
        let records = self.disk.iter();
        let records = records.filter(|((store, _), _)| *store == Store::Registration);
        records.filter_map(|(_, record)| Known::read(record))
    }

    /// The key and the timestamp that are used are on disk.
    fn check_text(&mut self, connection: ConnectionId, text: &str) {
        self.check_open(connection);
        let message = ClientMessage::from_json(text).unwrap();
        let socket = self.sockets.get_mut(&connection).unwrap();
        let durable = match &message {
            ClientMessage::HandshakePayload { data, .. } if data.len() == 92 => {
                let agreed = socket.session.hear_third(data);
                let agreed = agreed.map(|key| *key.as_bytes());
                agreed.is_none_or(|key| self.registrations().any(|known| known.key == key))
            }
            ClientMessage::AuthenticateV2(request) => {
                let gateway = NETWORK.gateway(socket.session.gateway).identity_key();
                let timestamp = request.request_unix_timestamp.to_be_bytes();
                self.registrations().any(|known| {
                    known.gateway == gateway.as_bytes() && known.timestamp == timestamp
                })
            }
            _ => true,
        };
        assert!(durable, "something is used that is not on disk");
        let socket = self.sockets.get_mut(&connection).unwrap();
        socket.texts.push_back(message);
    }

    /// No two packets are alike, and a SURB that is used is gone from disk.
    fn check_packet(&mut self, connection: ConnectionId, bytes: &[u8]) {
        self.check_open(connection);
        let read = |known: Known<'_>| {
            let key = SharedKey::from_bytes(known.key.try_into().unwrap());
            binary::decode_request(&key, bytes).ok()
        };
        let packet = self.registrations().find_map(read);
        let packet = packet.expect("a packet under a key that is not on disk");
        let header = packet.packet[..348].to_vec();
        let on_disk = self
            .disk
            .iter()
            .any(|((store, _), value)| *store == Store::Surb && value[RECORD_HEADER] == header);
        if !self.strange_surbs {
            assert!(!on_disk, "a SURB is used that is still on disk");
            assert!(!self.headers.contains(&header), "a packet is sent twice");
        }
        self.headers.insert(header);
        self.packets.push_back((connection, packet));
    }

    fn check_received(&mut self, message: &ReceivedMessage) {
        let record = self.on_disk(Store::Inbox, &message.id.0);
        assert_eq!(record, Some(&message.to_record()));
        assert!(self.received.insert(message.id), "a message is told twice");
    }

    fn check_delivery(&self, id: MessageId, state: &DeliveryState) {
        let outbox = self.on_disk(Store::Outbox, &id.0).is_some();
        let history = self.on_disk(Store::Sent, &id.0).is_some();
        let durable = match state {
            DeliveryState::AtGateway | DeliveryState::Failed(FailReason::Cancelled) => {
                history && !outbox
            }
            _ => outbox || history,
        };
        assert!(durable, "{state:?} is told and not on disk");
    }

    fn check_address(&self, address: &Address) {
        let own = self.on_disk(Store::Registration, b"own");
        let known = own.and_then(|record| Known::read(record)).unwrap();
        assert_eq!(known.gateway, address.gateway.as_bytes());
    }
}
