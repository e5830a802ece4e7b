//! What there is, and what happens next.

use crate::directory::Directory;
use crate::fault::Fault;
use crate::gateway::Gateway;
use crate::host::{self, Fuse, Host};
use crate::network::{Conditions, Flying};
use crate::node::Node;
use crate::trace::{Note, Trace};
use rand_core::{Rng, SeedableRng};
use sotto_core::ChaCha20Rng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::{Client, Config, ConnectionId, Input, MessageId};
use sotto_core::time::Time;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// When every world begins.
pub(crate) const BEGINNING: Time = Time::from_millis(1_767_225_600_000);

/// How long anything takes from one machine to the next.
pub(crate) const LATENCY: Duration = Duration::from_millis(2);

/// So many ticks in a row without time passing are no accident.
const MOST_IDLE_TICKS: u32 = 10_000;

/// One websocket. A client's numbers begin anew with each of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Socket {
    pub(crate) host: usize,
    pub(crate) life: u32,
    pub(crate) connection: ConnectionId,
}

/// What is to happen.
pub(crate) enum Event {
    /// A packet reaches a node.
    Packet { node: NodeAddress, packet: Flying },
    /// A text frame of a client reaches its gateway.
    Text {
        gateway: usize,
        socket: Socket,
        text: String,
    },
    /// A binary frame of a client reaches its gateway.
    Binary {
        gateway: usize,
        socket: Socket,
        bytes: Vec<u8>,
    },
    /// A gateway's ping reaches a browser, behind the frames pushed so far.
    Ping {
        gateway: usize,
        socket: Socket,
        payload: u64,
        behind: u64,
    },
    /// A browser's answer reaches the gateway.
    Pong {
        gateway: usize,
        socket: Socket,
        payload: u64,
    },
    /// The answer to that ping is due.
    PongDue {
        gateway: usize,
        socket: Socket,
        payload: u64,
    },
    /// A gateway learns that a websocket is closed.
    Closed { gateway: usize, socket: Socket },
    /// A client of a certain life gets an input.
    Input {
        host: usize,
        life: u32,
        input: Input,
    },
    /// A worker that was killed starts again.
    Start { host: usize, life: u32 },
}

/// A mix node.
pub(crate) struct Mix {
    pub(crate) layer: usize,
    pub(crate) node: Node,
}

/// How large a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Mix nodes in each layer.
    pub width: usize,
    /// Gateways.
    pub gateways: usize,
}

/// A network, its clients and their time.
pub struct World {
    /// The true time.
    pub now: Time,
    /// Where every random choice comes from.
    pub rng: ChaCha20Rng,
    /// What runs the clients.
    pub hosts: Vec<Host>,
    /// The gateways.
    pub gateways: Vec<Gateway>,
    /// What the network between nodes does to packets.
    pub conditions: Conditions,
    /// What the directory answers.
    pub directory: Directory,
    /// How long the directory goes on listing a node that is down.
    pub directory_lag: Duration,
    /// The epoch that the directory tells of.
    pub epoch: u32,
    pub(crate) rotation: u32,
    pub(crate) mixes: BTreeMap<NodeAddress, Mix>,
    pub(crate) events: BTreeMap<(Time, u64), Event>,
    sequence: u64,
    /// Ticks since time last passed.
    idle_ticks: u32,
    /// The first key of every packet that any client ever sent: a SURB that is used twice, or a
    /// packet that is sent twice, shows here.
    entered: HashSet<[u8; 32]>,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<Fault, u64>,
    pub(crate) trace: Trace,
}

fn node_address(port: u16) -> NodeAddress {
    NodeAddress(([127, 0, 0, 1], port).into())
}

impl World {
    /// A small network without clients.
    pub fn new(seed: u8) -> Self {
        let shape = Shape {
            width: 2,
            gateways: 2,
        };
        Self::with_shape(shape, ChaCha20Rng::from_seed([seed; 32]))
    }

    /// A network without clients.
    pub fn with_shape(shape: Shape, mut rng: ChaCha20Rng) -> Self {
        let rotation = 4;
        let mixes = (0..3 * shape.width)
            .map(|index| {
                let mix = Mix {
                    layer: index / shape.width,
                    node: Node::draw(&mut rng, rotation),
                };
                (node_address(10_000 + index as u16), mix)
            })
            .collect();
        let gateways = (0..shape.gateways as u16)
            .map(|index| Gateway::new(&mut rng, index, rotation))
            .collect();
        Self {
            now: BEGINNING,
            rng,
            hosts: Vec::new(),
            gateways,
            conditions: Conditions::default(),
            directory: Directory::Honest,
            directory_lag: Duration::ZERO,
            epoch: 100,
            rotation,
            mixes,
            events: BTreeMap::new(),
            sequence: 0,
            idle_ticks: 0,
            entered: HashSet::new(),
            faults: BTreeMap::new(),
            trace: Trace::default(),
        }
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.trace.note(self.now, note);
    }

