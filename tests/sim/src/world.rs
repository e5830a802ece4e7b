//! What there is, and what happens next.

use crate::directory::Directory;
use crate::gateway::{Gateway, Manners};
use crate::host::{self, Host};
use rand_core::{Rng, SeedableRng};
use sotto_core::ChaCha20Rng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::{Client, Config, ConnectionId, Input, MessageId};
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::node::{self, Hop};
use sotto_core::time::Time;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Mix nodes in each layer.
const WIDTH: usize = 2;

/// How long anything takes from one machine to the next.
pub(crate) const LATENCY: Duration = Duration::from_millis(2);

/// So many ticks in a row without time passing are no accident.
const MOST_IDLE_TICKS: u32 = 10_000;

/// What is to happen.
pub(crate) enum Event {
    /// A packet reaches a node.
    Packet { node: NodeAddress, bytes: Vec<u8> },
    /// A text frame of a client reaches its gateway.
    Text {
        host: usize,
        gateway: usize,
        connection: ConnectionId,
        text: String,
    },
    /// A binary frame of a client reaches its gateway.
    Binary {
        host: usize,
        gateway: usize,
        connection: ConnectionId,
        bytes: Vec<u8>,
    },
    /// A client of a certain life gets an input.
    Input {
        host: usize,
        life: u32,
        input: Input,
    },
}

/// A mix node.
pub(crate) struct Mix {
    pub(crate) layer: usize,
    pub(crate) secret: EncryptionSecret,
    pub(crate) identity: SigningKey,
    pub(crate) up: bool,
}

/// A network, its clients and their time.
pub struct World {
    /// The time that every clock shows.
    pub now: Time,
    /// Where every random choice comes from.
    pub rng: ChaCha20Rng,
    /// What runs the clients.
    pub hosts: Vec<Host>,
    /// The gateways.
    pub gateways: Vec<Gateway>,
    /// Share of packets lost on each way between nodes.
    pub loss: f64,
    /// The epoch that the directory tells of.
    pub epoch: u32,
    /// The key rotation that the directory tells of.
    pub rotation: u32,
    /// What the directory answers instead of the truth.
    pub directory: Directory,
    pub(crate) mixes: BTreeMap<NodeAddress, Mix>,
    events: BTreeMap<(Time, u64), Event>,
    sequence: u64,
    /// Ticks since time last passed.
    idle_ticks: u32,
    /// Of every packet that any node has seen.
    replay_tags: HashSet<[u8; 32]>,
}

fn node_address(port: u16) -> NodeAddress {
    NodeAddress(([127, 0, 0, 1], port).into())
}

