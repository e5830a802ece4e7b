//! Bytes read piece by piece, as what a target needs.

use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;

/// Reads from the front. Beyond the end there are zeros, so that short inputs mean something.
pub(crate) struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(crate) fn number(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.bytes(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    /// At most `len` bytes.
    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A length byte, then so many bytes at most.
    pub(crate) fn short_bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte());
        self.bytes(len)
    }

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// The same random numbers each time: what is found must be found again.
pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}
