//! SURBs held for answering anonymous correspondents, and when to ask for more
//! (protocol.md 6.5, 6.6).

use crate::message::SenderTag;
use crate::packet::KeyRotation;
use crate::surb::Surb;
use crate::time::Time;
use litemap::LiteMap;
use std::collections::VecDeque;
use std::time::Duration;

/// The last few SURBs of a correspondent only carry requests for more.
pub const RESERVE: usize = 10;

/// With so many on hand or on their way, no more are asked for.
const ENOUGH: usize = 200;

/// The fewest and the most that are asked for at once.
const REQUEST: std::ops::RangeInclusive<usize> = 10..=50;

/// A request that has brought nothing for so long is repeated.
const REPEAT_AFTER: Duration = Duration::from_secs(10);

/// So many requests in a row that bring nothing are made.
const MAX_REQUESTS: u32 = 6;

/// After so long without any SURB, answers that wait for one are given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 60);

/// Which SURBs still lead back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Made for the keys that nodes use now, or for unknown ones.
    Fresh,
    /// Made for the keys before: nodes may still have them.
    Stale,
    /// Made for keys that are gone.
    Dead,
}

/// The rotation that nodes are in, as the topology tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RotationNow {
    /// Its running number.
    pub(super) id: u32,
    /// Epochs for which it has been known to last.
    pub(super) age: u32,
    since: u32,
}

impl RotationNow {
    /// The state after a look at the directory.
    pub(super) const fn next(self, id: u32, epoch: u32) -> Self {
        let since = if id == self.id { self.since } else { epoch };
        Self {
            id,
            age: epoch.saturating_sub(since),
            since,
        }
    }
}

/// How good a SURB is that was made for rotation `made_for`.
pub(super) fn freshness(made_for: Option<u32>, now: RotationNow) -> Freshness {
    match made_for {
        None => Freshness::Fresh,
        Some(id) if id >= now.id => Freshness::Fresh,
        Some(id) if id + 1 == now.id && now.age < 1 => Freshness::Stale,
        Some(_) => Freshness::Dead,
    }
}

/// The running number of the rotation that a batch was made for, which carries its parity only:
/// this one, or the one before.
pub(super) fn made_for(parity: KeyRotation, now: u32) -> Option<u32> {
    match parity {
        KeyRotation::Unknown => None,
        same if same == KeyRotation::from_id(now) => Some(now),
        _ => Some(now.saturating_sub(1)),
    }
}

/// What is known of a correspondent when deciding whether to ask for more SURBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// SURBs on hand, stale ones included.
    pub(super) available: usize,
    /// SURBs among them that will not last.
    pub(super) stale: usize,
    /// SURBs that were asked for and have not come.
    pub(super) pending: usize,
    /// Fragments of answers that wait.
    pub(super) queued: usize,
    /// Requests in a row that have brought nothing.
    pub(super) requests: u32,
    /// How long ago the last request was made, or a SURB came.
    pub(super) quiet: Duration,
}

/// What to do about a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing.
    Wait,
    /// Ask for so many.
    Ask(usize),
    /// Answers that wait are hopeless.
    GiveUp,
}

/// Decides what to do about a level.
pub(super) fn decide(level: Level) -> Decision {
    let Level {
        available,
        stale,
        pending,
        queued,
        requests,
        quiet,
    } = level;
    if queued > 0 && available <= RESERVE && quiet >= GIVE_UP_AFTER {
        return Decision::GiveUp;
    }
    let lost = quiet >= REPEAT_AFTER;
    let expected = if lost { 0 } else { pending };
    let good = available.saturating_sub(stale) + expected;
    let wanted = queued + RESERVE;
    let may_ask = available > 0 && requests < MAX_REQUESTS && good < ENOUGH && good < wanted;
    if !may_ask || (requests > 0 && quiet < REPEAT_AFTER) {
        return Decision::Wait;
    }
    Decision::Ask((wanted - good).clamp(*REQUEST.start(), *REQUEST.end()))
}