impl World {
    /// A network without clients.
    pub fn new(seed: u8) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let mixes = (0..3 * WIDTH)
            .map(|index| {
                let secret = EncryptionSecret::generate(&mut rng);
                let identity = SigningKey::generate(&mut rng);
                let mix = Mix {
                    layer: index / WIDTH,
                    secret,
                    identity,
                    up: true,
                };
                (node_address(10_000 + index as u16), mix)
            })
            .collect();
        let gateways = (0..2).map(|index| Gateway::new(&mut rng, index)).collect();
        Self {
            now: Time::from_millis(1_767_225_600_000),
            rng,
            hosts: Vec::new(),
            gateways,
            loss: 0.0,
            epoch: 100,
            rotation: 4,
            directory: Directory::Honest,
            mixes,
            events: BTreeMap::new(),
            sequence: 0,
            idle_ticks: 0,
            replay_tags: HashSet::new(),
        }
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
        let seed = self.random_seed();
        self.hosts[host].start(self.now, seed);
        self.drain(host);
    }

    /// The worker is killed: nothing of it is left but what is on disk.
    pub fn kill(&mut self, host: usize) {
        self.hosts[host].kill();
        for gateway in &mut self.gateways {
            gateway.hang_up(host);
        }
    }

    /// The first mix node of a layer (0 to 2) dies.
    pub fn stop_mix(&mut self, layer: usize) {
        let mix = self
            .mixes
            .values_mut()
            .find(|mix| mix.layer == layer)
            .unwrap();
        mix.up = false;
    }

    /// A gateway dies.
    pub fn stop_gateway(&mut self, index: usize) {
        self.gateways[index].up = false;
        for (host, connection) in self.gateways[index].hang_up_all() {
            self.close(host, connection, "the gateway is gone");
        }
    }

    pub(crate) fn close(&mut self, host: usize, connection: ConnectionId, reason: &str) {
        let reason = reason.to_owned();
        self.input(host, LATENCY, Input::GatewayClosed { connection, reason });
    }

    /// Does something with a client and carries out what it wants.
    pub fn act<T>(&mut self, host: usize, action: impl FnOnce(&mut Client, Time) -> T) -> T {
        let result = action(self.hosts[host].client_mut(), self.now);
        self.drain(host);
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

    /// A machine sleeps: its sockets die, its timers stand still, and nothing reaches it. When it
    /// wakes the browser says so.
    pub fn sleep(&mut self, host: usize, duration: Duration) {
        self.hosts[host].asleep = true;
        for gateway in &mut self.gateways {
            gateway.hang_up(host);
        }
        self.run_for(duration);
        self.hosts[host].asleep = false;
        self.reconnect(host);
    }

    /// Sets the clock, as a person or a time server does; what is under way stays as far off as
    /// it was.
    pub fn set_clock(&mut self, now: Time) {
        let events = std::mem::take(&mut self.events);
        for ((time, sequence), event) in events {
            let at = now + time.saturating_since(self.now);
            self.events.insert((at, sequence), event);
        }
        self.now = now;
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
        let timer = self
            .hosts
            .iter()
            .enumerate()
            .filter_map(|(i, h)| Some((h.deadline()?, i)))
            .min();
        match (event, timer) {
            (Some(time), timer) if timer.is_none_or(|(due, _)| time <= due) && time <= end => {
                let (_, event) = self.events.pop_first().unwrap();
                self.now = self.now.max(time);
                self.happen(event);
            }
            (_, Some((due, host))) if due <= end => {
                self.idle_ticks = if due > self.now {
                    0
                } else {
                    self.idle_ticks + 1
                };
                let deadline = (due, self.now);
                assert!(
                    self.idle_ticks < MOST_IDLE_TICKS,
                    "host {host} wants to be called again and again: {deadline:?} {self:?}"
                );
                self.now = self.now.max(due);
                self.hosts[host].handle(self.now, Input::Tick);
                self.drain(host);
            }
            _ => return false,
        }
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Packet { node, bytes } => self.packet(node, &bytes),
            Event::Input { host, life, input }
                if self.hosts[host].life == life && self.hosts[host].hears(&input) =>
            {
                self.hosts[host].handle(self.now, input);
                self.drain(host);
            }
            Event::Input { .. } => {}
            Event::Text {
                host,
                gateway,
                connection,
                text,
            } => {
                Gateway::text(self, gateway, host, connection, &text);
            }
            Event::Binary {
                host,
                gateway,
                connection,
                bytes,
            } => {
                Gateway::binary(self, gateway, host, connection, &bytes);
            }
        }
    }

    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now + delay, self.sequence), event);
    }

    pub(crate) fn input(&mut self, host: usize, delay: Duration, input: Input) {
        let life = self.hosts[host].life;
        self.after(delay, Event::Input { host, life, input });
    }

    /// Hands a packet to a node, unless it is lost.
    pub(crate) fn forward(&mut self, node: NodeAddress, delay: Duration, bytes: Vec<u8>) {
        let share = f64::from(self.rng.next_u32()) / f64::from(u32::MAX);
        if share >= self.loss {
            self.after(delay + LATENCY, Event::Packet { node, bytes });
        }
    }

    fn packet(&mut self, at: NodeAddress, bytes: &[u8]) {
        let secret = match self.mixes.get(&at) {
            Some(mix) if mix.up => &mix.secret,
            Some(_) => return,
            None => match self.gateways.iter().find(|g| g.up && g.address == at) {
                Some(gateway) if gateway.manners != Manners::Deaf => &gateway.secret,
                _ => return,
            },
        };
        let unwrapped = node::unwrap(bytes, secret).unwrap();
        assert!(
            self.replay_tags.insert(unwrapped.replay_tag),
            "a packet or a SURB was used twice"
        );
        match unwrapped.hop {
            Hop::Forward {
                next,
                delay,
                packet,
            } => self.forward(next, delay, packet),
            Hop::Final {
                destination,
                delivery,
                ack,
            } => {
                Gateway::arrived(self, at, destination, delivery);
                if let Some((next, packet)) = ack {
                    self.forward(next, Duration::ZERO, packet);
                }
            }
        }
    }

    fn drain(&mut self, host: usize) {
        host::drain(self, host);
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
