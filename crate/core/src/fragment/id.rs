//! The numbers that name fragments.

use crate::crypto::random_bytes;
use rand_core::CryptoRng;
use std::fmt;

/// The id of a set of fragments: 31 bits, never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(u32);

impl SetId {
    /// The largest id.
    const MAX: u32 = 0x7fff_ffff;

    /// The bit that is set wherever an id stands in a fragment header.
    const FLAG: u32 = 0x8000_0000;

    /// Takes a number from 1 to 2³¹-1.
    pub const fn new(id: u32) -> Option<Self> {
        if id == 0 || id > Self::MAX {
            None
        } else {
            Some(Self(id))
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Draws an id that differs from `not`.
    pub fn draw(rng: &mut impl CryptoRng, not: Option<SetId>) -> Self {
        loop {
            let drawn = u32::from_be_bytes(random_bytes(rng)) & Self::MAX;
            match Self::new(drawn) {
                Some(id) if Some(id) != not => return id,
                _ => {}
            }
        }
    }

    /// The four bytes in a fragment header.
    pub(super) const fn to_flagged_bytes(self) -> [u8; 4] {
        (self.0 | Self::FLAG).to_be_bytes()
    }

    /// Reads the four bytes in a fragment header; `None` without the flag or for id zero.
    pub(super) const fn from_flagged_bytes(bytes: [u8; 4]) -> Option<Self> {
        let word = u32::from_be_bytes(bytes);
        if word & Self::FLAG == 0 {
            None
        } else {
            Self::new(word & Self::MAX)
        }
    }
}

impl fmt::Debug for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set {}", self.0)
    }
}

/// Names one fragment: what an ack gives back (protocol.md 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FragmentId {
    /// The set it belongs to.
    pub set: SetId,
    /// Its place in the set, counted from 1.
    pub number: u8,
}

impl FragmentId {
    /// The five bytes of an ack: the set id without flag, then the number.
    pub fn to_bytes(self) -> [u8; 5] {
        let [a, b, c, d] = self.set.get().to_be_bytes();
        [a, b, c, d, self.number]
    }

    /// Reads the five bytes of an ack; `None` for a negative or zero set id or number zero.
    pub fn from_bytes(bytes: [u8; 5]) -> Option<Self> {
        let [a, b, c, d, number] = bytes;
        let set = SetId::new(u32::from_be_bytes([a, b, c, d]))?;
        (number != 0).then_some(Self { set, number })
    }
}
