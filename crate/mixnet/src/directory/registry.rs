//! The nodes that the directory knows.

use crate::counters::{Counters, Counts};
use crate::descriptor::{Descriptor, Role, RotatingKey, SphinxKeys};
use crate::epoch::{Epoch, Epochs};
use crate::node::{KnownNodes, NodeKeys};
use parking_lot::Mutex;
use sotto_core::keys::EncryptionKey;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Nodes that the directory lists at the most.
const MAX_NODES: usize = 1000;

/// A node that runs apart is taken off the list when it was silent for so long; it announces
/// itself three times as often.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(6);

/// Why a node is on the list, which says how it leaves it.
#[derive(Clone)]
pub(crate) enum Origin {
    /// It runs in this process; its counters and keys can be read.
    Here(Arc<Counters>, Arc<NodeKeys>),
    /// It runs elsewhere and announces itself: when it did last, and its counts then.
    Announced(Instant, Counts),
    /// It was listed by the user and stays.
    Listed,
}

/// One node as the directory sees it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    pub(crate) origin: Origin,
    /// Stopped nodes stay visible to people, but not to clients.
    pub(crate) running: bool,
}

impl Entry {
    pub(crate) fn counts(&self) -> Counts {
        match &self.origin {
            Origin::Here(counters, _) => counters.counts(),
            Origin::Announced(_, counts) => *counts,
            Origin::Listed => Counts::default(),
        }
    }

    /// The node's Sphinx key for that rotation, if it has one.
    pub(crate) fn sphinx(&self, rotation: u32) -> Option<EncryptionKey> {
        match &self.origin {
            Origin::Here(_, keys) => keys.sphinx(rotation),
            Origin::Announced(..) | Origin::Listed => self.descriptor.sphinx.of(rotation),
        }
    }
}

/// A node that clients may use, with its Sphinx key of the rotation.
pub(crate) struct Offer {
    pub(crate) descriptor: Descriptor,
    pub(crate) sphinx: EncryptionKey,
    /// That of the next rotation, once it is announced.
    pub(crate) announced: Option<RotatingKey>,
}

/// The directory's list of nodes.
pub(crate) struct Registry {
    epochs: Mutex<Epochs>,
    nodes: Mutex<BTreeMap<u32, Entry>>,
    known: Arc<KnownNodes>,
    started: Instant,
    /// A node asks to be looked at again.
    pub(crate) asked_to_look: Notify,
}

impl Registry {
    pub(crate) fn new(epochs: Epochs, known: Arc<KnownNodes>) -> Self {
        Self {
            epochs: Mutex::new(epochs),
            nodes: Mutex::default(),
            known,
            started: Instant::now(),
            asked_to_look: Notify::new(),
        }
    }

    /// Since the directory started.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn epochs(&self) -> Epochs {
        *self.epochs.lock()
    }

    pub(crate) fn set_epochs(&self, epochs: Epochs) {
        *self.epochs.lock() = epochs;
    }

    /// Puts a node on the list, or back on it under the number it had: a node is known by its
    /// identity. `None` if the list is full.
    pub(crate) fn list(&self, descriptor: Descriptor, origin: Origin) -> Option<u32> {
        let mut nodes = self.nodes.lock();
        let known = nodes
            .iter()
            .find(|(_, e)| e.descriptor.identity == descriptor.identity);
        let id = match known {
            Some((id, _)) => *id,
            None if nodes.len() < MAX_NODES => nodes.keys().next_back().map_or(1, |id| id + 1),
            None => return None,
        };
        let descriptor = placed(descriptor, &nodes, id);
        nodes.insert(
            id,
            Entry {
                descriptor,
                origin,
                running: true,
            },
        );
        self.known.set(
            nodes
                .values()
                .map(|entry| entry.descriptor.mix_address.ip())
                .collect(),
        );
        Some(id)
    }

    /// Notes which keys a node has now.
    pub(crate) fn set_sphinx(&self, id: u32, keys: SphinxKeys) {
        if let Some(entry) = self.nodes.lock().get_mut(&id) {
            entry.descriptor.sphinx = keys;
        }
    }

    /// Notes that a node stopped: clients no longer hear of it.
    pub(crate) fn set_stopped(&self, id: u32) {
        if let Some(entry) = self.nodes.lock().get_mut(&id) {
            entry.running = false;
        }
    }

    /// Takes a node off that says goodbye.
    pub(crate) fn remove(&self, identity: &str) {
        self.nodes
            .lock()
            .retain(|_, entry| entry.descriptor.identity.to_string() != identity);
    }

    /// All nodes, in the order of their numbers. Those that fell silent are dropped first.
    pub(crate) fn nodes(&self) -> BTreeMap<u32, Entry> {
        let mut nodes = self.nodes.lock();
        nodes.retain(|_, entry| match entry.origin {
            Origin::Announced(last, _) => last.elapsed() < SILENCE_LIMIT,
            Origin::Here(..) | Origin::Listed => true,
        });
        nodes.clone()
    }

    /// The nodes that clients may use in that epoch.
    pub(crate) fn offers(&self, epoch: Epoch) -> BTreeMap<u32, Offer> {
        let offer = |(id, entry): (u32, Entry)| {
            let sphinx = entry.sphinx(epoch.rotation_id)?;
            let announced = epoch.announced().and_then(|rotation| {
                let key = entry.sphinx(rotation)?;
                Some(RotatingKey { rotation, key })
            });
            let offer = Offer {
                descriptor: entry.descriptor,
                sphinx,
                announced,
            };
            entry.running.then_some((id, offer))
        };
        self.nodes().into_iter().filter_map(offer).collect()
    }
}

