//! Loop cover traffic: packets to ourselves that look like any other (protocol.md 7).

/// What the fragment slot of a cover packet begins with.
const MARK: &[u8] = b"The cake is a lie!";

/// Whether a decrypted fragment slot is cover, to be dropped without a word.
pub fn is_cover(decrypted: &[u8]) -> bool {
    decrypted.starts_with(MARK)
}
