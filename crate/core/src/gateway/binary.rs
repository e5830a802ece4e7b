//! Packets: encrypted binary frames (protocol.md 8.6).
//!
//! Layout: kind, encrypted flag, nonce, ciphertext. The official decoder also takes frames with
//! the flag 0 and their content in clear; here they are refused, as a tampered connection could
//! inject packets that way.

use super::{NONCE_LEN, Nonce, SharedKey};
use crate::packet::{MixPacket, MixPacketError};

const FORWARD_V1: u8 = 1;
const FORWARD_V2: u8 = 2;
const PUSHED: u8 = 1;
const ENCRYPTED: u8 = 1;

/// Why a binary frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// The frame is shorter than its head.
    #[error("the frame is cut short")]
    TooShort,
    /// The kind is unknown.
    #[error("the frame has the unknown kind {0}")]
    Kind(u8),
    /// The content is not encrypted, or the flag makes no sense.
    #[error("the frame is not encrypted")]
    NotEncrypted,
    /// The content was encrypted under another key, or changed on the way.
    #[error("the frame was not encrypted under the key agreed on")]
    WrongKey,
    /// The content is no packet to forward.
    #[error(transparent)]
    Packet(#[from] MixPacketError),
}

fn seal(kind: u8, key: &SharedKey, nonce: Nonce, content: &[u8]) -> Vec<u8> {
    [
        &[kind, ENCRYPTED],
        nonce.as_slice(),
        &key.encrypt(&nonce, content),
    ]
    .concat()
}

/// The kind and the decrypted content.
fn open(key: &SharedKey, frame: &[u8]) -> Result<(u8, Vec<u8>), BinaryError> {
    let ([kind, flag], rest) = frame.split_first_chunk().ok_or(BinaryError::TooShort)?;
    let (nonce, ciphertext) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(BinaryError::TooShort)?;
    if *flag != ENCRYPTED {
        return Err(BinaryError::NotEncrypted);
    }
    let content = key
        .decrypt(nonce, ciphertext)
        .map_err(|_| BinaryError::WrongKey)?;
    Ok((*kind, content))
}

/// Which layout of packet a gateway understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketVersion {
    /// Without key rotation, for protocol 4.
    V1,
    /// With key rotation, for protocol 5 and later.
    V2,
}

impl PacketVersion {
    /// The layout for a negotiated protocol version.
    pub const fn for_protocol(version: u8) -> Self {
        if version < super::ROTATION_PROTOCOL_VERSION {
            Self::V1
        } else {
            Self::V2
        }
    }
}

/// A frame that asks the gateway to forward a packet.
pub fn encode_request(
    version: PacketVersion,
    key: &SharedKey,
    nonce: Nonce,
    packet: &MixPacket,
) -> Vec<u8> {
    match version {
        PacketVersion::V1 => seal(FORWARD_V1, key, nonce, &packet.encode_v1()),
        PacketVersion::V2 => seal(FORWARD_V2, key, nonce, &packet.encode_v2()),
    }
}

/// Reads a frame that asks to forward a packet.
///
/// # Errors
/// [`BinaryError`] says what is wrong.
pub fn decode_request(key: &SharedKey, frame: &[u8]) -> Result<MixPacket, BinaryError> {
    match open(key, frame)? {
        (FORWARD_V1, content) => Ok(MixPacket::decode_v1(&content)?),
        (FORWARD_V2, content) => Ok(MixPacket::decode_v2(&content)?),
        (other, _) => Err(BinaryError::Kind(other)),
    }
}

/// A frame that hands a client what has arrived for it.
pub fn encode_push(key: &SharedKey, nonce: Nonce, delivery: &[u8]) -> Vec<u8> {
    seal(PUSHED, key, nonce, delivery)
}

/// Reads a frame with what has arrived.
///
/// # Errors
/// [`BinaryError`] says what is wrong.
pub fn decode_push(key: &SharedKey, frame: &[u8]) -> Result<Vec<u8>, BinaryError> {
    match open(key, frame)? {
        (PUSHED, content) => Ok(content),
        (other, _) => Err(BinaryError::Kind(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_frames_are_named() {
        let key = SharedKey::from_bytes([1; 32]);
        let good = encode_push(&key, [2; 12], b"delivery");
        assert_eq!(decode_push(&key, &good), Ok(b"delivery".to_vec()));
        let clear = [&[1, 0], &[2; 12][..], b"delivery"].concat();
        let changed: Vec<_> = good
            .iter()
            .map(|b| b.wrapping_add(u8::from(*b > 2)))
            .collect();
        let cases: [(&[u8], BinaryError); 5] = [
            (&[], BinaryError::TooShort),
            (&good[..13], BinaryError::TooShort),
            (&good[..14], BinaryError::WrongKey),
            (&clear, BinaryError::NotEncrypted),
            (&changed, BinaryError::WrongKey),
        ];
        for (frame, error) in cases {
            assert_eq!(decode_push(&key, frame), Err(error));
        }
        let unknown = seal(7, &key, [2; 12], b"");
        assert_eq!(decode_push(&key, &unknown), Err(BinaryError::Kind(7)));
    }
}
