//! Epochs and key rotations (protocol.md 2.7, 9.2).

use sotto_core::time::Time;
use std::time::Duration;

/// Epochs for which a node's Sphinx key is valid. Mainnet's number.
const VALIDITY_EPOCHS: u32 = 24;

/// How the directory cuts time into epochs.
///
/// An epoch's number follows from the wall clock alone, so that it goes on after a restart, agrees
/// between all replies, and is large: the rotation is never 0, which packets cannot express.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epochs {
    seconds: u64,
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
    /// Epochs of the given length, at least a second.
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            seconds: length.as_secs().max(1),
        }
    }

    pub(crate) const fn validity_epochs(self) -> u32 {
        VALIDITY_EPOCHS
    }

    /// The epoch that is on at `now`.
    pub(crate) fn at(self, now: Time) -> Epoch {
        let number = now.as_seconds() / self.seconds;
        let id = u32::try_from(number).unwrap_or(u32::MAX);
        let rotation_id = id / VALIDITY_EPOCHS;
        let rotation_start = rotation_id * VALIDITY_EPOCHS;
        Epoch {
            id,
            rotation_id,
            start: number * self.seconds,
            duration: self.seconds,
            rotation_start,
            rotation_end: rotation_start.saturating_add(VALIDITY_EPOCHS - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_follow_from_epochs_and_are_never_zero() {
        // 2026-01-01T00:00:00Z, and epochs from a second to a day.
        for seconds in [1, 60, 3600, 86_400] {
            let epoch =
                Epochs::new(Duration::from_secs(seconds)).at(Time::from_millis(1_767_225_600_000));
            assert_eq!(epoch.rotation_id, epoch.id / 24);
            assert_ne!(epoch.rotation_id, 0);
            assert!((epoch.rotation_start..=epoch.rotation_end).contains(&epoch.id));
            assert_eq!(epoch.start, u64::from(epoch.id) * seconds);
        }
    }
}
