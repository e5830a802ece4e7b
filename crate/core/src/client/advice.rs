//! When a gateway counts as gone for good, so that a person is advised to choose another.

use crate::time::Time;
use std::time::Duration;

/// A gateway that the directory does not list any more is missing for two epochs: it was taken
/// off, or its operator stopped it.
const GONE_IF_MISSING: Duration = Duration::from_secs(2 * 3600);

/// A gateway that is listed may only be unreachable from here, or be under repair.
const GONE_IF_LISTED: Duration = Duration::from_secs(12 * 3600);

/// For how many hours the gateway has been gone, if that is long enough to advise another one.
///
/// `heard_at` is its last sign of life. Without a current topology (`known`) the fault is more
/// likely on our side.
pub(super) fn gone(now: Time, heard_at: Time, known: bool, listed: bool) -> Option<u64> {
    let patience = if listed {
        GONE_IF_LISTED
    } else {
        GONE_IF_MISSING
    };
    let silent = now.saturating_since(heard_at);
    (known && silent >= patience).then_some(silent.as_secs() / 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_given_up_on_sooner_if_the_directory_has_dropped_it() {
        let minutes = |minutes: u64| Time::from_millis(minutes * 60_000);
        let table = [
            (119, true, false, None),
            (120, true, false, Some(2)),
            (120, false, false, None),
            (719, true, true, None),
            (720, true, true, Some(12)),
            (49 * 60, true, true, Some(49)),
            (49 * 60, false, true, None),
        ];
        for (silent, known, listed, advice) in table {
            let heard_at = minutes(10_000);
            let now = minutes(10_000 + silent);
            assert_eq!(
                gone(now, heard_at, known, listed),
                advice,
                "{silent} {known} {listed}"
            );
        }
        assert_eq!(
            gone(minutes(5), minutes(9), true, false),
            None,
            "clock set back"
        );
    }
}