/// One SURB on hand.
#[derive(Debug)]
pub(super) struct Held {
    /// Its record's number.
    pub(super) number: u64,
    /// The rotation to send it with.
    pub(super) parity: KeyRotation,
    made_for: Option<u32>,
    pub(super) surb: Surb,
}

impl Held {
    /// Parity, rotation (0 for unknown), SURB.
    fn to_record(&self) -> Vec<u8> {
        let made_for = self.made_for.unwrap_or_default().to_be_bytes();
        [
            &[self.parity.to_byte()],
            made_for.as_slice(),
            &self.surb.to_record(),
        ]
        .concat()
    }

    fn from_record(number: u64, record: &[u8]) -> Option<Self> {
        let (parity, rest) = record.split_first()?;
        let (made_for, surb) = rest.split_first_chunk()?;
        let made_for = Some(u32::from_be_bytes(*made_for)).filter(|id| *id > 0);
        let parity = KeyRotation::from_byte(*parity)?;
        Some(Self {
            number,
            parity,
            made_for,
            surb: Surb::from_record(surb).ok()?,
        })
    }
}

/// The name of a SURB's record: sender tag, number.
pub(super) fn record_key(tag: SenderTag, number: u64) -> Vec<u8> {
    [tag.0.as_slice(), &number.to_be_bytes()].concat()
}

/// What is held for one correspondent.
#[derive(Debug, Default)]
struct Holding {
    held: VecDeque<Held>,
    pending: usize,
    requests: u32,
    quiet_since: Time,
}

/// All SURBs on hand.
#[derive(Debug, Default)]
pub(super) struct Surbs {
    holdings: LiteMap<SenderTag, Holding>,
    next_number: u64,
}

impl Surbs {
    /// The most that are held for one correspondent: a stranger cannot fill the disk.
    const MAX_HELD: usize = 500;

    /// The most correspondents.
    const MAX_TAGS: usize = 1000;

    /// Takes a new SURB; gives its record's name and content, or `None` if there are too many.
    pub(super) fn receive(
        &mut self,
        now: Time,
        tag: SenderTag,
        parity: KeyRotation,
        made_for: Option<u32>,
        surb: Surb,
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let known = self.holdings.contains_key(&tag);
        if !known && self.holdings.len() >= Self::MAX_TAGS {
            return None;
        }
        let number = self.next_number;
        let holding = self.holdings.entry(tag).or_default();
        if holding.held.len() >= Self::MAX_HELD {
            return None;
        }
        holding.pending = holding.pending.saturating_sub(1);
        holding.requests = 0;
        holding.quiet_since = now;
        let held = Held {
            number,
            parity,
            made_for,
            surb,
        };
        let record = (record_key(tag, number), held.to_record());
        self.add(tag, held);
        Some(record)
    }

    /// Takes a SURB that was read from disk; `false` if the record is damaged.
    pub(super) fn restore(&mut self, now: Time, key: &[u8], record: &[u8]) -> bool {
        let Some((tag, number)) = key.split_first_chunk() else {
            return false;
        };
        let Ok(number) = number.try_into().map(u64::from_be_bytes) else {
            return false;
        };
        let Some(held) = Held::from_record(number, record) else {
            return false;
        };
        self.add(SenderTag(*tag), held);
        self.waits_from(now, SenderTag(*tag));
        true
    }

    fn add(&mut self, tag: SenderTag, held: Held) {
        self.next_number = self.next_number.max(held.number.saturating_add(1));
        self.holdings.entry(tag).or_default().held.push_back(held);
    }

    /// Correspondents, and SURBs of all of them.
    pub(super) fn footprint(&self) -> (usize, usize) {
        let held = self.holdings.values().map(|holding| holding.held.len());
        (self.holdings.len(), held.sum())
    }

    /// Everyone who ever gave a SURB.
    pub(super) fn tags(&self) -> Vec<SenderTag> {
        self.holdings.keys().copied().collect()
    }

    /// Whether anything was ever received from the correspondent, so that it can be answered.
    pub(super) fn knows(&self, tag: SenderTag) -> bool {
        self.holdings.contains_key(&tag)
    }

