//! When a fragment is sent again: a pure transition (protocol.md 4.8).

use crate::time::Time;
use std::time::Duration;

/// Where a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FragmentState {
    /// Waiting for its turn to leave, after so many departures.
    Waiting {
        /// How often it left already.
        departures: u32,
    },
    /// Left, and its ack is awaited.
    Awaiting {
        /// How often it left.
        departures: u32,
        /// When it counts as lost.
        deadline: Time,
    },
    /// Its ack came.
    Acked,
}

impl FragmentState {
    /// Whether an ack is awaited that may well come. A fragment that left often and in vain is
    /// not to keep others from leaving.
    pub(super) const fn is_hopeful(self) -> bool {
        matches!(self, Self::Awaiting { departures, .. } if departures <= PATIENT_AFTER)
    }
}

/// What happens to a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FragmentEvent {
    /// It was given to the gateway.
    Left {
        /// When.
        now: Time,
        /// How long packet and ack will wait at mix nodes, taken together.
        expected: Duration,
    },
    /// Its ack came.
    Ack,
    /// Time has passed.
    Tick {
        /// What time it is.
        now: Time,
    },
}

/// Of the expected time, this much is waited.
const MULTIPLIER: f64 = 1.5;

/// And this much in addition.
const ADDITION: Duration = Duration::from_millis(1500);

/// After this many departures the wait doubles each time: whoever is gone for minutes is not
/// asked every second. Loss alone seldom takes so many.
const PATIENT_AFTER: u32 = 4;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// The state after an event.
pub(super) fn next(state: FragmentState, event: FragmentEvent) -> FragmentState {
    use FragmentEvent::{Ack, Left, Tick};
    use FragmentState::{Acked, Awaiting, Waiting};
    match (state, event) {
        (Acked, _) | (_, Ack) => Acked,
        (Waiting { departures } | Awaiting { departures, .. }, Left { now, expected }) => {
            let departures = departures.saturating_add(1);
            Awaiting {
                departures,
                deadline: now + patience(departures, expected),
            }
        }
        (
            Awaiting {
                departures,
                deadline,
            },
            Tick { now },
        ) if now >= deadline => Waiting { departures },
        (unchanged, Tick { .. }) => unchanged,
    }
}

/// How long to wait for an ack.
fn patience(departures: u32, expected: Duration) -> Duration {
    let once = expected.mul_f64(MULTIPLIER) + ADDITION;
    let doublings = departures.saturating_sub(PATIENT_AFTER).min(10);
    once.saturating_mul(1 << doublings).min(LONGEST.max(once))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn every_state_meets_every_event() {
        use FragmentEvent::{Ack, Left, Tick};
        use FragmentState::{Acked, Awaiting, Waiting};
        let left = Left {
            now: at(1000),
            expected: Duration::from_millis(90),
        };
        let awaiting = |departures, deadline| Awaiting {
            departures,
            deadline: at(deadline),
        };
        let table = [
            (Waiting { departures: 0 }, left, awaiting(1, 2635)),
            (Waiting { departures: 3 }, left, awaiting(4, 2635)),
            (Waiting { departures: 4 }, left, awaiting(5, 4270)),
            (Waiting { departures: 5 }, left, awaiting(6, 7540)),
            (Waiting { departures: 99 }, left, awaiting(100, 61_000)),
            (Waiting { departures: 1 }, Ack, Acked),
            (
                Waiting { departures: 1 },
                Tick { now: at(9) },
                Waiting { departures: 1 },
            ),
            (awaiting(1, 50), left, awaiting(2, 2635)),
            (awaiting(1, 50), Ack, Acked),
            (awaiting(1, 50), Tick { now: at(49) }, awaiting(1, 50)),
            (
                awaiting(2, 50),
                Tick { now: at(50) },
                Waiting { departures: 2 },
            ),
            (Acked, left, Acked),
            (Acked, Ack, Acked),
            (Acked, Tick { now: at(99) }, Acked),
        ];
        for (state, event, expected) in table {
            assert_eq!(next(state, event), expected, "{state:?} {event:?}");
        }
    }

    #[test]
    fn an_expected_hour_is_waited_for() {
        assert!(patience(9, Duration::from_secs(3600)) > Duration::from_secs(5400));
    }

    #[test]
    fn an_ack_is_hoped_for_after_few_departures() {
        let awaiting = |departures| FragmentState::Awaiting {
            departures,
            deadline: at(50),
        };
        assert!(awaiting(1).is_hopeful());
        assert!(awaiting(PATIENT_AFTER).is_hopeful());
        assert!(!awaiting(PATIENT_AFTER + 1).is_hopeful());
        assert!(!FragmentState::Waiting { departures: 1 }.is_hopeful());
        assert!(!FragmentState::Acked.is_hopeful());
    }
}
