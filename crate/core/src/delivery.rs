//! What a gateway pushes to its client, told apart (protocol.md 5.1, 5.2).

use crate::ack::{self, ACK_LEN, Acknowledged};
use crate::cover::is_cover;
use crate::fragment::{self, Fragment};
use crate::keys::ClientKeys;

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

/// Tells apart what the gateway pushed. An ack is known by its length alone.
pub fn open(keys: &ClientKeys, pushed: &[u8]) -> Delivery {
    if let Ok(ack) = <&[u8; ACK_LEN]>::try_from(pushed) {
        return ack::open(&keys.ack, ack).map_or(Delivery::Malformed, Delivery::Ack);
    }
    let Some(decrypted) = fragment::open(&keys.encryption, pushed) else {
        return Delivery::Malformed;
    };
    if is_cover(&decrypted) {
        return Delivery::Cover;
    }
    Fragment::decode(&decrypted).map_or(Delivery::Malformed, Delivery::Fragment)
}
