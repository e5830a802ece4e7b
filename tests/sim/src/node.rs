//! What every node has: keys that change with the rotation, and a memory of what it saw.

use sotto_core::ChaCha20Rng;
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::node::{self, Hop, NodeError};
use sotto_core::packet::KeyRotation;
use sotto_core::time::Time;
use std::collections::HashSet;
use std::time::Duration;

/// A node as the directory and other nodes know it.
pub(crate) struct Node {
    pub(crate) identity: SigningKey,
    current: SphinxKey,
    previous: Option<SphinxKey>,
    pub(crate) up: bool,
    down_since: Time,
}

/// A key and what was seen under it.
struct SphinxKey {
    rotation: u32,
    secret: EncryptionSecret,
    seen: HashSet<[u8; 32]>,
}

/// Why a node drops a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was made for a rotation that is over.
    OldKey,
    /// It was here before.
    Replay,
    /// It cannot be read.
    Bad(NodeError),
}

impl SphinxKey {
    fn draw(rng: &mut ChaCha20Rng, rotation: u32) -> Self {
        let secret = EncryptionSecret::generate(rng);
        Self {
            rotation,
            secret,
            seen: HashSet::new(),
        }
    }
}

impl Node {
    pub(crate) fn draw(rng: &mut ChaCha20Rng, rotation: u32) -> Self {
        let current = SphinxKey::draw(rng, rotation);
        Self {
            identity: SigningKey::generate(rng),
            current,
            previous: None,
            up: true,
            down_since: Time::default(),
        }
    }

    /// The key that the directory tells of.
    pub(crate) const fn secret(&self) -> &EncryptionSecret {
        &self.current.secret
    }

    /// A new rotation begins. Packets made for the one before are still read.
    pub(crate) fn rotate(&mut self, rng: &mut ChaCha20Rng, rotation: u32) {
        let next = SphinxKey::draw(rng, rotation);
        self.previous = Some(std::mem::replace(&mut self.current, next));
    }

    /// The key of the rotation before is destroyed.
    pub(crate) fn forget_previous(&mut self) {
        self.previous = None;
    }

    /// The process dies, and with it the memory of what was seen.
    pub(crate) fn stop(&mut self, now: Time) {
        self.up = false;
        self.down_since = now;
        self.current.seen.clear();
        if let Some(previous) = &mut self.previous {
            previous.seen.clear();
        }
    }

    /// Whether a directory that notices after `lag` that a node is gone still lists it.
    pub(crate) fn is_listed(&self, now: Time, lag: Duration) -> bool {
        self.up || now < self.down_since + lag
    }

    /// Takes this node's layer off a packet that was made for `rotation`.
    pub(crate) fn unwrap(&mut self, rotation: KeyRotation, packet: &[u8]) -> Result<Hop, Refusal> {
        let fits = |key: &SphinxKey| {
            rotation == KeyRotation::Unknown || rotation == KeyRotation::from_id(key.rotation)
        };
        let key = [Some(&mut self.current), self.previous.as_mut()]
            .into_iter()
            .flatten()
            .find(|key| fits(key));
        let key = key.ok_or(Refusal::OldKey)?;
        let unwrapped = node::unwrap(packet, &key.secret).map_err(|error| match error {
            // Two rotations ago the parity was the same.
            NodeError::WrongKey => Refusal::OldKey,
            other => Refusal::Bad(other),
        })?;
        if key.seen.insert(unwrapped.replay_tag) {
            Ok(unwrapped.hop)
        } else {
            Err(Refusal::Replay)
        }
    }
}
