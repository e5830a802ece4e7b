//! Bytes that begin with a magic number and a version, and end with a checksum: it tells damage, not
//! malice.

use super::parse::take;

/// Bytes of a checksum.
const CHECKSUM_LEN: usize = 32;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Damaged,
    NewerVersion(u8),
}

/// Appends the checksum of all bytes so far.
pub(super) fn append(bytes: &mut Vec<u8>) {
    let sum = blake3::hash(bytes);
    bytes.extend_from_slice(sum.as_bytes());
}

/// What stands before the checksum; nothing if it does not agree.
pub(super) fn verify(bytes: &[u8]) -> Option<&[u8]> {
    let (content, sum) = bytes.split_last_chunk::<CHECKSUM_LEN>()?;
    (blake3::hash(content) == *sum).then_some(content)
}

/// What stands between the version and the checksum.
pub(super) fn content<'a>(
    bytes: &'a [u8],
    magic: &[u8; 8],
    version: u8,
) -> Result<&'a [u8], Unreadable> {
    let mut content = verify(bytes).ok_or(Unreadable::Damaged)?;
    let is_ours = take(&mut content) == Some(*magic);
    match take(&mut content) {
        Some([found]) if is_ours && found == version => Ok(content),
        Some([found]) if is_ours => Err(Unreadable::NewerVersion(found)),
        _ => Err(Unreadable::Damaged),
    }
}
