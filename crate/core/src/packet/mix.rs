//! What a client asks its gateway to forward (protocol.md 4.7).

use super::{KeyRotation, PACKET_TYPE_MIX, PacketSize};
use crate::address::NodeAddress;

/// A finished Sphinx packet and the first hop it is to be handed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixPacket {
    /// The rotation of the keys the packet was made for; lost in the first version's layout.
    pub rotation: KeyRotation,
    /// The layer-1 mix, or a SURB's first hop.
    pub next_hop: NodeAddress,
    /// The Sphinx packet, of one of the five lengths.
    pub packet: Vec<u8>,
}

/// Why bytes are no [`MixPacket`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MixPacketError {
    /// Bytes are missing.
    #[error("the packet is cut short")]
    TooShort,
    /// The type byte is not that of a Sphinx packet.
    #[error("packets of type {0} are not supported")]
    Type(u8),
    /// The rotation byte is unknown.
    #[error("the key rotation {0} is unknown")]
    Rotation(u8),
    /// The next hop cannot be read.
    #[error("the next hop is not an address")]
    NextHop,
    /// The Sphinx packet has none of the five lengths.
    #[error("no packet has {0} bytes")]
    Length(usize),
}

impl MixPacket {
    /// Version 1: type, next hop, packet. For gateways of protocol 4.
    pub fn encode_v1(&self) -> Vec<u8> {
        [
            &[PACKET_TYPE_MIX],
            self.next_hop.unpadded().as_slice(),
            &self.packet,
        ]
        .concat()
    }

    /// Version 2: type, rotation, next hop, packet. For gateways of protocol 5 and later.
    pub fn encode_v2(&self) -> Vec<u8> {
        let head = [PACKET_TYPE_MIX, self.rotation.to_byte()];
        [&head, self.next_hop.unpadded().as_slice(), &self.packet].concat()
    }

    /// Reads version 1.
    ///
    /// # Errors
    /// [`MixPacketError`] says what is wrong.
    pub fn decode_v1(bytes: &[u8]) -> Result<Self, MixPacketError> {
        Self::decode_rest(KeyRotation::Unknown, Self::decode_type(bytes)?)
    }

    /// Reads version 2.
    ///
    /// # Errors
    /// [`MixPacketError`] says what is wrong.
    pub fn decode_v2(bytes: &[u8]) -> Result<Self, MixPacketError> {
        let rest = Self::decode_type(bytes)?;
        let (byte, rest) = rest.split_first().ok_or(MixPacketError::TooShort)?;
        let rotation = KeyRotation::from_byte(*byte).ok_or(MixPacketError::Rotation(*byte))?;
        Self::decode_rest(rotation, rest)
    }

    fn decode_type(bytes: &[u8]) -> Result<&[u8], MixPacketError> {
        match bytes.split_first() {
            None => Err(MixPacketError::TooShort),
            Some((&PACKET_TYPE_MIX, rest)) => Ok(rest),
            Some((other, _)) => Err(MixPacketError::Type(*other)),
        }
    }

    fn decode_rest(rotation: KeyRotation, bytes: &[u8]) -> Result<Self, MixPacketError> {
        let (next_hop, len) = NodeAddress::decode(bytes).map_err(|_| MixPacketError::NextHop)?;
        let packet = bytes.get(len..).ok_or(MixPacketError::TooShort)?;
        PacketSize::from_packet_len(packet.len()).ok_or(MixPacketError::Length(packet.len()))?;
        Ok(Self {
            rotation,
            next_hop,
            packet: packet.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> MixPacket {
        MixPacket {
            rotation: KeyRotation::Even,
            next_hop: NodeAddress("127.0.0.1:10001".parse().unwrap()),
            packet: vec![3; 2413],
        }
    }

    #[test]
    fn a_mix_packet_reads_back() {
        let bytes = packet().encode_v2();
        assert_eq!(bytes.len(), 2422);
        assert_eq!(MixPacket::decode_v2(&bytes), Ok(packet()));
        let without = MixPacket {
            rotation: KeyRotation::Unknown,
            ..packet()
        };
        assert_eq!(MixPacket::decode_v1(&packet().encode_v1()), Ok(without));
    }

    #[test]
    fn malformed_mix_packets_are_named() {
        let good = packet().encode_v2();
        let cases: [(&[u8], MixPacketError); 5] = [
            (&[], MixPacketError::TooShort),
            (&[2, 0], MixPacketError::Type(2)),
            (&[0, 3], MixPacketError::Rotation(3)),
            (&[0, 1, 5], MixPacketError::NextHop),
            (&good[..good.len() - 1], MixPacketError::Length(2412)),
        ];
        for (bytes, error) in cases {
            assert_eq!(MixPacket::decode_v2(bytes), Err(error));
        }
    }
}
