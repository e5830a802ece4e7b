//! Random choices.

use rand_core::Rng;
use sotto_core::ChaCha20Rng;
use std::time::Duration;

/// Draws from one seed.
pub(crate) struct Draw(pub(crate) ChaCha20Rng);

impl Draw {
    /// A number from 0 to `end`, without it.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    /// A number from `least` to `most`, with both.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / f64::from(u32::MAX)
    }

    /// Whether something happens that happens in this share of cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// A time of whole milliseconds.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.below(most.as_millis() as usize + 1) as u64)
    }

    /// Two different numbers below `end`.
    pub(crate) fn two_of(&mut self, end: usize) -> (usize, usize) {
        let first = self.below(end);
        let second = self.below(end - 1);
        (first, if second >= first { second + 1 } else { second })
    }

    /// By how much a clock is wrong: seconds to hours, ahead or behind, in milliseconds.
    pub(crate) fn clock(&mut self) -> i64 {
        let most = [5, 100, 600, 6 * 3600][self.below(4)];
        let millis = self.below(most * 1000) as i64 + 500;
        if self.chance(0.5) { millis } else { -millis }
    }
}
