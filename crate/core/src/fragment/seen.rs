//! Which fragments belong to messages that were received already.

use super::{Fragment, SetId};
use crate::time::Time;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Bytes kept of each fragment's hash: enough that no accident makes two fragments alike.
const DIGEST_LEN: usize = 8;

/// The most sets remembered; older ones are forgotten first.
const MAX_SETS: usize = 20_000;

/// How long a set is remembered. A gateway keeps messages for a day, and a sender that was cut
/// off may send again later still.
const MEMORY: Duration = Duration::from_secs(7 * 24 * 3600);

/// Remembers the sets of finished messages, so that a fragment sent again (its ack was lost) is
/// not taken for a new message.
///
/// Set ids are 31 random bits that strangers draw, so the id alone would now and then swallow a
/// new message. A fragment is a repetition only if its content is the same as well.
#[derive(Debug, Default)]
pub struct Seen {
    sets: HashMap<SetId, Vec<u8>>,
    order: VecDeque<(Time, SetId)>,
}

fn digest(fragment: &Fragment) -> [u8; DIGEST_LEN] {
    let hash = blake3::hash(&fragment.encode());
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl Seen {
    /// Whether this very fragment belongs to a message that was received already.
    pub fn contains(&self, fragment: &Fragment) -> bool {
        let place = usize::from(fragment.id().number).saturating_sub(1);
        self.sets
            .get(&fragment.id().set)
            .and_then(|digests| digests.chunks_exact(DIGEST_LEN).nth(place))
            .is_some_and(|known| *known == digest(fragment))
    }

    /// Sets remembered.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether no set is remembered.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The records of a finished message: for each set its id, the time (milliseconds, 8 bytes)
    /// and 8 bytes for each fragment.
    pub fn records(now: Time, fragments: &[Fragment]) -> Vec<(SetId, Vec<u8>)> {
        fragments
            .chunk_by(|a, b| a.id().set == b.id().set)
            .filter_map(|set| {
                let mut record = now.as_millis().to_be_bytes().to_vec();
                record.extend(set.iter().flat_map(digest));
                set.first().map(|first| (first.id().set, record))
            })
            .collect()
    }

    /// Takes a record in, new or read back; `false` if it is damaged.
    pub fn insert(&mut self, set: SetId, record: &[u8]) -> bool {
        let Some((time, digests)) = record.split_first_chunk() else {
            return false;
        };
        self.order
            .push_back((Time::from_millis(u64::from_be_bytes(*time)), set));
        self.sets.insert(set, digests.to_vec());
        true
    }

    /// Forgets what is too old or too much, and gives the sets whose records are to go.
    pub fn sweep(&mut self, now: Time) -> Vec<SetId> {
        let mut gone = Vec::new();
        while let Some((time, set)) = self.order.front().copied() {
            if now.saturating_since(time) <= MEMORY && self.order.len() <= MAX_SETS {
                break;
            }
            self.order.pop_front();
            self.sets.remove(&set);
            gone.push(set);
        }
        gone
    }

    /// Puts records read back in any order into the order of their times.
    pub fn sort(&mut self) {
        self.order.make_contiguous().sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fragment::Split;
    use crate::packet::PacketSize;

    fn message(text: &[u8], set: u32) -> Vec<Fragment> {
        let ids = vec![SetId::new(set).unwrap()];
        let split = Split::new(text.len(), PacketSize::Regular, ids).unwrap();
        (0..split.count())
            .filter_map(|index| split.fragment(text, index))
            .collect()
    }

    #[test]
    fn a_repetition_is_known_and_another_message_of_the_same_set_id_is_not() {
        let now = Time::from_millis(5);
        let mut seen = Seen::default();
        let first = message(&[1; 4000], 7);
        for (set, record) in Seen::records(now, &first) {
            assert!(seen.insert(set, &record));
        }
        assert!(first.iter().all(|fragment| seen.contains(fragment)));
        assert!(
            !message(&[2; 4000], 7)
                .iter()
                .take(2)
                .any(|fragment| seen.contains(fragment))
        );
        assert!(
            !message(&[1; 4000], 8)
                .iter()
                .any(|fragment| seen.contains(fragment))
        );
        let week = now + Duration::from_secs(604_800);
        assert_eq!(seen.sweep(week), []);
        assert_eq!(
            seen.sweep(week + Duration::from_millis(1)),
            [SetId::new(7).unwrap()]
        );
        assert!(!seen.contains(&first[0]));
        assert!(!seen.insert(SetId::new(9).unwrap(), &[0; 7]));
    }

    fn set(id: u32) -> SetId {
        SetId::new(id).unwrap()
    }

    fn record(millis: u64) -> Vec<u8> {
        [millis.to_be_bytes().as_slice(), &[7; 8]].concat()
    }

    #[test]
    fn the_oldest_sets_are_forgotten_when_there_are_too_many() {
        let mut seen = Seen::default();
        let most = u32::try_from(MAX_SETS).unwrap();
        for id in 1..=most {
            seen.insert(set(id), &record(u64::from(id)));
        }
        assert_eq!(seen.sweep(Time::from_millis(0)), []);
        seen.insert(set(most + 1), &record(0));
        assert_eq!(seen.sweep(Time::from_millis(0)), [set(1)]);
        // As after a restart: records come in any order.
        seen.sort();
        seen.insert(set(most + 2), &record(0));
        assert_eq!(seen.sweep(Time::from_millis(0)), [set(most + 1)]);
    }
}
