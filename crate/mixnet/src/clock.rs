//! The wall clock, read in one place.

use sotto_core::time::Time;
use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 86_400;

/// Now.
pub(crate) fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The second at which the UTC day of `now` ends: until then free bandwidth lasts
/// (protocol.md 8.7).
pub(crate) fn end_of_utc_day(now: Time) -> u64 {
    (now.as_seconds() / SECONDS_A_DAY + 1) * SECONDS_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_the_next_midnight() {
        let at = |seconds: u64| end_of_utc_day(Time::from_millis(seconds * 1000));
        assert_eq!(at(0), 86_400);
        assert_eq!(at(86_399), 86_400);
        assert_eq!(at(86_400), 172_800);
    }
}