/// Gives a mix that does not care the layer with the fewest nodes.
fn placed(descriptor: Descriptor, nodes: &BTreeMap<u32, Entry>, id: u32) -> Descriptor {
    let Role::Mix { layer: None } = descriptor.role else {
        return descriptor;
    };
    let members = |layer: u8| {
        nodes
            .values()
            .filter(|entry| entry.descriptor.role.layer() == Some(layer))
            .count()
    };
    // A node that was here before keeps its layer: moving it would break routes in use.
    let before = nodes
        .get(&id)
        .and_then(|entry| entry.descriptor.role.layer());
    let layer = before.or_else(|| (1..=3).min_by_key(|layer| members(*layer)));
    Descriptor {
        role: Role::Mix { layer },
        ..descriptor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::tests::descriptor;
    use crate::epoch::tests::epoch;
    use crate::node::test_keys;

    fn registry() -> Registry {
        Registry::new(Epochs::new(Duration::from_secs(3600), 24), Arc::default())
    }

    #[test]
    fn a_node_keeps_its_number_and_layer() {
        let registry = registry();
        let mix = |number| Descriptor {
            role: Role::Mix { layer: None },
            ..descriptor(number)
        };
        for (number, id) in [(1, 1), (2, 2), (3, 3), (2, 2), (4, 4)] {
            assert_eq!(registry.list(mix(number), Origin::Listed), Some(id));
        }
        let nodes = registry.nodes();
        let layers: Vec<_> = nodes
            .values()
            .map(|entry| entry.descriptor.role.layer())
            .collect();
        assert_eq!(layers, [1, 2, 3, 1].map(Some));
    }

    #[test]
    fn stopped_and_silent_nodes_are_not_offered() {
        let registry = registry();
        // Rotation 10 is epochs 30 to 32.
        let (keys, _folder) = test_keys(31);
        let here = Origin::Here(Arc::default(), Arc::new(keys));
        let offers = || registry.offers(epoch(31)).len();
        let long_ago = Instant::now().checked_sub(SILENCE_LIMIT).unwrap();
        let id = registry.list(descriptor(1), here.clone()).unwrap();
        registry.list(
            descriptor(2),
            Origin::Announced(long_ago, Counts::default()),
        );
        registry.list(
            descriptor(3),
            Origin::Announced(Instant::now(), Counts::default()),
        );
        assert_eq!(registry.nodes().len(), 2, "the silent one is gone");
        registry.set_stopped(id);
        assert_eq!((registry.nodes().len(), offers()), (2, 1));
        registry.list(descriptor(1), here);
        assert_eq!(offers(), 2, "it came back");
    }

    #[test]
    fn a_node_is_offered_with_its_key_of_the_rotation_or_not_at_all() {
        let registry = registry();
        let (keys, _folder) = test_keys(32);
        let keys = Arc::new(keys);
        let [key, own] = [7, 8].map(|byte| EncryptionKey::from_bytes([byte; 32]));
        let rotating = Descriptor {
            sphinx: SphinxKeys::Rotating(vec![RotatingKey { rotation: 11, key }]),
            ..descriptor(2)
        };
        let fixed = Descriptor {
            sphinx: SphinxKeys::Fixed(own),
            ..descriptor(3)
        };
        registry.list(descriptor(1), Origin::Here(Arc::default(), keys.clone()));
        registry.list(rotating, Origin::Listed);
        registry.list(fixed, Origin::Listed);
        let offered = |id| {
            let offers = registry.offers(epoch(id));
            [1, 2, 3].map(|id| offers.get(&id).map(|offer| offer.sphinx))
        };
        assert_eq!(offered(32), [keys.sphinx(10), None, Some(own)]);
        assert_eq!(offered(33), [keys.sphinx(11), Some(key), Some(own)]);
    }
}
