//! What lies between the nodes: packets on their way, and what becomes of them.

use crate::fault::Fault;
use crate::gateway::{Gateway, Manners};
use crate::node::{Node, Refusal};
use crate::trace::Note;
use crate::world::{Event, LATENCY, World};
use rand_core::Rng;
use sotto_core::address::NodeAddress;
use sotto_core::node::Hop;
use sotto_core::packet::KeyRotation;
use std::time::Duration;

/// What the network between the nodes does to packets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Share of packets lost on each way between nodes.
    pub loss: f64,
    /// Share of packets that come twice.
    pub duplication: f64,
    /// The most that any packet takes longer than usual.
    pub jitter: Duration,
    /// Share of packets that are overtaken by those behind them.
    pub stragglers: f64,
    /// How much longer those take at the most.
    pub straggle: Duration,
}

/// A packet between two nodes.
#[derive(Clone)]
pub(crate) struct Flying {
    pub(crate) rotation: KeyRotation,
    pub(crate) bytes: Vec<u8>,
    /// Whether the network itself has made a second one like it.
    pub(crate) doubled: bool,
}

impl World {
    /// Draws whether something happens that happens in this share of cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && f64::from(self.rng.next_u32()) / f64::from(u32::MAX) < share
    }

    /// Draws a time up to `most`.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap();
        Duration::from_millis(self.rng.next_u64() % (millis + 1))
    }

    /// Hands a packet to a node after `delay`, as the conditions are.
    pub(crate) fn forward(&mut self, node: NodeAddress, delay: Duration, mut packet: Flying) {
        if self.chance(self.conditions.loss) {
            return self.happened(Fault::Loss);
        }
        if self.chance(self.conditions.duplication) {
            self.happened(Fault::Duplication);
            packet.doubled = true;
            self.launch(node, delay, packet.clone());
        }
        self.launch(node, delay, packet);
    }

    fn launch(&mut self, node: NodeAddress, delay: Duration, packet: Flying) {
        let mut delay = delay + LATENCY;
        if !self.conditions.jitter.is_zero() {
            self.happened(Fault::Delay);
            delay += self.up_to(self.conditions.jitter);
        }
        if self.chance(self.conditions.stragglers) {
            self.happened(Fault::Reordering);
            delay += self.up_to(self.conditions.straggle);
        }
        self.after(delay, Event::Packet { node, packet });
    }

    /// A packet reaches a node.
    pub(crate) fn packet(&mut self, at: NodeAddress, packet: Flying) {
        let (port, len) = (at.0.port(), packet.bytes.len());
        self.note(Note::Packet { node: port, len });
        let Some(node) = self.running(at) else {
            return self.dropped(port, "the node is down");
        };
        match node.unwrap(packet.rotation, &packet.bytes) {
            Ok(hop) => self.hop(at, &packet, hop),
            Err(Refusal::OldKey) => self.dropped(port, "the key is gone"),
            Err(Refusal::Replay) => {
                assert!(packet.doubled, "a packet or a SURB was used twice");
                self.dropped(port, "a replay");
            }
            Err(Refusal::Bad(error)) => panic!("a client made a bad packet: {error}"),
        }
    }

    fn dropped(&mut self, node: u16, why: &'static str) {
        self.note(Note::Dropped { node, why });
    }

    /// The node there, if it takes packets.
    fn running(&mut self, at: NodeAddress) -> Option<&mut Node> {
        if let Some(mix) = self.mixes.get_mut(&at) {
            return Some(&mut mix.node).filter(|node| node.up);
        }
        let there = |gateway: &&mut Gateway| gateway.address == at;
        self.gateways
            .iter_mut()
            .find(there)
            .filter(|gateway| gateway.is_up() && gateway.manners != Manners::Deaf)
            .map(|gateway| &mut gateway.node)
    }

    fn hop(&mut self, at: NodeAddress, packet: &Flying, hop: Hop) {
        let onward = |bytes| Flying {
            bytes,
            ..packet.clone()
        };
        match hop {
            Hop::Forward {
                next,
                delay,
                packet,
            } => self.forward(next, delay, onward(packet)),
            Hop::Final {
                destination,
                delivery,
                ack,
            } => {
                let ack = ack.map(|(next, ack)| (next, onward(ack)));
                Gateway::take(self, at, destination, delivery, ack);
            }
        }
    }
}
