//! Remembering which packets were seen (protocol.md 2.3, 3.3).

use std::collections::HashSet;

/// Tags remembered at the least. Two generations of 16 bytes each: at most 50 MB when a node is
/// that busy, a few bytes when it is idle.
const GENERATION: usize = 500_000;

/// The packets seen under one key.
///
/// Bounded: when a generation is full the one before it is forgotten. A packet that old has
/// outlived every deadline of the network, so that only an attacker would send it again; keys
/// change long before that at the rates a local mixnet sees.
#[derive(Debug, Default)]
pub(crate) struct ReplayFilter {
    current: HashSet<[u8; 16]>,
    previous: HashSet<[u8; 16]>,
}

impl ReplayFilter {
    /// Remembers the tag; false if it was seen before.
    pub(crate) fn is_new(&mut self, tag: &[u8; 32]) -> bool {
        self.is_new_within(tag, GENERATION)
    }

    fn is_new_within(&mut self, tag: &[u8; 32], generation: usize) -> bool {
        // Half of the tag is enough: it is the output of a hash with a secret.
        let Some(short) = tag.first_chunk::<16>() else {
            return false;
        };
        if self.previous.contains(short) || !self.current.insert(*short) {
            return false;
        }
        if self.current.len() >= generation {
            self.previous = std::mem::take(&mut self.current);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(number: u8) -> [u8; 32] {
        [number; 32]
    }

    #[test]
    fn a_tag_is_new_once_and_memory_is_bounded() {
        let mut filter = ReplayFilter::default();
        for number in 0..10 {
            assert!(filter.is_new_within(&tag(number), 3));
            assert!(!filter.is_new_within(&tag(number), 3));
            assert!(filter.current.len() + filter.previous.len() <= 6);
        }
        assert!(
            !filter.is_new_within(&tag(7), 3),
            "the last generation is remembered"
        );
        assert!(filter.is_new_within(&tag(0), 3), "the oldest is forgotten");
    }
}
