//! When to lock by itself.

use std::time::Duration;

use sotto_core::time::Time;

/// How far the clock may be set back without that locking the vault.
pub const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// When the user wants the vault to be locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockSettings {
    /// After so long without use; never if there is nothing.
    pub after_idle: Option<Duration>,
}

/// Whether to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockDue {
    /// Not by itself.
    Never,
    /// Then, unless it is used before.
    At(Time),
    /// At once.
    Now,
}

/// Decides whether a vault that was last used then is to be locked now. Not for a vault without a
/// passphrase: that would be unlocked again by itself.
///
/// A clock set back by more than [`CLOCK_SLACK`] locks at once, as nothing is known of how long the
/// vault was idle.
#[must_use]
pub fn lock_due(settings: LockSettings, last_used: Time, now: Time) -> LockDue {
    let Some(idle) = settings.after_idle else {
        return LockDue::Never;
    };
    let due = last_used + idle;
    if due <= now || last_used.saturating_since(now) > CLOCK_SLACK {
        LockDue::Now
    } else {
        LockDue::At(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vault_is_locked_when_it_was_idle_for_long_enough_or_nobody_knows_how_long() {
        use LockDue::{At, Never, Now};
        let minute = 60_000;
        let at = Time::from_millis;
        for (after_seconds, last_used, now, due) in [
            (None, 0, u64::MAX, Never),
            (None, 10 * minute, 0, Never),
            (Some(300), 0, 0, At(at(5 * minute))),
            (Some(300), 0, 5 * minute - 1, At(at(5 * minute))),
            (Some(300), 0, 5 * minute, Now),
            (Some(300), minute, 5 * minute, At(at(6 * minute))),
            // The computer slept.
            (Some(300), 0, 1_000 * minute, Now),
            // The clock was corrected a little, and set back.
            (Some(300), 2 * minute, minute, At(at(7 * minute))),
            (Some(300), 2 * minute + 1, minute, Now),
            // At once.
            (Some(0), minute, minute, Now),
            (Some(300), u64::MAX, u64::MAX, Now),
        ] {
            let after_idle = after_seconds.map(Duration::from_secs);
            assert_eq!(
                lock_due(LockSettings { after_idle }, at(last_used), at(now)),
                due,
                "{after_seconds:?} {last_used} {now}"
            );
        }
    }
}
