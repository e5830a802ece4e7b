//! Fragments put together again (protocol.md 5.3), from senders who may mean harm.

use super::header::Fragment;
use super::split::unpad;
use super::{FragmentId, SetId};
use crate::time::Time;
use litemap::LiteMap;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// The most memory that unfinished messages take. Beyond it the set that was quiet for longest
/// goes.
pub const MAX_HELD_BYTES: usize = 64 << 20;

/// What a held fragment is charged besides its payload.
const FRAGMENT_OVERHEAD: usize = 64;

/// What a set is charged besides its fragments: a node of the tree has room for eleven fragments
/// even when it holds one, and a stranger can begin a set with a single byte.
const SET_OVERHEAD: usize = 1024;

/// What has become of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is kept; the message is not whole yet.
    Held,
    /// It was there already.
    Duplicate,
    /// It made a message whole.
    Complete(Complete),
    /// It was dropped, and with it fragments that were held.
    Refused {
        /// The reason.
        why: Refusal,
        /// Fragments that are held no longer.
        gone: Vec<FragmentId>,
    },
}

/// A whole message.
#[derive(PartialEq, Eq)]
pub struct Complete {
    /// The message, padding removed.
    pub message: Vec<u8>,
    /// All its fragments in order.
    pub fragments: Vec<Fragment>,
}

impl fmt::Debug for Complete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, fragments } = self;
        write!(
            f,
            "Complete({} bytes in {} fragments)",
            message.len(),
            fragments.len()
        )
    }
}

/// Why a fragment, or the whole message with it, was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Its total differs from that of the set's other fragments.
    InconsistentTotal,
    /// The links of the sets contradict each other or run in a circle.
    InconsistentLinks,
    /// The whole message has no end mark.
    NoPadding,
}

/// The fragments of one set that have come so far.
#[derive(Debug)]
struct PartialSet {
    total: u8,
    fragments: LiteMap<u8, Fragment>,
    touched: Time,
}

impl PartialSet {
    fn is_whole(&self) -> bool {
        self.fragments.len() == usize::from(self.total)
    }

    fn previous(&self) -> Option<SetId> {
        self.fragments
            .first()
            .and_then(|(_, first)| first.previous())
    }

    fn next(&self) -> Option<SetId> {
        self.fragments.last().and_then(|(_, last)| last.next())
    }

    fn bytes(&self) -> usize {
        SET_OVERHEAD + self.fragments.values().map(charge).sum::<usize>()
    }
}

fn charge(fragment: &Fragment) -> usize {
    fragment.payload.len() + FRAGMENT_OVERHEAD
}

fn ids(fragments: &[Fragment]) -> Vec<FragmentId> {
    fragments.iter().map(Fragment::id).collect()
}

/// Every message that is not whole yet.
#[derive(Debug, Default)]
pub struct Reassembly {
    sets: HashMap<SetId, PartialSet>,
    held_bytes: usize,
}

impl Reassembly {
    /// Bytes held for unfinished messages.
    pub const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Takes one fragment in.
    pub fn insert(&mut self, now: Time, fragment: Fragment) -> Arrival {
        let id = fragment.id.set;
        let total = fragment.total;
        let held_bytes = &mut self.held_bytes;
        let set = self.sets.entry(id).or_insert_with(|| {
            *held_bytes += SET_OVERHEAD;
            PartialSet {
                total,
                fragments: LiteMap::new(),
                touched: now,
            }
        });
        if set.total != total {
            return Arrival::Refused {
                why: Refusal::InconsistentTotal,
                gone: Vec::new(),
            };
        }
        set.touched = now;
        if set.fragments.contains_key(&fragment.id.number) {
            return Arrival::Duplicate;
        }
        self.held_bytes += charge(&fragment);
        set.fragments.insert(fragment.id.number, fragment);
        if !set.is_whole() {
            return Arrival::Held;
        }
        match self.chain(id) {
            Ok(Some(chain)) => self.complete(&chain),
            Ok(None) => Arrival::Held,
            Err(why) => Arrival::Refused {
                why,
                gone: ids(&self.remove(id)),
            },
        }
    }

    /// Beyond [`MAX_HELD_BYTES`] drops the sets that have been quiet for longest, and an eighth
    /// more, so that the search is worth its while. To be called after each insertion. Gives the
    /// fragments that are gone.
    pub fn make_room(&mut self, now: Time) -> Vec<FragmentId> {
        if self.held_bytes <= MAX_HELD_BYTES {
            return Vec::new();
        }
        self.drop_quietest(now, |_, held_bytes| held_bytes > MAX_HELD_BYTES / 8 * 7)
    }

    /// Drops sets that have been quiet for longer than `patience`. Gives the fragments that are
    /// gone.
    pub fn sweep(&mut self, now: Time, patience: Duration) -> Vec<FragmentId> {
        self.drop_quietest(now, |age, _| age > patience)
    }

    /// Drops sets, quietest first, while `drop` says so of one's age and of all held bytes.
    fn drop_quietest(
        &mut self,
        now: Time,
        drop: impl Fn(Duration, usize) -> bool,
    ) -> Vec<FragmentId> {
        let mut by_age: Vec<(Time, SetId)> = self
            .sets
            .iter()
            .map(|(id, set)| (set.touched, *id))
            .collect();
        by_age.sort_unstable();
        let mut gone = Vec::new();
        for (touched, id) in by_age {
            if !drop(now.saturating_since(touched), self.held_bytes) {
                break;
            }
            gone.extend(ids(&self.remove(id)));
        }
        gone
    }