    /// Counts a fault.
    pub(crate) fn happened(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// A new client, started.
    pub fn add_host(&mut self, config: Config) -> usize {
        self.hosts.push(Host::new(config));
        let host = self.hosts.len() - 1;
        self.start(host);
        host
    }

    /// Starts a client that is dead.
    pub fn start(&mut self, host: usize) {
        self.note(Note::Started { host });
        let seed = self.random_seed();
        self.hosts[host].start(self.now, seed);
        host::drain(self, host);
    }

    /// The worker is killed: nothing of it is left but what is on disk. A commit that was under
    /// way did not get there.
    pub fn kill(&mut self, host: usize) {
        self.kill_in_commit(host, false);
    }

    /// The worker is killed. A commit that was under way is on disk if it `reached` it.
    pub fn kill_in_commit(&mut self, host: usize, reached: bool) {
        self.happened(Fault::Kill);
        self.note(Note::Killed { host, reached });
        for (gateway, socket) in self.hosts[host].kill(reached) {
            self.after(LATENCY, Event::Closed { gateway, socket });
        }
    }

    /// The worker is killed, and starts again by itself.
    pub(crate) fn kill_for(&mut self, host: usize, fuse: Fuse) {
        self.kill_in_commit(host, fuse.reached);
        let life = self.hosts[host].life;
        self.after(fuse.down_for, Event::Start { host, life });
    }

    /// A machine sleeps for a while.
    pub fn sleep(&mut self, host: usize, duration: Duration) {
        self.fall_asleep(host);
        self.run_for(duration);
        self.wake_up(host);
    }

    /// A machine falls asleep: its sockets die without a word, its timers stand still, and nothing
    /// reaches it.
    pub(crate) fn fall_asleep(&mut self, host: usize) {
        self.happened(Fault::Sleep);
        self.hosts[host].fall_asleep();
    }

    /// When a machine wakes the browser says so.
    pub(crate) fn wake_up(&mut self, host: usize) {
        self.hosts[host].asleep = false;
        if self.hosts[host].is_alive() {
            self.reconnect(host);
        } else {
            self.start(host);
        }
    }

    /// The first mix node of a layer (0 to 2) dies.
    pub fn stop_mix(&mut self, layer: usize) {
        let now = self.now;
        let mut mixes = self.mixes.values_mut();
        mixes.find(|mix| mix.layer == layer).unwrap().node.stop(now);
    }

    /// A mix node dies, or returns.
    pub(crate) fn set_mix(&mut self, index: usize, up: bool) {
        let now = self.now;
        let mix = self.mixes.values_mut().nth(index).unwrap();
        match up {
            true => mix.node.up = true,
            false => mix.node.stop(now),
        }
    }

    /// A gateway dies without a chance to save anything.
    pub fn stop_gateway(&mut self, index: usize) {
        Gateway::crash(self, index);
    }

    /// Stopped gateways run again.
    pub fn start_gateways(&mut self) {
        for gateway in &mut self.gateways {
            gateway.node.up = true;
        }
    }

    /// All nodes change their keys, and an epoch begins. What was made for the old keys is read
    /// for an epoch more.
    pub fn rotate(&mut self) {
        self.epoch += 1;
        self.rotation += 1;
        let Self { rng, rotation, .. } = self;
        let mixes = self.mixes.values_mut().map(|mix| &mut mix.node);
        let gateways = self.gateways.iter_mut().map(|gateway| &mut gateway.node);
        mixes
            .chain(gateways)
            .for_each(|node| node.rotate(rng, *rotation));
    }

    /// An epoch begins. Keys of the last rotation are destroyed.
    pub fn begin_epoch(&mut self) {
        self.epoch += 1;
        let mixes = self.mixes.values_mut().map(|mix| &mut mix.node);
        let gateways = self.gateways.iter_mut().map(|gateway| &mut gateway.node);
        mixes.chain(gateways).for_each(Node::forget_previous);
    }

    /// A websocket breaks, or is closed by the gateway: the client learns of it.
    pub(crate) fn close(&mut self, socket: Socket, reason: &str) {
        let connection = socket.connection;
        let reason = reason.to_owned();
        self.input_socket(socket, Input::GatewayClosed { connection, reason });
    }

    /// Does something with a client and carries out what it wants.
    pub fn act<T>(&mut self, host: usize, action: impl FnOnce(&mut Client, Time) -> T) -> T {
        let now = self.hosts[host].clock(self.now);
        let result = action(self.hosts[host].client_mut(), now);
        host::drain(self, host);
        result
    }

    /// Has one client write to another that is alive.
    pub fn send(&mut self, from: usize, to: usize, body: &[u8]) -> MessageId {
        let address = self.hosts[to].client().address().unwrap();
        self.send_to(from, &address, body)
    }

    /// Has a client write to an address.
    pub fn send_to(&mut self, from: usize, to: &Address, body: &[u8]) -> MessageId {
        self.act(from, |client, now| {
            client.send(now, to, body.to_vec()).unwrap()
        })
    }

    /// Tells a client that its network has changed.
    pub fn reconnect(&mut self, host: usize) {
        self.act(host, |client, now| {
            client.handle(now, Input::NetworkChanged)
        });
    }

    /// Lets time pass until `done`; panics if that takes longer than `patience`.
    pub fn run_until(&mut self, patience: Duration, mut done: impl FnMut(&World) -> bool) {
        let end = self.now + patience;
        while !done(self) {
            assert!(
                self.step(end),
                "it did not happen within {patience:?}: {self:?}"
            );
        }
    }

    /// Lets that much time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
        self.now = end;
    }