    /// SURBs on hand.
    pub(super) fn available(&self, tag: SenderTag) -> usize {
        self.holdings
            .get(&tag)
            .map_or(0, |holding| holding.held.len())
    }

    /// Whether an answer's fragment may leave.
    pub(super) fn may_reply(&self, tag: SenderTag) -> bool {
        self.available(tag) > RESERVE
    }

    /// Takes a SURB out, a fresh one if there is any. It never comes back.
    pub(super) fn take(&mut self, tag: SenderTag, now: RotationNow) -> Option<Held> {
        let held = &mut self.holdings.get_mut(&tag)?.held;
        let fresh = held
            .iter()
            .position(|held| freshness(held.made_for, now) == Freshness::Fresh);
        held.remove(fresh.unwrap_or(0))
    }

    /// Takes SURBs out that lead nowhere any more.
    pub(super) fn drop_dead(&mut self, now: RotationNow) -> Vec<(SenderTag, u64)> {
        let mut gone = Vec::new();
        for (tag, holding) in &mut self.holdings {
            holding.held.retain(|held| {
                let dead = freshness(held.made_for, now) == Freshness::Dead;
                if dead {
                    gone.push((*tag, held.number));
                }
                !dead
            });
        }
        gone
    }

    /// What is known of a correspondent.
    pub(super) fn level(
        &self,
        now: Time,
        tag: SenderTag,
        rotation: RotationNow,
        queued: usize,
    ) -> Option<Level> {
        let holding = self.holdings.get(&tag)?;
        let stale = |held: &&Held| freshness(held.made_for, rotation) != Freshness::Fresh;
        Some(Level {
            available: holding.held.len(),
            stale: holding.held.iter().filter(stale).count(),
            pending: holding.pending,
            queued,
            requests: holding.requests,
            quiet: now.saturating_since(holding.quiet_since),
        })
    }

    /// A request for so many was made.
    pub(super) fn asked(&mut self, now: Time, tag: SenderTag, amount: usize) {
        if let Some(holding) = self.holdings.get_mut(&tag) {
            holding.pending = amount;
            holding.requests = holding.requests.saturating_add(1);
            holding.quiet_since = now;
        }
    }

    /// An answer begins to wait now: give-up times count from here. It may wait for a
    /// correspondent of whom nothing is left but the answer.
    pub(super) fn waits_from(&mut self, now: Time, tag: SenderTag) {
        let holding = self.holdings.entry(tag).or_default();
        holding.quiet_since = now;
        holding.requests = 0;
    }

