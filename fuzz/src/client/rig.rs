//! One client, its disk, its websocket and its clock; and what must hold at every step.

use super::gateway::Gateway;
use super::network::NETWORK;
use crate::source::rng;
use rand_core::Rng;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{
    Client, Commit, Config, ConnectionId, ConnectionState, DeliveryState, FailReason, Input,
    MessageId, Output, ReceivedMessage, Record, Store,
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

/// Where key and timestamp stand in the record of a registration.
const RECORD_KEY: std::ops::Range<usize> = 34..66;

/// Where the header stands in the record of a SURB, after parity, rotation, version and key.
const RECORD_HEADER: std::ops::Range<usize> = 22..370;

/// Where a websocket stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Socket {
    Opening,
    Open,
}

pub(super) struct Rig {
    pub(super) now: Time,
    pub(super) client: Client,
    pub(super) rng: ChaCha20Rng,
    pub(super) gateway: Gateway,
    config: Config,
    disk: BTreeMap<(Store, Vec<u8>), Vec<u8>>,
    under_way: Option<Commit>,
    socket: Option<(ConnectionId, Socket)>,
    /// What the client has said and nobody answered yet.
    pub(super) texts: VecDeque<ClientMessage>,
    /// What it gave to the gateway and nobody forwarded yet.
    pub(super) packets: VecDeque<MixPacket>,
    /// What waits at the gateway for the client to come back.
    pub(super) stored: Vec<Vec<u8>>,
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
            gateway: Gateway::default(),
            config,
            disk: BTreeMap::new(),
            under_way: None,
            socket: None,
            texts: VecDeque::new(),
            packets: VecDeque::new(),
            stored: Vec::new(),
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

    pub(super) fn is_online(&self) -> bool {
        matches!(self.connection, Some(ConnectionState::Online { .. }))
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
        self.hang_up();
        self.drain();
        self.do_what_is_due();
    }

    fn hang_up(&mut self) {
        self.socket = None;
        self.texts.clear();
        self.gateway.hang_up();
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

    // --- the websocket --------------------------------------------------------------------------

    pub(super) fn current(&self) -> ConnectionId {
        self.socket
            .map_or(ConnectionId(0), |(connection, _)| connection)
    }

    pub(super) fn open(&mut self) {
        let Some((connection, socket)) = &mut self.socket else {
            return;
        };
        *socket = Socket::Open;
        let connection = *connection;
        self.input(Input::GatewayOpened { connection });
    }

    pub(super) fn close(&mut self, reason: &str) {
        let connection = self.current();
        let reason = reason.to_owned();
        self.hang_up();
        self.input(Input::GatewayClosed { connection, reason });
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket
            .is_some_and(|(_, socket)| socket == Socket::Open)
    }

    pub(super) fn say(&mut self, message: &ServerMessage) {
        self.say_raw(message.to_json());
    }

    pub(super) fn say_raw(&mut self, text: String) {
        if self.is_open() {
            let connection = self.current();
            self.input(Input::GatewayText { connection, text });
        }
    }

    pub(super) fn push_raw(&mut self, bytes: Vec<u8>) {
        if self.is_open() {
            let connection = self.current();
            self.input(Input::GatewayBinary { connection, bytes });
        }
    }

    /// Hands over what has come for the client, now or when it is back.
    pub(super) fn push(&mut self, delivery: Vec<u8>) {
        match self.gateway.session.clone().filter(|_| self.is_open()) {
            Some(key) => self.push_raw(binary::encode_push(&key, [7; 12], &delivery)),
            None => self.stored.push(delivery),
        }
    }

    /// Answers the next thing that the client has said, honestly.
    pub(super) fn answer(&mut self) {
        let Some(message) = self.texts.pop_front().filter(|_| self.is_open()) else {
            return;
        };
        let answers = self.gateway.answer(&mut self.rng, message);
        if self.gateway.session.is_some() {
            for delivery in std::mem::take(&mut self.stored) {
                self.push(delivery);
            }
        }
        for answer in answers {
            self.say(&answer);
        }
    }

    /// Takes the client's next packet through the mixnet, and what comes back of it.
    pub(super) fn forward(&mut self, loses_ack: bool) {
        let Some(packet) = self.packets.pop_front() else {
            return;
        };
        self.say(&ServerMessage::Send {
            remaining_bandwidth: 1 << 35,
            upgrade_mode: false,
        });
        let Some(arrived) = NETWORK.carry(packet.next_hop, packet.packet) else {
            return;
        };
        self.arrive(arrived.destination, arrived.delivery);
        let ack = arrived.ack.filter(|_| !loses_ack);
        if let Some(ack) = ack.and_then(|(next, packet)| NETWORK.carry(next, packet)) {
            self.arrive(ack.destination, ack.delivery);
        }
    }

    fn arrive(&mut self, destination: [u8; 32], delivery: Vec<u8>) {
        let ours = self.address();
        if ours.is_some_and(|ours| *ours.identity.as_bytes() == destination) {
            self.push(delivery);
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
            Output::OpenGateway { connection, .. } => {
                assert!(self.socket.is_none(), "two websockets at a time");
                self.socket = Some((connection, Socket::Opening));
            }
            Output::CloseGateway { connection } => {
                if self.current() == connection {
                    self.hang_up();
                }
            }
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
            Output::Storage(_) => {}
        }
    }

    fn check_open(&self, connection: ConnectionId) {
        let open = self.socket == Some((connection, Socket::Open));
        assert!(open, "something is said over a websocket that is not open");
    }

    fn registration(&self) -> &[u8] {
        self.on_disk(Store::Registration, b"own")
            .map_or(&[], Vec::as_slice)
    }

    /// The key and the timestamp that are used are on disk.
    fn check_text(&mut self, connection: ConnectionId, text: &str) {
        self.check_open(connection);
        let message = ClientMessage::from_json(text).unwrap();
        match &message {
            ClientMessage::HandshakePayload { data, .. } if data.len() == 92 => {
                let known = self.registration()[RECORD_KEY].to_vec();
                let agreed = self.gateway.hear_third(data);
                assert!(agreed.is_none_or(|key| key.as_bytes() == known.as_slice()));
            }
            ClientMessage::AuthenticateV2(request) => {
                let known = &self.registration()[RECORD_KEY.end..];
                let known = u64::from_be_bytes(known.try_into().unwrap());
                assert_eq!(known, request.request_unix_timestamp);
            }
            _ => {}
        }
        self.texts.push_back(message);
    }

    /// No two packets are alike, and a SURB that is used is gone from disk.
    fn check_packet(&mut self, connection: ConnectionId, bytes: &[u8]) {
        self.check_open(connection);
        let key = SharedKey::from_bytes(self.registration()[RECORD_KEY].try_into().unwrap());
        let packet = binary::decode_request(&key, bytes).unwrap();
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
        self.packets.push_back(packet);
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
        assert_eq!(self.registration()[2..34], *address.gateway.as_bytes());
    }
}