    /// Lets time pass until every client is connected.
    pub fn run_until_online(&mut self) {
        self.run_until(Duration::from_secs(30), |world| {
            world.hosts.iter().all(Host::is_online)
        });
    }

    /// Does what comes next, if it comes before `end`.
    fn step(&mut self, end: Time) -> bool {
        let event = self.events.first_key_value().map(|((time, _), _)| *time);
        let hosts = self.hosts.iter().enumerate();
        let alarm = hosts.filter_map(|(i, h)| Some((h.alarm()?, i))).min();
        match (event, alarm) {
            (Some(time), alarm) if alarm.is_none_or(|(due, _)| time <= due) && time <= end => {
                let (_, event) = self.events.pop_first().unwrap();
                self.now = self.now.max(time);
                self.happen(event);
            }
            (_, Some((due, host))) if due <= end => {
                self.watch_for_storms(due, host);
                self.now = self.now.max(due);
                host::tick(self, host);
            }
            _ => return false,
        }
        true
    }

    /// A timer that fires again and again without time passing never rests.
    fn watch_for_storms(&mut self, due: Time, host: usize) {
        let passes = due > self.now;
        self.idle_ticks = if passes { 0 } else { self.idle_ticks + 1 };
        assert!(
            self.idle_ticks < MOST_IDLE_TICKS,
            "host {host} wants to be called again and again, at {due} and it is {}: {self:?}",
            self.now
        );
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Packet { node, packet } => self.packet(node, packet),
            Event::Input { host, life, input } => host::input(self, host, life, input),
            Event::Ping {
                gateway,
                socket,
                payload,
                behind,
            } => host::ping(self, gateway, socket, payload, behind),
            Event::Start { host, life } => {
                if self.hosts[host].life == life && self.hosts[host].is_dead_and_awake() {
                    self.start(host);
                }
            }
            Event::Text {
                gateway,
                socket,
                text,
            } => Gateway::text(self, gateway, socket, &text),
            Event::Binary {
                gateway,
                socket,
                bytes,
            } => Gateway::binary(self, gateway, socket, &bytes),
            Event::Pong {
                gateway,
                socket,
                payload,
            } => Gateway::pong(self, gateway, socket, payload),
            Event::PongDue {
                gateway,
                socket,
                payload,
            } => Gateway::pong_due(self, gateway, socket, payload),
            Event::Closed { gateway, socket } => Gateway::end_session(self, gateway, socket),
        }
    }

    /// Makes [`Self::sequence`] grow.
    pub(crate) const fn number_something(&mut self) {
        self.sequence += 1;
    }

    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now + delay, self.sequence), event);
    }

    /// Numbers everything that is yet to happen.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn input(&mut self, host: usize, delay: Duration, input: Input) {
        let life = self.hosts[host].life;
        self.after(delay, Event::Input { host, life, input });
    }

    /// An input that comes over a websocket: not before what came over it earlier.
    pub(crate) fn input_socket(&mut self, socket: Socket, input: Input) {
        self.input_late(socket, Duration::ZERO, input);
    }

    /// An input that comes over a websocket, and comes late.
    pub(crate) fn input_late(&mut self, socket: Socket, late: Duration, input: Input) {
        let Socket { host, life, .. } = socket;
        let delay = LATENCY + self.hosts[host].lag + late;
        self.after(delay, Event::Input { host, life, input });
    }

    /// A client's packet enters the mixnet. What stands in front of a packet is drawn anew for
    /// each packet and each SURB, so it must never have been here.
    pub(crate) fn enter(&mut self, next: NodeAddress, packet: Flying) {
        let first_key = *packet.bytes.first_chunk().unwrap();
        assert!(
            self.entered.insert(first_key),
            "a client used a SURB twice, or sent a packet twice"
        );
        self.forward(next, Duration::ZERO, packet);
    }

    /// A seed drawn from the world's.
    pub fn random_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        seed
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "at {}, {} events", self.now, self.events.len())?;
        self.hosts
            .iter()
            .try_for_each(|host| writeln!(f, "{host:?}"))
    }
}