    fn remove(&mut self, id: SetId) -> Vec<Fragment> {
        let Some(set) = self.sets.remove(&id) else {
            return Vec::new();
        };
        self.held_bytes = self.held_bytes.saturating_sub(set.bytes());
        set.fragments.into_iter().map(|(_, one)| one).collect()
    }

    /// The whole message's sets in order, if all of them are whole.
    fn chain(&self, member: SetId) -> Result<Option<Vec<SetId>>, Refusal> {
        let Some(first) = self.walk(member, PartialSet::previous, PartialSet::next)? else {
            return Ok(None);
        };
        let first = first.last().copied().unwrap_or(member);
        self.walk(first, PartialSet::next, PartialSet::previous)
    }

    /// Follows `forward` links from `start` to the end, checking that each set links `back`.
    /// `None` if a set on the way is not whole.
    fn walk(
        &self,
        start: SetId,
        forward: impl Fn(&PartialSet) -> Option<SetId>,
        back: impl Fn(&PartialSet) -> Option<SetId>,
    ) -> Result<Option<Vec<SetId>>, Refusal> {
        let mut path = vec![start];
        let mut here = start;
        while let Some(next) = self.sets.get(&here).and_then(&forward) {
            let Some(set) = self.sets.get(&next).filter(|set| set.is_whole()) else {
                return Ok(None);
            };
            if back(set) != Some(here) || path.len() > self.sets.len() {
                return Err(Refusal::InconsistentLinks);
            }
            path.push(next);
            here = next;
        }
        Ok(Some(path))
    }

    fn complete(&mut self, chain: &[SetId]) -> Arrival {
        let fragments: Vec<_> = chain.iter().flat_map(|id| self.remove(*id)).collect();
        let padded = fragments
            .iter()
            .flat_map(|f| f.payload.iter().copied())
            .collect();
        match unpad(padded) {
            Some(message) => Arrival::Complete(Complete { message, fragments }),
            None => Arrival::Refused {
                why: Refusal::NoPadding,
                gone: ids(&fragments),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fragment::Split;
    use crate::packet::PacketSize;

    const NOW: Time = Time::from_millis(1_000_000);

    fn fragments(message: &[u8], first_set: u32) -> Vec<Fragment> {
        let sets = Split::sets_needed(message.len(), PacketSize::Regular);
        let ids = (first_set..).map_while(SetId::new).take(sets).collect();
        let split = Split::new(message.len(), PacketSize::Regular, ids).unwrap();
        (0..split.count())
            .map(|index| split.fragment(message, index).unwrap())
            .collect()
    }

    fn fragment(set: u32, number: u8, total: u8, link: Option<u32>) -> Fragment {
        Fragment {
            id: FragmentId {
                set: SetId::new(set).unwrap(),
                number,
            },
            total,
            link: link.map(|id| SetId::new(id).unwrap()),
            payload: vec![7; 100],
        }
    }

    #[test]
    fn a_message_of_many_sets_is_whole_in_any_order() {
        let message: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 249) as u8).collect();
        let mut pieces = fragments(&message, 10);
        pieces.reverse();
        pieces.swap(3, 400);
        let mut reassembly = Reassembly::default();
        let last = pieces.pop().unwrap();
        for piece in pieces {
            assert_eq!(reassembly.insert(NOW, piece.clone()), Arrival::Held);
            assert_eq!(reassembly.insert(NOW, piece), Arrival::Duplicate);
        }
        let Arrival::Complete(complete) = reassembly.insert(NOW, last) else {
            panic!("the message is not whole");
        };
        assert_eq!(complete.message, message);
        assert_eq!(reassembly.held_bytes(), 0);
    }

    #[test]
    fn a_total_that_changes_inside_a_set_is_refused() {
        let mut reassembly = Reassembly::default();
        assert_eq!(
            reassembly.insert(NOW, fragment(1, 1, 2, None)),
            Arrival::Held
        );
        let refused = Arrival::Refused {
            why: Refusal::InconsistentTotal,
            gone: vec![],
        };
        assert_eq!(reassembly.insert(NOW, fragment(1, 3, 3, None)), refused);
    }

    #[test]
    fn links_that_run_in_a_circle_end_in_a_refusal() {
        let mut reassembly = Reassembly::default();
        let mut last = Arrival::Held;
        for (set, other) in [(1, 2), (2, 1)] {
            for number in 1..=255 {
                let link = matches!(number, 1 | 255).then_some(other);
                last = reassembly.insert(NOW, fragment(set, number, 255, link));
            }
        }
        let Arrival::Refused {
            why: Refusal::InconsistentLinks,
            gone,
        } = last
        else {
            panic!("the circle was not noticed: {last:?}");
        };
        assert_eq!(gone.len(), 255);
    }

    #[test]
    fn quiet_sets_go_and_memory_stays_bounded() {
        let mut reassembly = Reassembly::default();
        let patience = Duration::from_secs(60);
        reassembly.insert(NOW, fragment(1, 1, 2, None));
        assert_eq!(reassembly.sweep(NOW + patience, patience), []);
        let gone = reassembly.sweep(NOW + patience + Duration::from_millis(1), patience);
        assert_eq!(gone, [fragment(1, 1, 2, None).id()]);
        for set in 1..500_000 {
            reassembly.insert(NOW, fragment(set, 1, 2, None));
            reassembly.make_room(NOW);
            assert!(reassembly.held_bytes() <= MAX_HELD_BYTES);
        }
        assert_eq!(reassembly.sweep(NOW, patience), []);
        assert!(reassembly.held_bytes() > MAX_HELD_BYTES / 2);
    }
}