    /// The clock was set back: nothing came later than now.
    pub(super) fn clock_was_set(&mut self, now: Time) {
        for (_, holding) in &mut self.holdings {
            holding.quiet_since = holding.quiet_since.min(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(available: usize, pending: usize, queued: usize) -> Level {
        let quiet = Duration::ZERO;
        Level {
            available,
            stale: 0,
            pending,
            queued,
            requests: 0,
            quiet,
        }
    }

    #[test]
    fn more_surbs_are_asked_for_as_the_official_client_does() {
        let after = |seconds, level| Level {
            quiet: Duration::from_secs(seconds),
            ..level
        };
        let tried = |requests, level| Level { requests, ..level };
        let table = [
            (level(20, 0, 0), Decision::Wait),
            (level(10, 0, 0), Decision::Wait),
            (level(9, 0, 0), Decision::Ask(10)),
            (level(10, 0, 5), Decision::Ask(10)),
            (level(10, 0, 30), Decision::Ask(30)),
            (level(10, 0, 400), Decision::Ask(50)),
            (level(10, 30, 30), Decision::Wait),
            (level(0, 0, 30), Decision::Wait),
            (level(200, 0, 900), Decision::Wait),
            (after(9, tried(1, level(5, 30, 20))), Decision::Wait),
            (after(9, tried(1, level(5, 10, 20))), Decision::Wait),
            (after(0, tried(0, level(5, 10, 20))), Decision::Ask(15)),
            (after(10, tried(1, level(5, 30, 20))), Decision::Ask(25)),
            (after(10, tried(6, level(5, 30, 20))), Decision::Wait),
            (after(299, tried(6, level(5, 30, 20))), Decision::Wait),
            (after(300, tried(6, level(5, 30, 20))), Decision::GiveUp),
            (after(300, level(0, 0, 1)), Decision::GiveUp),
            (after(300, level(0, 0, 0)), Decision::Wait),
            (
                Level {
                    stale: 15,
                    ..level(20, 0, 0)
                },
                Decision::Ask(10),
            ),
        ];
        for (level, decision) in table {
            assert_eq!(decide(level), decision, "{level:?}");
        }
    }

    #[test]
    fn surbs_age_with_the_rotation_they_were_made_for() {
        let now = |id, age| RotationNow { id, age, since: 0 };
        let table = [
            (None, now(9, 5), Freshness::Fresh),
            (Some(9), now(9, 5), Freshness::Fresh),
            (Some(10), now(9, 5), Freshness::Fresh),
            (Some(8), now(9, 0), Freshness::Stale),
            (Some(8), now(9, 1), Freshness::Dead),
            (Some(7), now(9, 0), Freshness::Dead),
        ];
        for (made_for, now, expected) in table {
            assert_eq!(freshness(made_for, now), expected, "{made_for:?} {now:?}");
        }
        assert_eq!(made_for(KeyRotation::Unknown, 9), None);
        assert_eq!(made_for(KeyRotation::Odd, 9), Some(9));
        assert_eq!(made_for(KeyRotation::Even, 9), Some(8));
    }

    const TAG: SenderTag = SenderTag([3; 16]);
    const NOW: Time = Time::from_millis(1000);

    /// A SURB over one hop, told from others by its key. It leads nowhere.
    fn surb(key: u8) -> Surb {
        let first_hop = [&[4, 6, 253, 127, 0, 0, 1], [0; 25].as_slice()].concat();
        let parts = [&[2][..], &[key; 16], &[0; 348], &first_hop, &[0; 16]];
        Surb::from_record(&parts.concat()).unwrap()
    }

    /// Takes a SURB of rotation `made_for`, whose number is given.
    fn receive(surbs: &mut Surbs, made_for: Option<u32>) -> u64 {
        let number = surbs.next_number;
        let parity = made_for.map_or(KeyRotation::Unknown, KeyRotation::from_id);
        assert!(surbs.receive(NOW, TAG, parity, made_for, surb(1)).is_some());
        number
    }

    #[test]
    fn the_last_ten_are_kept_for_requests_and_waiting_for_them_ends() {
        let waited = |level| Level {
            quiet: GIVE_UP_AFTER,
            requests: MAX_REQUESTS,
            ..level
        };
        assert_eq!(decide(waited(level(10, 0, 1))), Decision::GiveUp);
        assert_eq!(decide(waited(level(11, 0, 1))), Decision::Wait);
        let mut surbs = Surbs::default();
        for count in 1..=RESERVE + 1 {
            assert!(!surbs.may_reply(TAG), "with {} on hand", count - 1);
            receive(&mut surbs, None);
            assert_eq!(surbs.available(TAG), count);
        }
        assert!(surbs.may_reply(TAG));
    }

    #[test]
    fn a_rotation_ages_with_the_epochs_since_it_was_first_seen() {
        let first = RotationNow::default().next(4, 100);
        assert_eq!((first.id, first.age), (4, 0));
        assert_eq!(first.next(4, 103).age, 3);
        assert_eq!(first.next(4, 99).age, 0, "a directory that went back");
        let second = first.next(4, 103).next(5, 104);
        assert_eq!((second.id, second.age), (5, 0));
        assert_eq!(second.next(5, 106).age, 2);
    }

    #[test]
    fn surbs_survive_a_restart_as_they_were() {
        for made_for in [None, Some(8), Some(9)] {
            let (mut before, mut after) = (Surbs::default(), Surbs::default());
            receive(&mut before, None);
            let parity = made_for.map_or(KeyRotation::Unknown, KeyRotation::from_id);
            let (key, record) = before.receive(NOW, TAG, parity, made_for, surb(7)).unwrap();
            assert!(after.restore(NOW, &key, &record));
            assert_eq!((after.knows(TAG), after.available(TAG)), (true, 1));
            let held = after.take(TAG, RotationNow::default()).unwrap();
            assert_eq!(
                (held.number, held.parity, held.made_for),
                (1, parity, made_for)
            );
            assert_eq!(held.surb.to_record(), surb(7).to_record());
            assert_eq!(receive(&mut after, None), 2, "no number is given twice");
        }
    }

    #[test]
    fn damaged_surbs_are_refused() {
        let mut surbs = Surbs::default();
        let (key, record) = surbs
            .receive(NOW, TAG, KeyRotation::Odd, Some(9), surb(1))
            .unwrap();
        let mut other = Surbs::default();
        for (key, record) in [
            (&key[..15], &record[..]),
            (&key[..23], &record[..]),
            (&key[..], &record[..4]),
            (&key[..], &record[..record.len() - 1]),
            (&key[..], &[&[3], &record[1..]].concat()[..]),
        ] {
            assert!(!other.restore(NOW, key, record));
        }
        assert!(!other.knows(TAG));
        assert_eq!(other.tags(), []);
    }

    #[test]
    fn fresh_surbs_are_used_before_stale_ones_and_dead_ones_never() {
        let mut surbs = Surbs::default();
        let dead = receive(&mut surbs, Some(7));
        let stale = receive(&mut surbs, Some(8));
        let fresh = [receive(&mut surbs, Some(9)), receive(&mut surbs, None)];
        let now = RotationNow::default().next(9, 100);
        assert_eq!(surbs.level(NOW, TAG, now, 0).unwrap().stale, 2);
        assert_eq!(surbs.drop_dead(now), [(TAG, dead)]);
        let mut level = surbs.level(NOW, TAG, now, 5).unwrap();
        assert_eq!((level.available, level.stale, level.queued), (3, 1, 5));
        let used: Vec<_> = std::iter::from_fn(|| surbs.take(TAG, now))
            .map(|held| held.number)
            .collect();
        assert_eq!(used, [fresh[0], fresh[1], stale]);
        level = surbs.level(NOW, TAG, now, 0).unwrap();
        assert_eq!((level.available, level.stale), (0, 0));
        assert_eq!(surbs.tags(), [TAG]);
    }

    #[test]
    fn what_was_asked_for_counts_until_it_comes() {
        let mut surbs = Surbs::default();
        let later = NOW + Duration::from_secs(7);
        surbs.asked(NOW, TAG, 5);
        assert_eq!(surbs.level(NOW, TAG, RotationNow::default(), 0), None);
        receive(&mut surbs, None);
        surbs.asked(later, TAG, 20);
        surbs.asked(later, TAG, 10);
        let level = |surbs: &Surbs, seconds| {
            let now = NOW + Duration::from_secs(seconds);
            let level = surbs.level(now, TAG, RotationNow::default(), 0).unwrap();
            (level.pending, level.requests, level.quiet.as_secs())
        };
        assert_eq!(level(&surbs, 9), (10, 2, 2));
        receive(&mut surbs, None);
        assert_eq!(level(&surbs, 9), (9, 0, 9), "something came");
        surbs.asked(later, TAG, 10);
        surbs.waits_from(NOW + Duration::from_secs(8), TAG);
        assert_eq!(level(&surbs, 9), (10, 0, 1), "another answer waits");
    }

    #[test]
    fn a_stranger_cannot_fill_the_disk_with_surbs() {
        let mut surbs = Surbs::default();
        let give = |surbs: &mut Surbs, tag: u16| {
            let mut bytes = [0; 16];
            bytes[..2].copy_from_slice(&tag.to_be_bytes());
            surbs
                .receive(NOW, SenderTag(bytes), KeyRotation::Odd, None, surb(1))
                .is_some()
        };
        assert!((0..500).all(|_| give(&mut surbs, 0)));
        assert!(!give(&mut surbs, 0));
        assert!((1..1000).all(|tag| give(&mut surbs, tag)));
        assert!(!give(&mut surbs, 1000), "too many correspondents");
        assert!(give(&mut surbs, 999), "a known one");
    }
}
