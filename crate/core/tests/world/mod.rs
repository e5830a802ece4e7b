//! A whole network in one thread and virtual time: real clients, real node code, and gateways
//! that do just enough of protocol.md 8. Every random choice comes from one seed.

#![allow(dead_code, reason = "each test file uses a part of the world")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

mod gateway;
mod host;

pub(crate) use gateway::{Gateway, Manners};
pub(crate) use host::Host;

use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use sotto_core::ChaCha20Rng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::{Client, Config, ConnectionId, Input, MessageId};
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::node::{self, Hop};
use sotto_core::time::Time;
use sotto_core::topology::DirectoryReplies;
use std::collections::{BTreeMap, HashMap, HashSet};
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

struct Mix {
    layer: usize,
    secret: EncryptionSecret,
    identity: SigningKey,
    up: bool,
}

pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) hosts: Vec<Host>,
    pub(crate) gateways: Vec<Gateway>,
    /// Share of packets lost on each way between nodes.
    pub(crate) loss: f64,
    /// The epoch and the rotation that the directory tells of.
    pub(crate) epoch: u32,
    pub(crate) rotation: u32,
    /// What the directory answers instead of the truth.
    pub(crate) directory: Directory,
    mixes: BTreeMap<NodeAddress, Mix>,
    events: BTreeMap<(Time, u64), Event>,
    sequence: u64,
    /// Ticks since time last passed.
    idle_ticks: u32,
    /// Of every packet that any node has seen.
    replay_tags: HashSet<[u8; 32]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Directory {
    Honest,
    Dead,
    Nonsense,
}

fn node_address(port: u16) -> NodeAddress {
    NodeAddress(([127, 0, 0, 1], port).into())
}

impl World {
    pub(crate) fn new(seed: u8) -> Self {
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
    pub(crate) fn add_host(&mut self, config: Config) -> usize {
        self.hosts.push(Host::new(config));
        let host = self.hosts.len() - 1;
        self.start(host);
        host
    }

    pub(crate) fn start(&mut self, host: usize) {
        let seed = self.random_seed();
        self.hosts[host].start(self.now, seed);
        self.drain(host);
    }

    /// The worker is killed: nothing of it is left but what is on disk.
    pub(crate) fn kill(&mut self, host: usize) {
        self.hosts[host].kill();
        for gateway in &mut self.gateways {
            gateway.hang_up(host);
        }
    }

    pub(crate) fn stop_mix(&mut self, layer: usize) {
        let mix = self
            .mixes
            .values_mut()
            .find(|mix| mix.layer == layer)
            .unwrap();
        mix.up = false;
    }

    pub(crate) fn stop_gateway(&mut self, index: usize) {
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
    pub(crate) fn act<T>(&mut self, host: usize, action: impl FnOnce(&mut Client, Time) -> T) -> T {
        let result = action(self.hosts[host].client_mut(), self.now);
        self.drain(host);
        result
    }

    pub(crate) fn send(&mut self, from: usize, to: usize, body: &[u8]) -> MessageId {
        let address = self.hosts[to].client().address().unwrap();
        self.send_to(from, &address, body)
    }

    pub(crate) fn send_to(&mut self, from: usize, to: &Address, body: &[u8]) -> MessageId {
        self.act(from, |client, now| {
            client.send(now, to, body.to_vec()).unwrap()
        })
    }

    pub(crate) fn reconnect(&mut self, host: usize) {
        self.act(host, |client, now| {
            client.handle(now, Input::NetworkChanged)
        });
    }

    /// Lets time pass until `done`; panics if that takes longer than `patience`.
    pub(crate) fn run_until(&mut self, patience: Duration, mut done: impl FnMut(&World) -> bool) {
        let end = self.now + patience;
        while !done(self) {
            assert!(
                self.step(end),
                "it did not happen within {patience:?}: {self:?}"
            );
        }
    }

    /// Sets the clock, as a person or a time server does; what is under way stays as far off as
    /// it was.
    pub(crate) fn set_clock(&mut self, now: Time) {
        let events = std::mem::take(&mut self.events);
        for ((time, sequence), event) in events {
            let at = now + time.saturating_since(self.now);
            self.events.insert((at, sequence), event);
        }
        self.now = now;
    }

    /// Lets that much time pass.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
        self.now = end;
    }

    pub(crate) fn run_until_online(&mut self) {
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
            Event::Input { host, life, input } if self.hosts[host].life == life => {
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

    pub(crate) fn random_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        seed
    }

    /// What the directory answers.
    fn replies(&self) -> Option<DirectoryReplies> {
        match self.directory {
            Directory::Dead => None,
            Directory::Nonsense => Some(DirectoryReplies::default()),
            Directory::Honest => Some(self.honest_replies()),
        }
    }

    fn honest_replies(&self) -> DirectoryReplies {
        let mut layers: HashMap<usize, Vec<u16>> = HashMap::new();
        let mut mixnodes = Vec::new();
        for (address, mix) in self.mixes.iter().filter(|(_, mix)| mix.up) {
            let id = address.0.port();
            layers.entry(mix.layer).or_default().push(id);
            let role = json!({"Mixnode": {"layer": mix.layer + 1}});
            mixnodes.push(described(
                *address,
                &mix.identity,
                &mix.secret,
                role,
                Value::Null,
            ));
        }
        let up = || self.gateways.iter().filter(|gateway| gateway.up);
        let entry = |g: &Gateway| json!({"hostname": null, "ws_port": g.port, "wss_port": null});
        let gateways = up()
            .map(|g| {
                described(
                    g.address,
                    &g.identity,
                    &g.secret,
                    json!("EntryGateway"),
                    entry(g),
                )
            })
            .collect();
        let rewarded = json!({
            "epoch_id": self.epoch, "exit_gateways": [], "standby": [],
            "entry_gateways": up().map(|g| g.address.0.port()).collect::<Vec<_>>(),
            "layer1": layers[&0], "layer2": layers[&1], "layer3": layers[&2],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: self.page(mixnodes),
            entry_gateways: self.page(gateways),
        }
    }

    fn page(&self, nodes: Vec<Value>) -> Vec<u8> {
        let size = nodes.len();
        json!({
            "metadata": {"status": null, "absolute_epoch_id": self.epoch, "rotation_id": self.rotation,
                         "refreshed_at": "2026-05-23 07:41:02.7 +00:00:00"},
            "nodes": {"pagination": {"total": size, "page": 0, "size": size}, "data": nodes},
        })
        .to_string()
        .into_bytes()
    }
}

fn described(
    address: NodeAddress,
    identity: &SigningKey,
    secret: &EncryptionSecret,
    role: Value,
    entry: Value,
) -> Value {
    json!({
        "node_id": address.0.port(), "ip_addresses": ["127.0.0.1"],
        "mix_port": address.0.port(), "role": role, "entry": entry, "performance": "1",
        "ed25519_identity_pubkey": identity.identity_key().to_string(),
        "x25519_sphinx_pubkey": secret.public_key().to_string(),
    })
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "at {}, {} events", self.now, self.events.len())?;
        self.hosts
            .iter()
            .try_for_each(|host| writeln!(f, "{host:?}"))
    }
}
