//! Poisson processes: when the next packet of a stream is due (protocol.md 7).

use crate::crypto::exponential;
use crate::time::Time;
use rand_core::CryptoRng;
use std::time::Duration;

/// A tick that was missed by more than this is not made up for, as after a sleep.
const FORGOTTEN_AFTER: u128 = 1_000_000_000;

/// A Poisson process. Its ticks are kept in nanoseconds since the Unix epoch, as they may come
/// more densely than milliseconds.
#[derive(Debug, Default)]
pub(super) struct Stream {
    next: Option<u128>,
}

fn nanos(time: Time) -> u128 {
    u128::from(time.as_millis()) * 1_000_000
}

impl Stream {
    /// Whether a tick is due; if so, it is used up and the next one drawn.
    pub(super) fn tick(&mut self, now: Time, rng: &mut impl CryptoRng, mean: Duration) -> bool {
        let now = nanos(now);
        let tick = *self
            .next
            .get_or_insert_with(|| now + exponential(rng, mean).as_nanos());
        if tick > now {
            return false;
        }
        let base = if tick + FORGOTTEN_AFTER < now {
            now
        } else {
            tick
        };
        self.next = Some(base + exponential(rng, mean).as_nanos());
        true
    }

    /// When the next tick is due, if one was drawn.
    pub(super) fn deadline(&self) -> Option<Time> {
        let millis = self.next?.div_ceil(1_000_000);
        Some(Time::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// Forgets the tick that was drawn.
    pub(super) fn stop(&mut self) {
        self.next = None;
    }
}

/// By how much the paced stream slows down when the gateway does not keep up: 1 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Congestion {
    factor: u32,
    changed_at: Time,
}

impl Default for Congestion {
    fn default() -> Self {
        Self {
            factor: 1,
            changed_at: Time::default(),
        }
    }
}

/// From so many unanswered packets on the gateway does not keep up.
const CROWDED: usize = 16;

/// Up to so many unanswered packets it does.
const RELAXED: usize = 4;

/// Slower no more often than this.
const SLOWER_EVERY: Duration = Duration::from_millis(500);

/// Faster again no more often than this.
const FASTER_EVERY: Duration = Duration::from_secs(5);

impl Congestion {
    /// The slowest pace, as a multiple of the usual interval.
    const SLOWEST: u32 = 6;

    /// What the mean interval is multiplied with.
    pub(super) const fn factor(self) -> u32 {
        self.factor
    }

    /// The state after a look at how many packets the gateway owes an answer for.
    pub(super) fn next(self, now: Time, unanswered: usize) -> Self {
        let age = now.saturating_since(self.changed_at);
        let factor = if unanswered >= CROWDED && age >= SLOWER_EVERY {
            (self.factor + 1).min(Self::SLOWEST)
        } else if unanswered <= RELAXED && age >= FASTER_EVERY {
            (self.factor - 1).max(1)
        } else {
            return self;
        };
        Self {
            factor,
            changed_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn ticks_come_at_the_mean_rate_and_a_sleep_is_not_made_up_for() {
        let mut rng = crate::ChaCha20Rng::from_seed([2; 32]);
        let mean = Duration::from_micros(4500);
        let mut stream = Stream::default();
        let mut count = |from: u64, to: u64| {
            (from..to)
                .map(Time::from_millis)
                .map(|now| {
                    (0..99)
                        .take_while(|_| stream.tick(now, &mut rng, mean))
                        .count()
                })
                .sum::<usize>()
        };
        let ticks = count(0, 45_000);
        assert!((9700..10_300).contains(&ticks), "{ticks}");
        assert!(count(90_000, 90_100) < 50);
    }

    #[test]
    fn a_tick_is_due_at_its_very_time_and_forgotten_after_a_second() {
        let mut rng = crate::ChaCha20Rng::from_seed([2; 32]);
        // With a mean of nothing each tick is at the time of the one before.
        let mut tick = |stream: &mut Stream, millis| {
            let due = stream.tick(Time::from_millis(millis), &mut rng, Duration::ZERO);
            (due, stream.deadline().map(Time::as_millis))
        };
        let mut stream = Stream::default();
        assert_eq!(stream.deadline(), None);
        assert_eq!(tick(&mut stream, 5000), (true, Some(5000)));
        assert_eq!(tick(&mut stream, 4999), (false, Some(5000)));
        assert_eq!(tick(&mut stream, 6000), (true, Some(5000)));
        assert_eq!(tick(&mut stream, 6001), (true, Some(6001)));
        stream.stop();
        assert_eq!(stream.deadline(), None);
        assert_eq!(tick(&mut stream, 9000), (true, Some(9000)));
    }

    #[test]
    fn the_first_tick_is_drawn_from_now_on() {
        let mut rng = crate::ChaCha20Rng::from_seed([2; 32]);
        let mut stream = Stream::default();
        let now = Time::from_millis(5000);
        assert!(!stream.tick(now, &mut rng, Duration::from_secs(1)));
        let first = stream.deadline().unwrap();
        assert!(
            first > now && first < now + Duration::from_secs(60),
            "{first}"
        );
    }

    #[test]
    fn a_crowded_gateway_slows_the_pace_by_whole_multiples() {
        let mut congestion = Congestion::default();
        assert_eq!(congestion.factor(), 1);
        for seconds in 1..=2 {
            congestion = congestion.next(Time::from_millis(seconds * 1000), 99);
        }
        assert_eq!(congestion.factor(), 3);
    }

    #[test]
    fn the_pace_follows_the_gateway_step_by_step() {
        let at = Time::from_millis;
        let state = |factor, changed_at| Congestion {
            factor,
            changed_at: at(changed_at),
        };
        let table = [
            (state(1, 0), 600, 15, state(1, 0)),
            (state(1, 0), 499, 16, state(1, 0)),
            (state(1, 0), 500, 16, state(2, 500)),
            (state(6, 0), 600, 32, state(6, 600)),
            (state(3, 0), 4999, 0, state(3, 0)),
            (state(3, 0), 5000, 4, state(2, 5000)),
            (state(3, 0), 5000, 5, state(3, 0)),
            (state(1, 0), 5000, 0, state(1, 5000)),
        ];
        for (before, now, unanswered, after) in table {
            assert_eq!(
                before.next(at(now), unanswered),
                after,
                "{before:?} {now} {unanswered}"
            );
        }
    }
}
