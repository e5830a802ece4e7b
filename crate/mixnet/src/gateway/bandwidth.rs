//! What a client may still send (protocol.md 8.7).

use crate::clock::end_of_utc_day;
use sotto_core::time::Time;

/// Spent bytes after which the rest is saved. A crash gives away this much at the most.
const SAVE_EVERY: i64 = 512 * 1024;

/// One client's allowance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bandwidth {
    available: i64,
    /// Seconds since the Unix epoch.
    expires_at: u64,
    unsaved: i64,
}

/// A packet costs more than is left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfBandwidth {
    pub(crate) required: i64,
    pub(crate) available: i64,
}

impl Bandwidth {
    pub(crate) const fn new(available: i64, expires_at: u64) -> Self {
        Self {
            available,
            expires_at,
            unsaved: 0,
        }
    }

    /// Free bandwidth until the end of the UTC day.
    pub(crate) fn free(bytes: i64, now: Time) -> Self {
        Self::new(bytes, end_of_utc_day(now))
    }

    /// Bytes left; what has expired is gone.
    pub(crate) fn available(&self, now: Time) -> i64 {
        if now.as_seconds() < self.expires_at {
            self.available
        } else {
            0
        }
    }

    pub(crate) const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Pays for a packet of so many bytes: what is left.
    pub(crate) fn spend(&mut self, bytes: usize, now: Time) -> Result<i64, OutOfBandwidth> {
        let required = i64::try_from(bytes).unwrap_or(i64::MAX);
        let available = self.available(now);
        if available < required {
            return Err(OutOfBandwidth {
                required,
                available,
            });
        }
        self.available = available - required;
        self.unsaved += required;
        Ok(self.available)
    }

    /// Whether it is time to save, in which case the caller does.
    pub(crate) fn should_save(&mut self) -> bool {
        let due = self.unsaved >= SAVE_EVERY;
        if due {
            self.unsaved = 0;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::from_millis(43_200_000);
    const NEXT_DAY: Time = Time::from_millis(86_400_000);

    #[test]
    fn a_packet_costs_its_bytes_and_an_empty_account_says_so() {
        let mut bandwidth = Bandwidth::free(5000, NOON);
        assert_eq!(bandwidth.spend(2413, NOON), Ok(2587));
        assert_eq!(bandwidth.spend(2413, NOON), Ok(174));
        let out = OutOfBandwidth {
            required: 2413,
            available: 174,
        };
        assert_eq!(bandwidth.spend(2413, NOON), Err(out));
        assert_eq!(
            bandwidth.available(NOON),
            174,
            "a refused packet costs nothing"
        );
    }

    #[test]
    fn free_bandwidth_ends_with_the_day() {
        let mut bandwidth = Bandwidth::free(5000, NOON);
        assert_eq!(bandwidth.available(NEXT_DAY), 0);
        assert!(bandwidth.spend(1, NEXT_DAY).is_err());
    }

    #[test]
    fn spending_is_saved_in_small_steps() {
        let mut bandwidth = Bandwidth::free(10 << 20, NOON);
        bandwidth.spend(512 * 1024 - 1, NOON).unwrap();
        assert!(!bandwidth.should_save());
        bandwidth.spend(1, NOON).unwrap();
        assert!(bandwidth.should_save());
        assert!(!bandwidth.should_save());
    }
}
