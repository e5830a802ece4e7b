//! Epochs and key rotations (protocol.md 2.7, 9.2).

use crate::clock;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sotto_core::time::Time;
use std::time::Duration;

/// Epochs for which a node's Sphinx key is valid. Mainnet's number.
pub const ROTATION_EPOCHS: u32 = 24;

/// How the directory cuts time into epochs, and epochs into key rotations.
///
/// An epoch's number follows from the wall clock alone, so that it goes on after a restart, agrees
/// between all replies, and is large: the rotation is never 0, which packets cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Epochs {
    seconds: u64,
    rotation: u32,
    /// Epochs skipped on request.
    skipped: u32,
}

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) id: u32,
    pub(crate) rotation_id: u32,
    /// Seconds since the Unix epoch.
    pub(crate) start: u64,
    /// Seconds.
    pub(crate) duration: u64,
    /// First epoch of the key rotation.
    pub(crate) rotation_start: u32,
    /// Last epoch of the key rotation.
    pub(crate) rotation_end: u32,
}

impl Epochs {
    /// Epochs of the given length, at least a second, and rotations of so many epochs, at least
    /// two: with one, a node would hold three keys at a time, two of them of the same parity.
    pub(crate) fn new(length: Duration, rotation: u32) -> Self {
        Self {
            seconds: length.as_secs().max(1),
            rotation: rotation.max(2),
            skipped: 0,
        }
    }

    /// The same, so many epochs later: for whoever cannot wait.
    pub(crate) const fn skip(self, epochs: u32) -> Self {
        Self {
            skipped: self.skipped.saturating_add(epochs),
            ..self
        }
    }

    /// How long an epoch lasts.
    pub(crate) const fn length(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Epochs in a rotation.
    pub(crate) const fn rotation(self) -> u32 {
        self.rotation
    }

    /// The epoch that is on at `now`.
    pub(crate) fn at(self, now: Time) -> Epoch {
        let number = now.as_seconds() / self.seconds;
        let id = u32::try_from(number).unwrap_or(u32::MAX);
        let id = id.saturating_add(self.skipped);
        let rotation_id = id / self.rotation;
        let rotation_start = rotation_id * self.rotation;
        Epoch {
            id,
            rotation_id,
            start: number * self.seconds,
            duration: self.seconds,
            rotation_start,
            rotation_end: rotation_start.saturating_add(self.rotation - 1),
        }
    }

    /// The epoch that is on.
    pub(crate) fn now(self) -> Epoch {
        self.at(clock::now())
    }
}

impl Epoch {
    /// The rotation that comes after, as soon as it is announced: in the last epoch of this one.
    pub(crate) fn announced(&self) -> Option<u32> {
        (self.id == self.rotation_end).then_some(self.rotation_id.saturating_add(1))
    }

    /// The rotation before, as long as its packets are taken: in the first epoch of this one.
    pub(crate) fn outgoing(&self) -> Option<u32> {
        (self.id == self.rotation_start).then_some(self.rotation_id.saturating_sub(1))
    }

    /// The rotations whose keys a node holds, the current one first.
    pub(crate) fn held(&self) -> impl Iterator<Item = u32> {
        let other = self.outgoing().or_else(|| self.announced());
        std::iter::once(self.rotation_id).chain(other)
    }

    /// Until the next epoch.
    pub(crate) fn left(&self, now: Time) -> Duration {
        let end = Time::from_millis((self.start + self.duration).saturating_mul(1000));
        end.saturating_since(now)
    }
}

/// The epochs, once they are known: a node that runs apart learns them from its directory.
#[derive(Debug, Default)]
pub(crate) struct Calendar(RwLock<Option<Epochs>>);

impl Calendar {
    pub(crate) fn new(epochs: Epochs) -> Self {
        Self(RwLock::new(Some(epochs)))
    }

    pub(crate) fn epochs(&self) -> Option<Epochs> {
        *self.0.read()
    }

    /// Notes what the directory says; whether that is news.
    pub(crate) fn learn(&self, epochs: Epochs) -> bool {
        self.0.write().replace(epochs) != Some(epochs)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An epoch with that number, in rotations of three.
    pub(crate) fn epoch(id: u32) -> Epoch {
        Epochs::new(Duration::from_secs(1), 3).at(Time::from_millis(u64::from(id) * 1000))
    }

    #[test]
    fn rotations_follow_from_epochs_and_are_never_zero() {
        // 2026-01-01T00:00:00Z, and epochs from a second to a day.
        let now = Time::from_millis(1_767_225_600_000);
        for seconds in [1, 60, 3600, 86_400] {
            let epoch = Epochs::new(Duration::from_secs(seconds), ROTATION_EPOCHS).at(now);
            assert_eq!(epoch.rotation_id, epoch.id / 24);
            assert_ne!(epoch.rotation_id, 0);
            assert!((epoch.rotation_start..=epoch.rotation_end).contains(&epoch.id));
            assert_eq!(epoch.start, u64::from(epoch.id) * seconds);
        }
    }

    #[test]
    fn two_keys_are_held_around_a_rotation_and_one_in_between() {
        let held = |id| epoch(id).held().collect::<Vec<_>>();
        let cases = [
            (30, vec![10, 9]),
            (31, vec![10]),
            (32, vec![10, 11]),
            (33, vec![11, 10]),
        ];
        for (id, expected) in cases {
            assert_eq!(held(id), expected, "epoch {id}");
        }
    }

    #[test]
    fn the_shortest_rotation_never_holds_two_keys_of_one_parity() {
        let epochs = Epochs::new(Duration::from_secs(1), 1);
        for second in 100..110 {
            let epoch = epochs.at(Time::from_millis(second * 1000));
            let parities: Vec<_> = epoch.held().map(|id| id % 2).collect();
            assert_eq!(parities.len(), 2, "{epoch:?}");
            assert_ne!(parities.first(), parities.last(), "{epoch:?}");
        }
    }

    #[test]
    fn skipped_epochs_move_the_number_and_not_the_clock() {
        let epochs = Epochs::new(Duration::from_secs(60), 3);
        let now = Time::from_millis(6_030_000);
        let (before, after) = (epochs.at(now), epochs.skip(1).skip(3).at(now));
        assert_eq!((before.id, after.id, after.rotation_id), (100, 104, 34));
        assert_eq!(after.start, before.start);
        assert_eq!(after.left(now), Duration::from_secs(30));
    }

    #[test]
    fn an_epoch_ends_when_the_next_one_begins() {
        let now = Time::from_millis(31_250);
        assert_eq!(epoch(31).left(now), Duration::from_millis(750));
        assert_eq!(epoch(30).left(now), Duration::ZERO);
    }
}
