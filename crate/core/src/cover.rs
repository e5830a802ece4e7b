//! Loop cover traffic: packets to ourselves that look like any other (protocol.md 7).

use crate::fragment::fragment_len;
use crate::packet::PacketSize;

/// What the fragment slot of a cover packet begins with.
const MARK: &[u8; 18] = b"The cake is a lie!";

/// Tells a probe from all others: random, and not zero, as stands there in ordinary cover.
pub type Token = [u8; 16];

/// A loop packet that came back, by the content of its fragment slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// Cover, to be dropped without a word.
    Cover,
    /// A probe, which somebody waits for.
    Probe(Token),
}

/// Reads a decrypted fragment slot; `None` if it is no loop packet's.
pub fn open(decrypted: &[u8]) -> Option<Loop> {
    let rest = decrypted.strip_prefix(MARK)?;
    let token = rest.get(1..).and_then(<[u8]>::first_chunk);
    Some(match token {
        Some(token) if *token != Token::default() => Loop::Probe(*token),
        _ => Loop::Cover,
    })
}

/// The content of the fragment slot of a cover packet, as long as a fragment: the mark, one byte
/// that ends it, zeros.
pub fn content(size: PacketSize) -> Vec<u8> {
    probe(size, &Token::default())
}

/// The same with a probe's token in front of the zeros.
pub fn probe(size: PacketSize, token: &Token) -> Vec<u8> {
    let mut bytes = [MARK.as_slice(), &[1], token].concat();
    bytes.resize(fragment_len(size), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_told_from_cover_and_is_as_long() {
        let (cover, token) = (content(PacketSize::Regular), [7; 16]);
        let probe = probe(PacketSize::Regular, &token);
        assert_eq!(cover.len(), probe.len());
        assert_eq!(open(&cover), Some(Loop::Cover));
        assert_eq!(open(&probe), Some(Loop::Probe(token)));
        assert_eq!(open(&probe[..34]), Some(Loop::Cover));
        assert_eq!(open(&MARK[..17]), None);
        assert_eq!(open(b"anything"), None);
    }
}
