//! The Sphinx keys that a node holds at a time: that of the rotation, and around a change of
//! rotation the one before or the one to come (protocol.md 2.7).

use super::replay::ReplayFilter;
use crate::epoch::Epoch;
use parking_lot::Mutex;
use rand_core::CryptoRng;
use sotto_core::keys::{EncryptionKey, EncryptionSecret};
use sotto_core::packet::KeyRotation;
use std::sync::Arc;

/// One Sphinx key with its own replay filter: when the key goes, so do the tags.
pub(super) struct SphinxKey {
    /// The running number of the rotation it is for.
    pub(super) rotation: u32,
    pub(super) secret: EncryptionSecret,
    pub(super) seen: Mutex<ReplayFilter>,
}

impl SphinxKey {
    pub(super) fn new(rotation: u32, secret: EncryptionSecret) -> Self {
        Self {
            rotation,
            secret,
            seen: Mutex::default(),
        }
    }
}

/// The keys, the one of the rotation that is on first.
#[derive(Clone, Default)]
pub(super) struct Ring(pub(super) Vec<Arc<SphinxKey>>);

impl Ring {
    /// The keys to hold in that epoch, new ones drawn; `None` if they are those held already.
    pub(super) fn turned(&self, epoch: Epoch, rng: &mut impl CryptoRng) -> Option<Self> {
        let keep_or_draw = |rotation| {
            let held = self.0.iter().find(|key| key.rotation == rotation).cloned();
            // Nobody was told of a key for a rotation that is over.
            let draw = || Arc::new(SphinxKey::new(rotation, EncryptionSecret::generate(rng)));
            held.or_else(|| (rotation >= epoch.rotation_id).then(draw))
        };
        let ring: Vec<_> = epoch.held().filter_map(keep_or_draw).collect();
        let same = ring.len() == self.0.len()
            && ring
                .iter()
                .zip(&self.0)
                .all(|(new, old)| Arc::ptr_eq(new, old));
        (!same).then_some(Self(ring))
    }

    /// The public key for that rotation, if there is one.
    pub(super) fn public(&self, rotation: u32) -> Option<EncryptionKey> {
        let key = self.0.iter().find(|key| key.rotation == rotation)?;
        Some(key.secret.public_key())
    }

    /// The keys to try for a packet, best first.
    pub(super) fn candidates(&self, rotation: KeyRotation) -> Vec<Arc<SphinxKey>> {
        let fits = |key: &&Arc<SphinxKey>| {
            rotation == KeyRotation::Unknown || rotation == KeyRotation::from_id(key.rotation)
        };
        self.0.iter().filter(fits).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::tests::epoch;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn rotations(ring: &Ring) -> Vec<u32> {
        ring.0.iter().map(|key| key.rotation).collect()
    }

    #[test]
    fn the_key_announced_is_the_key_of_the_next_rotation() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let mut ring = Ring::default();
        for id in 30..300 {
            let announced = ring.public(epoch(id).rotation_id);
            if let Some(turned) = ring.turned(epoch(id), &mut rng) {
                ring = turned;
            }
            let current = ring.public(epoch(id).rotation_id);
            assert!(current.is_some());
            assert!(id == 30 || announced == current, "epoch {id}");
            assert!(ring.turned(epoch(id), &mut rng).is_none(), "once an epoch");
        }
    }

    #[test]
    fn a_node_that_slept_draws_no_key_for_what_it_missed() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let ring = Ring::default().turned(epoch(33), &mut rng).unwrap();
        assert_eq!(rotations(&ring), [11]);
        let later = ring.turned(epoch(63), &mut rng).unwrap();
        assert_eq!(rotations(&later), [21]);
    }

    #[test]
    fn a_packet_is_tried_under_the_keys_of_its_parity() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let ring = Ring::default().turned(epoch(32), &mut rng).unwrap();
        let tried = |rotation| rotations(&Ring(ring.candidates(rotation)));
        assert_eq!(tried(KeyRotation::Even), [10]);
        assert_eq!(tried(KeyRotation::Odd), [11]);
        assert_eq!(tried(KeyRotation::Unknown), [10, 11]);
    }
}
