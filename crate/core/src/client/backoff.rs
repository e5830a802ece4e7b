//! How long to wait before trying again.

use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// The wait after so many failures in a row: doubled each time, cut to between a half and the
/// whole by `share` (0 to 1), so that many clients of a gateway that comes back do not all
/// arrive at once.
pub(super) fn delay(failures: u32, share: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled
        .min(LONGEST)
        .mul_f64(0.5 + share.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let table = [
            (0, 1.0, 1000),
            (1, 1.0, 1000),
            (1, 0.0, 500),
            (2, 1.0, 2000),
            (3, 0.5, 3000),
            (7, 1.0, 60_000),
            (u32::MAX, 0.0, 30_000),
        ];
        for (failures, share, millis) in table {
            assert_eq!(
                delay(failures, share).as_millis(),
                millis,
                "{failures} {share}"
            );
        }
    }
}
