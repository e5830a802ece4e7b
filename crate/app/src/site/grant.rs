//! What is kept of a site: its permissions, the name of its identity, and when it was refused.

use std::time::Duration;

use sotto_core::time::Time;

use super::Permissions;

/// Names a site's records on disk, in place of its origin.
pub type SiteId = [u8; 16];

const VERSION: u8 = 1;
const RECORD_BYTES: usize = 1 + 16 + 1 + 8 + 1 + 8 + 1;
const HOUR: u64 = 3_600_000;

/// What is known of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Names its identity.
    pub id: SiteId,
    /// What it may do.
    pub permissions: Permissions,
    /// When it was last used, to the hour.
    pub used_at: Time,
    /// How often it was refused in a row.
    pub refusals: u8,
    /// When it was refused last.
    pub refused_at: Time,
    /// Whether it is being forgotten: its gateway has yet to be told.
    pub leaving: bool,
}

impl Grant {
    /// Of a site that may do nothing yet.
    #[must_use]
    pub fn new(id: SiteId, now: Time) -> Self {
        Self {
            id,
            permissions: Permissions::NONE,
            used_at: to_the_hour(now),
            refusals: 0,
            refused_at: Time::default(),
            leaving: false,
        }
    }

    /// The same after the user said no.
    #[must_use]
    pub fn refused(mut self, now: Time) -> Self {
        self.refusals = self.refusals.saturating_add(1);
        self.refused_at = now;
        self
    }

    /// The same after the user allowed something.
    #[must_use]
    pub fn allowed(mut self, now: Time, permissions: Permissions) -> Self {
        self.permissions = self.permissions.and(permissions);
        self.used_at = to_the_hour(now);
        self.refusals = 0;
        self.leaving = false;
        self
    }

    /// Whether its use is to be noted.
    #[must_use]
    pub fn is_stale(&self, now: Time) -> bool {
        self.used_at != to_the_hour(now)
    }

    /// Whether the user may be asked again, so long after the last refusals.
    #[must_use]
    pub fn may_ask(&self, now: Time) -> bool {
        // A clock that was set back must not silence a site for ever.
        now < self.refused_at || now.saturating_since(self.refused_at) >= back_off(self.refusals)
    }

    /// The content of its record.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.id);
        bytes.push(self.permissions.bits());
        bytes.extend(self.used_at.as_millis().to_be_bytes());
        bytes.push(self.refusals);
        bytes.extend(self.refused_at.as_millis().to_be_bytes());
        bytes.push(u8::from(self.leaving));
        bytes
    }

    /// Reads a record; nothing if it is damaged.
    #[must_use]
    pub fn from_record(record: &[u8]) -> Option<Self> {
        let record: &[u8; RECORD_BYTES] = record.try_into().ok()?;
        let rest = record.strip_prefix(&[VERSION])?;
        let (id, rest) = rest.split_first_chunk()?;
        let (permissions, rest) = rest.split_first()?;
        let (used_at, rest) = rest.split_first_chunk()?;
        let (refusals, rest) = rest.split_first()?;
        let (refused_at, rest) = rest.split_first_chunk()?;
        Some(Self {
            id: *id,
            permissions: Permissions::from_bits(*permissions),
            used_at: Time::from_millis(u64::from_be_bytes(*used_at)),
            refusals: *refusals,
            refused_at: Time::from_millis(u64::from_be_bytes(*refused_at)),
            leaving: rest == [1],
        })
    }
}

/// How long the user is left in peace after so many refusals in a row.
fn back_off(refusals: u8) -> Duration {
    Duration::from_secs(match refusals {
        0 => 0,
        1 => 10,
        2 => 60,
        3 => 10 * 60,
        4 => 3_600,
        _ => 24 * 3_600,
    })
}

fn to_the_hour(time: Time) -> Time {
    Time::from_millis(time.as_millis() / HOUR * HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Permission;

    fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1_000)
    }

    fn refused(times: u8) -> Grant {
        (0..times).fold(Grant::new([1; 16], at(0)), |grant, _| {
            grant.refused(at(5_000))
        })
    }

    #[test]
    fn the_user_is_left_in_peace_for_longer_after_each_refusal() {
        for (times, seconds) in [
            (0, 0),
            (1, 10),
            (2, 60),
            (3, 600),
            (4, 3_600),
            (5, 86_400),
            (200, 86_400),
        ] {
            let grant = refused(times);
            assert!(grant.may_ask(at(5_000 + seconds)), "{times}");
            assert!(
                seconds == 0 || !grant.may_ask(at(5_000 + seconds - 1)),
                "{times}"
            );
        }
    }

    #[test]
    fn a_clock_that_was_set_back_silences_no_site() {
        assert!(refused(5).may_ask(at(4_999)));
    }

    #[test]
    fn what_was_allowed_ends_the_refusals() {
        let all: Permissions = Permission::ALL.into_iter().collect();
        let grant = refused(3).allowed(at(5_001), all);
        assert!(grant.may_ask(at(5_001)));
        assert_eq!(grant.permissions, all);
    }

    #[test]
    fn a_grant_reads_back_and_a_damaged_one_grants_nothing() {
        let mut grant = refused(2).allowed(at(9_000), [Permission::Reply].into_iter().collect());
        grant.leaving = true;
        let record = grant.to_record();
        assert_eq!(Grant::from_record(&record), Some(grant));
        assert_eq!(Grant::from_record(&record[1..]), None);
        assert_eq!(Grant::from_record(&[&[2], &record[1..]].concat()), None);
        assert_eq!(Grant::from_record(&[]), None);
    }
}
