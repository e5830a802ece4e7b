//! The five packet sizes (protocol.md 2.1).

/// Bytes of a Sphinx header.
pub(crate) const HEADER_LEN: usize = 348;

/// Bytes the payload spends on its leading zeros and end marker.
const PAYLOAD_OVERHEAD: usize = 17;

/// A packet size. A packet's size is known from its exact length alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketSize {
    /// 2,413 bytes: what everything is sent in.
    Regular,
    /// 386 bytes: an acknowledgement.
    Ack,
    /// 8,557 bytes.
    Extended8,
    /// 16,749 bytes.
    Extended16,
    /// 33,133 bytes.
    Extended32,
}

impl PacketSize {
    /// Every size.
    pub const ALL: [Self; 5] = [
        Self::Regular,
        Self::Ack,
        Self::Extended8,
        Self::Extended16,
        Self::Extended32,
    ];

    /// The tag byte of node frames. Not in order of size.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Regular => 1,
            Self::Ack => 2,
            Self::Extended32 => 3,
            Self::Extended8 => 4,
            Self::Extended16 => 5,
        }
    }

    /// The size of a tag byte; `None` for unknown tags and the deprecated Outfox sizes.
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.tag() == tag)
    }

    /// Bytes that the Sphinx plaintext holds.
    pub const fn plaintext_len(self) -> usize {
        match self {
            Self::Regular => 2048,
            Self::Ack => 21,
            Self::Extended8 => 8192,
            Self::Extended16 => 16_384,
            Self::Extended32 => 32_768,
        }
    }

    /// Bytes of the encrypted payload.
    pub const fn payload_len(self) -> usize {
        self.plaintext_len() + PAYLOAD_OVERHEAD
    }

    /// Bytes of the whole packet.
    pub const fn packet_len(self) -> usize {
        self.payload_len() + HEADER_LEN
    }

    /// The size of a packet of `len` bytes, if there is one.
    pub fn from_packet_len(len: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.packet_len() == len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_tags_are_those_of_the_table() {
        let table = [
            (1, 2413, 2065, 2048),
            (2, 386, 38, 21),
            (3, 33_133, 32_785, 32_768),
            (4, 8557, 8209, 8192),
            (5, 16_749, 16_401, 16_384),
        ];
        for (tag, packet, payload, plaintext) in table {
            let size = PacketSize::from_tag(tag).unwrap();
            assert_eq!(size.packet_len(), packet);
            assert_eq!(size.payload_len(), payload);
            assert_eq!(size.plaintext_len(), plaintext);
            assert_eq!(PacketSize::from_packet_len(packet), Some(size));
        }
        for tag in [0, 6, 7, 255] {
            assert_eq!(PacketSize::from_tag(tag), None);
        }
    }
}
