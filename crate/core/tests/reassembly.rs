//! The reassembly against senders who draw any links between any sets.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use sotto_core::fragment::{Arrival, Fragment, FragmentId, Reassembly};
use sotto_core::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;

const NOW: Time = Time::from_millis(1_000_000);

/// A set as a stranger may send it: its links, its size, and which fragments never come.
#[derive(Clone, Debug)]
struct AnySet {
    id: u32,
    total: u8,
    previous: Option<u32>,
    next: Option<u32>,
    missing: Option<u8>,
}

fn any_set() -> impl Strategy<Value = AnySet> {
    let link = || proptest::option::of(1..6_u32);
    let total = prop_oneof![1 => Just(1_u8), 1 => Just(2), 5 => Just(255)];
    let missing = proptest::option::weighted(0.1, 1..=255_u8);
    (1..6_u32, total, link(), link(), missing).prop_map(|(id, total, previous, next, missing)| {
        AnySet {
            id,
            total,
            previous,
            next,
            missing,
        }
    })
}

impl AnySet {
    /// The set's fragments, as far as they are well-formed and come at all.
    fn fragments(&self) -> Vec<Fragment> {
        let fragment = |number: u8| {
            let link = match number {
                1 => self.previous,
                255 => self.next,
                _ => None,
            };
            let mut bytes = (self.id | 0x8000_0000).to_be_bytes().to_vec();
            bytes.extend([self.total, number]);
            match link {
                None => bytes.push(0),
                Some(link) => bytes.extend((link | 0x8000_0000).to_be_bytes()),
            }
            // Ends in what may be padding.
            bytes.extend([self.id as u8, number, 1, 0]);
            Fragment::decode(&bytes).ok()
        };
        let comes = |number: &u8| Some(*number) != self.missing;
        (1..=self.total)
            .filter(comes)
            .filter_map(fragment)
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_links_between_any_sets_end_in_messages_refusals_or_patience(
        sets in vec(any_set(), 1..7), seed in any::<u64>(),
    ) {
        let mut fragments: Vec<_> = sets.iter().flat_map(AnySet::fragments).collect();
        // A cheap shuffle, the same for the same seed.
        fragments.sort_by_cached_key(|fragment| {
            let [a, b, c, d, e] = fragment.id().to_bytes();
            let word = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
            (word ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7
        });
        let mut reassembly = Reassembly::default();
        // What is held, as a host that follows the answers knows it.
        let mut held: BTreeMap<FragmentId, Fragment> = BTreeMap::new();
        for fragment in fragments {
            let id = fragment.id();
            match reassembly.insert(NOW, fragment.clone()) {
                Arrival::Held => prop_assert_eq!(held.insert(id, fragment), None),
                Arrival::Duplicate => prop_assert!(held.contains_key(&id)),
                Arrival::Refused { gone, .. } => {
                    for id in gone {
                        held.remove(&id);
                    }
                }
                Arrival::Complete(complete) => {
                    held.insert(id, fragment);
                    let padded: Vec<u8> = complete
                        .fragments
                        .iter()
                        .flat_map(|fragment| fragment.payload().to_vec())
                        .collect();
                    prop_assert!(padded.starts_with(&complete.message));
                    for part in complete.fragments {
                        prop_assert_eq!(held.remove(&part.id()), Some(part));
                    }
                }
            }
            prop_assert_eq!(reassembly.held_bytes() == 0, held.is_empty());
        }
        let later = NOW + Duration::from_secs(1);
        for id in reassembly.sweep(later, Duration::ZERO) {
            prop_assert!(held.remove(&id).is_some());
        }
        prop_assert!(held.is_empty(), "still held: {:?}", held.keys());
        prop_assert_eq!(reassembly.held_bytes(), 0);
    }
}
