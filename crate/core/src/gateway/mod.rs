//! What client and gateway say to each other over the websocket (protocol.md 8). Both sides'
//! messages are here, as the local mixnet's gateways need them as well.

pub mod authenticate;
pub mod binary;
pub mod handshake;
pub mod message;
mod shared_key;

pub use shared_key::{DecryptError, NONCE_LEN, Nonce, SharedKey};

/// The protocol version spoken here.
pub const PROTOCOL_VERSION: u8 = 6;

/// The oldest version that has everything we need: authentication by signature.
pub const OLDEST_PROTOCOL_VERSION: u8 = 4;

/// The first version in which packets carry their key rotation.
pub const ROTATION_PROTOCOL_VERSION: u8 = 5;
