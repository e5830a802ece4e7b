//! What a site may do.

use serde::{Deserialize, Serialize};

/// One thing that a site may do. Each is asked for and revoked on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Permission {
    /// Send messages to addresses, as an identity of its own.
    Send,
    /// Have an address of its own, and get what is sent there.
    Receive,
    /// Answer those who wrote anonymously.
    Reply,
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permission {
    /// All there are, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Send, Self::Receive, Self::Reply];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// The set in a record; bits that mean nothing are left out.
    pub(crate) fn from_bits(bits: u8) -> Self {
        let known = Permission::ALL
            .into_iter()
            .filter(|one| bits & one.bit() != 0);
        known.collect()
    }

    /// The set for a record.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// Whether one is among them.
    #[must_use]
    pub const fn has(self, one: Permission) -> bool {
        self.0 & one.bit() != 0
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either set.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those of both sets.
    #[must_use]
    pub const fn within(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Each of them, in their order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |one| self.has(*one))
    }

    /// The same for a message.
    #[must_use]
    pub fn to_vec(self) -> Vec<Permission> {
        self.iter().collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |bits, one| bits | one.bit()),
        )
    }
}

impl std::fmt::Debug for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in_and_read_back() {
        let both: Permissions = [Permission::Reply, Permission::Send].into_iter().collect();
        assert!(both.has(Permission::Send) && !both.has(Permission::Receive));
        assert_eq!(both.to_vec(), [Permission::Send, Permission::Reply]);
        assert_eq!(Permissions::from_bits(both.bits()), both);
        assert!(both.has_all(Permissions::NONE) && !Permissions::NONE.has_all(both));
    }

    #[test]
    fn bits_of_a_later_version_grant_nothing() {
        assert_eq!(Permissions::from_bits(0b1111_1000), Permissions::NONE);
    }
}
