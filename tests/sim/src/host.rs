//! What a browser or a program does around a client: sockets, a disk, a clock.

use crate::world::{Event, LATENCY, World};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{
    Client, Commit, Config, ConnectionId, ConnectionState, DeliveryState, Input, MessageId,
    OtherGateways, Output, Record, Store, TopologyNews,
};
use sotto_core::message::SenderTag;
use sotto_core::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the disk takes.
const DISK: Duration = Duration::from_millis(5);

/// How long the directory takes to answer.
const FETCH: Duration = Duration::from_millis(10);

/// What a browser does around a client.
pub struct Host {
    config: Config,
    client: Option<Client>,
    /// What is on disk.
    pub disk: BTreeMap<(Store, Vec<u8>), Vec<u8>>,
    under_way: Option<Commit>,
    /// Counts restarts, so that events of an earlier life are known.
    pub(crate) life: u32,
    /// Whether the machine sleeps.
    pub(crate) asleep: bool,
    /// Whether the disk takes anything.
    pub disk_full: bool,
    /// Every message shown.
    pub received: Vec<Vec<u8>>,
    /// The tag of each received message's sender.
    pub senders: Vec<Option<SenderTag>>,
    /// Whose answer each received message is.
    pub answers_from: Vec<Option<Address>>,
    /// Every delivery state told.
    pub states: Vec<(MessageId, DeliveryState)>,
    /// The connection state told last in this life.
    pub connection: Option<ConnectionState>,
    /// Every connection state told.
    pub connections: Vec<ConnectionState>,
    /// Every address told.
    pub addresses: Vec<Address>,
    /// Every storage problem told; empty when the disk works again.
    pub storage_problems: Vec<String>,
    /// When which number of bytes went over the websocket, as an observer sees it.
    pub observed: Vec<(Time, usize)>,
    /// What was last told of gateways other than the own one.
    pub others: OtherGateways,
    /// Every topology told.
    pub topologies: Vec<TopologyNews>,
    gateways: BTreeMap<ConnectionId, usize>,
}

impl Host {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            client: None,
            disk: BTreeMap::new(),
            under_way: None,
            life: 0,
            asleep: false,
            disk_full: false,
            received: Vec::new(),
            senders: Vec::new(),
            answers_from: Vec::new(),
            states: Vec::new(),
            connection: None,
            connections: Vec::new(),
            addresses: Vec::new(),
            storage_problems: Vec::new(),
            observed: Vec::new(),
            others: OtherGateways::default(),
            topologies: Vec::new(),
            gateways: BTreeMap::new(),
        }
    }

    pub(crate) fn start(&mut self, now: Time, seed: [u8; 32]) {
        let loaded = |(store, _): &&(Store, Vec<u8>)| Store::LOADED.contains(store);
        let stored =
            self.disk
                .iter()
                .filter(|(key, _)| loaded(key))
                .map(|((store, key), value)| Record {
                    store: *store,
                    key: key.clone(),
                    value: value.clone(),
                });
        let rng = ChaCha20Rng::from_seed(seed);
        self.client = Some(Client::new(self.config.clone(), stored.collect(), rng, now).unwrap());
    }

    pub(crate) fn kill(&mut self) {
        self.client = None;
        self.under_way = None;
        self.connection = None;
        self.others = OtherGateways::default();
        self.gateways.clear();
        self.life += 1;
    }

    /// The client; it must be alive.
    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("the client is dead")
    }

    pub(crate) fn client_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("the client is dead")
    }

    pub(crate) fn handle(&mut self, now: Time, input: Input) {
        if let Input::Saved(_) = input
            && let Some(commit) = self.under_way.take()
        {
            self.write(commit);
        }
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
    }

    fn write(&mut self, commit: Commit) {
        for change in commit.changes {
            let key = (change.store, change.key);
            match change.value {
                Some(value) => self.disk.insert(key, value),
                None => self.disk.remove(&key),
            };
        }
    }

    /// Whether an event reaches the worker: while the machine sleeps, none from outside does.
    pub(crate) const fn hears(&self, input: &Input) -> bool {
        !self.asleep || matches!(input, Input::Saved(_) | Input::SaveFailed(..))
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let client = self.client.as_ref().filter(|_| !self.asleep);
        client?.next_deadline()
    }

    /// Whether the client is connected and has nothing to complain of, or is dead.
    pub fn is_online(&self) -> bool {
        self.client.is_none()
            || matches!(
                self.connection,
                Some(ConnectionState::Online { problem: None, .. })
            )
    }

    /// What was told last of a message.
    pub fn state(&self, id: MessageId) -> Option<&DeliveryState> {
        self.states
            .iter()
            .rev()
            .find(|(told, _)| *told == id)
            .map(|(_, state)| state)
    }

    /// The code of the problem that keeps the client from being connected.
    pub fn problem(&self) -> Option<&'static str> {
        match self.connection.as_ref()? {
            ConnectionState::Offline { problem, .. }
            | ConnectionState::Online {
                problem: Some(problem),
                ..
            } => Some(problem.code()),
            _ => None,
        }
    }

    /// Records on disk in a store.
    pub fn count(&self, store: Store) -> usize {
        self.disk.keys().filter(|(of, _)| *of == store).count()
    }

    /// What is on disk in a store.
    pub fn values(&self, store: Store) -> impl Iterator<Item = &Vec<u8>> {
        self.disk
            .iter()
            .filter(move |((of, _), _)| *of == store)
            .map(|(_, value)| value)
    }

    /// Cuts every record of a store short.
    pub fn damage(&mut self, store: Store) {
        for ((of, _), value) in &mut self.disk {
            if *of == store {
                value.truncate(3);
            }
        }
    }
}

