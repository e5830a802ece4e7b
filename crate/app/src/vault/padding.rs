//! Lengths that tell less.

/// The shortest padded length, in bytes.
const SHORTEST: usize = 128;

/// The length to which `len` bytes are padded: at least 128, and otherwise at most an eighth more
/// (Padmé, <https://lbarman.ch/blog/padme/>): the longer, the fewer lengths there are.
pub(super) fn padded_len(len: usize) -> usize {
    let len = len.max(SHORTEST);
    let exponent = len.ilog2();
    let kept_bits = exponent.ilog2() + 1;
    len.checked_next_multiple_of(1 << (exponent - kept_bits))
        .unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_length_is_padded_to_few_values_and_by_little() {
        for (len, padded) in [
            (0, 128),
            (1, 128),
            (128, 128),
            (129, 144),
            (144, 144),
            (145, 160),
            (255, 256),
            (257, 272),
            (1_000, 1_024),
            (1_025, 1_088),
            (65_537, 67_584),
            (usize::MAX, usize::MAX),
        ] {
            assert_eq!(padded_len(len), padded, "{len}");
        }
    }

    #[test]
    fn padding_never_shortens_and_costs_at_most_an_eighth() {
        for len in SHORTEST..100_000 {
            let padded = padded_len(len);
            assert!(padded >= len && padded - len <= len / 8, "{len}: {padded}");
        }
        // 8 up to 255, 16 for each of the next eight powers of two, 18 from 65,536 on.
        let lengths: BTreeSet<_> = (0..100_000).map(padded_len).collect();
        assert_eq!(lengths.len(), 8 + 8 * 16 + 18);
    }
}
