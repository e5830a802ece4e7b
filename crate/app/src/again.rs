//! When a message without a receipt is sent again.
//!
//! A gateway deletes what it has pushed. What it pushed in the very moment in which the recipient's
//! background was killed is acknowledged, and lost (docs/architecture.md, "A limit of the
//! protocol"). Only the recipient's receipt tells that it arrived; without one the same envelope is
//! sent again, and the recipient shows it once.

use std::time::Duration;

use sotto_core::time::Time;

/// How long a receipt is waited for when a message may be sent so many times more. The recipient
/// may simply be away, so the waits grow, and there are few.
const WAITS: [Duration; 4] = [
    Duration::from_secs(6 * 60 * 60),
    Duration::from_secs(6 * 60 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(10 * 60),
];
/// Bytes of a message that is sent again only once, as it takes long.
const LARGE: usize = 64 * 1024;

/// How often a message of so many bytes may be sent again.
#[must_use]
pub const fn tries(size: usize) -> u8 {
    if size > LARGE { 1 } else { 3 }
}

/// What to do about a message without a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Look at it again then.
    Wait(Time),
    /// Send it again.
    Again,
    /// Send it no more.
    GiveUp,
}

/// What to do about a message without a receipt that last came to the recipient's gateway at
/// `at_gateway`, and may be sent `left` times more. `online_since` then: while we were away, no
/// receipt could come.
#[must_use]
pub fn decide(now: Time, online_since: Time, at_gateway: Time, left: u8) -> Decision {
    let [last, ..] = WAITS;
    let wait = WAITS.get(usize::from(left)).copied().unwrap_or(last);
    let online_since = online_since.min(now);
    // If the clock was set back, it is not known when the message came there.
    let known = Some(at_gateway).filter(|at| *at <= now);
    let due = known.map_or(online_since, |at| at.max(online_since)) + wait;
    match left {
        _ if now < due => Decision::Wait(due),
        0 => Decision::GiveUp,
        _ => Decision::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes after the start.
    fn at(minutes: u64) -> Time {
        Time::from_millis(1_000_000) + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn the_waits_grow_and_there_are_few() {
        use Decision::{Again, GiveUp, Wait};
        let table = [
            // now, online since, at gateway, left
            ((0, 0, 0, 3), Wait(at(10))),
            ((9, 0, 0, 3), Wait(at(10))),
            ((10, 0, 0, 3), Again),
            // We were away meanwhile, and the receipt may be on its way.
            ((1_000, 999, 0, 3), Wait(at(1_009))),
            ((1_009, 999, 0, 3), Again),
            ((69, 0, 10, 2), Wait(at(70))),
            ((70, 0, 10, 2), Again),
            ((429, 0, 70, 1), Wait(at(430))),
            ((430, 0, 70, 1), Again),
            ((789, 0, 430, 0), Wait(at(790))),
            ((790, 0, 430, 0), GiveUp),
            // The clock was set back by a day.
            ((20, 20, 1_440, 3), Wait(at(30))),
            ((30, 20, 1_440, 3), Again),
            ((20, 1_440, 1_440, 3), Wait(at(30))),
            // A number that no version writes.
            ((400, 0, 0, 200), Again),
        ];
        for ((now, online, gateway, left), expected) in table {
            let decision = decide(at(now), at(online), at(gateway), left);
            assert_eq!(decision, expected, "{now} {online} {gateway} {left}");
        }
    }

    #[test]
    fn a_large_message_is_sent_again_only_once() {
        assert_eq!((tries(LARGE), tries(LARGE + 1)), (3, 1));
    }
}
