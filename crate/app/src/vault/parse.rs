//! Reading fixed fields from the front of a slice.

/// Takes `N` bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

/// Takes a number off the front.
pub(super) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    take(bytes).map(u32::from_be_bytes)
}

/// Takes a length off the front.
pub(super) fn take_len(bytes: &mut &[u8]) -> Option<usize> {
    usize::try_from(u64::from_be_bytes(take(bytes)?)).ok()
}

/// Takes so many bytes off the front.
pub(super) fn take_slice<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// A length as it is written.
pub(super) fn length(bytes: &[u8]) -> [u8; 8] {
    // No address space is larger than 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    (bytes.len() as u64).to_be_bytes()
}