/// Carries out what a client asks for.
pub(crate) fn drain(world: &mut World, host: usize) {
    while let Some(output) = world.hosts[host].client.as_mut().and_then(Client::poll) {
        match output {
            Output::OpenGateway { connection, url } => {
                let found = world.gateways.iter().position(|g| g.up && g.url() == url);
                match found {
                    Some(gateway) => {
                        world.hosts[host].gateways.insert(connection, gateway);
                        world.input(host, LATENCY, Input::GatewayOpened { connection });
                    }
                    None => world.close(host, connection, "connection refused"),
                }
            }
            Output::CloseGateway { connection } => {
                if let Some(gateway) = world.hosts[host].gateways.remove(&connection) {
                    world.gateways[gateway].close(host, connection);
                }
            }
            Output::SendText { connection, text } => {
                let now = world.now;
                world.hosts[host].observed.push((now, text.len()));
                if let Some(&gateway) = world.hosts[host].gateways.get(&connection) {
                    world.after(
                        LATENCY,
                        Event::Text {
                            host,
                            gateway,
                            connection,
                            text,
                        },
                    );
                }
            }
            Output::SendBinary { connection, bytes } => {
                let now = world.now;
                world.hosts[host].observed.push((now, bytes.len()));
                if let Some(&gateway) = world.hosts[host].gateways.get(&connection) {
                    world.after(
                        LATENCY,
                        Event::Binary {
                            host,
                            gateway,
                            connection,
                            bytes,
                        },
                    );
                }
            }
            Output::FetchTopology => {
                let input = match world.replies() {
                    Some(replies) => Input::TopologyFetched(replies),
                    None => Input::TopologyFailed("connection refused".to_owned()),
                };
                world.input(host, FETCH, input);
            }
            Output::Commit(commit) => save(world, host, commit),
            told => tell(&mut world.hosts[host], told),
        }
    }
}

fn save(world: &mut World, host: usize, commit: Commit) {
    let input = if world.hosts[host].disk_full {
        Input::SaveFailed(commit.id, "disk full".to_owned())
    } else {
        Input::Saved(commit.id)
    };
    assert!(
        world.hosts[host].under_way.is_none(),
        "one commit at a time"
    );
    world.hosts[host].under_way = matches!(input, Input::Saved(_)).then_some(commit);
    world.input(host, DISK, input);
}

fn tell(host: &mut Host, output: Output) {
    match output {
        Output::Message(message) => {
            let key = (Store::Inbox, message.id.0.to_vec());
            assert!(host.disk.contains_key(&key), "shown before it was durable");
            host.received.push(message.body);
            host.senders.push(message.sender_tag);
            host.answers_from.push(message.answer_from);
        }
        Output::Delivery { id, state } => {
            let kept = [Store::Outbox, Store::Sent]
                .iter()
                .any(|store| host.disk.contains_key(&(*store, id.0.to_vec())));
            assert!(kept, "told of before it was durable");
            host.states.push((id, state));
        }
        Output::Connection(state) => {
            host.connections.push(state.clone());
            host.connection = Some(state);
        }
        Output::Address(address) => {
            let names_gateway =
                |value: &Vec<u8>| value.get(2..34) == Some(address.gateway.as_bytes());
            assert!(
                host.values(Store::Registration).any(names_gateway),
                "told before it was durable"
            );
            host.addresses.push(address);
        }
        Output::Surbs { .. } => {}
        Output::Topology(news) => host.topologies.push(news),
        Output::OtherGateways(others) => host.others = others,
        Output::Storage(problem) => {
            host.storage_problems
                .push(problem.map(|p| p.to_string()).unwrap_or_default());
        }
        other => unreachable!("carried out elsewhere: {other:?}"),
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let statistics = self.client.as_ref().map(Client::statistics);
        let last = self.states.last();
        let received = self.received.len();
        write!(
            f,
            "{:?}, {received} received, {last:?}, {statistics:?}",
            self.connection
        )
    }
}
