//! What a gateway pushes to its client, told apart (protocol.md 5.1, 5.2).

use crate::ack::{self, ACK_LEN, Acknowledged};
use crate::cover::is_cover;
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
    match decrypted {
        Some(content) if is_cover(&content) => Delivery::Cover,
        Some(content) => Fragment::decode(&content).map_or(Delivery::Malformed, Delivery::Fragment),
        None => Delivery::Malformed,
    }
}
