//! What a gateway pushes to its client, told apart (protocol.md 5.1, 5.2).

use crate::ack::{self, ACK_LEN, Acknowledged};
use crate::cover::{self, Loop, Token};
use crate::fragment::{self, Fragment};
use crate::keys::ClientKeys;
use crate::surb::ReplyKey;

/// What a push turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// One of our packets arrived at its gateway.
    Ack(Acknowledged),
    /// A piece of a message for us.
    Fragment(Fragment),
    /// Our own cover traffic.
    Cover,
    /// A probe of ours is back.
    Probe(Token),
    /// Nothing that we can read: damaged, or not meant for us.
    Malformed,
}

/// Tells apart what the gateway pushed. An ack is known by its length alone, an answer through a
/// SURB by the digest in front: `take_key` gives the key of a digest, once.
pub fn open(
    keys: &ClientKeys,
    pushed: &[u8],
    take_key: impl FnOnce(&[u8; 32]) -> Option<ReplyKey>,
) -> Delivery {
    if let Ok(ack) = <&[u8; ACK_LEN]>::try_from(pushed) {
        return ack::open(&keys.ack, ack).map_or(Delivery::Malformed, Delivery::Ack);
    }
    let Some((digest, ciphertext)) = pushed.split_first_chunk() else {
        return Delivery::Malformed;
    };
    let decrypted = match take_key(digest) {
        Some(key) => Some(fragment::open_reply(&key, ciphertext)),
        None => fragment::open(&keys.encryption, pushed),
    };
    decrypted.map_or(Delivery::Malformed, |content| sort(&content))
}

/// What stood in a packet's fragment slot.
fn sort(content: &[u8]) -> Delivery {
    match cover::open(content) {
        Some(Loop::Cover) => Delivery::Cover,
        Some(Loop::Probe(token)) => Delivery::Probe(token),
        None => Fragment::decode(content).map_or(Delivery::Malformed, Delivery::Fragment),
    }
}
