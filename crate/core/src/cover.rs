//! Loop cover traffic: packets to ourselves that look like any other (protocol.md 7).

use crate::fragment::fragment_len;
use crate::packet::PacketSize;

/// What the fragment slot of a cover packet begins with.
const MARK: &[u8] = b"The cake is a lie!";

/// Whether a decrypted fragment slot is cover, to be dropped without a word.
pub fn is_cover(decrypted: &[u8]) -> bool {
    decrypted.starts_with(MARK)
}

/// The content of the fragment slot of a cover packet, as long as a fragment: the mark, one byte
/// that ends it, zeros.
pub fn content(size: PacketSize) -> Vec<u8> {
    let mut bytes = [MARK, &[1]].concat();
    bytes.resize(fragment_len(size), 0);
    bytes
}
