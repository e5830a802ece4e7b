//! The frames in which nodes hand packets to each other over TCP (protocol.md 3.2).

use super::{KeyRotation, PACKET_TYPE_MIX, PacketSize};

/// How a frame is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Three bytes of head; loses the key rotation.
    V7,
    /// Four bytes of head, the last one being the key rotation.
    V8,
}

/// One packet on its way between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFrame {
    /// The rotation of the keys the packet was made for; `Unknown` in a v7 frame.
    pub rotation: KeyRotation,
    /// The Sphinx packet.
    pub packet: Vec<u8>,
}

/// Why a frame cannot be written or read. A connection on which this happens is to be closed,
/// as the stream cannot be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first byte is neither 7 nor 8.
    #[error("the frame has version {0}, which is not 7 or 8")]
    Version(u8),
    /// The size tag is unknown.
    #[error("the frame has the unknown packet size tag {0}")]
    Size(u8),
    /// The packet is not of the Sphinx type.
    #[error("the frame has the unsupported packet type {0}")]
    Type(u8),
    /// The rotation byte is unknown.
    #[error("the frame has the unknown key rotation {0}")]
    Rotation(u8),
    /// The packet to be written has none of the five lengths.
    #[error("a packet of {0} bytes has no size tag")]
    Length(usize),
}

impl NodeFrame {
    /// Writes the frame.
    ///
    /// # Errors
    /// [`FrameError::Length`] if the packet has none of the five lengths.
    pub fn encode(&self, framing: Framing) -> Result<Vec<u8>, FrameError> {
        let len = self.packet.len();
        let size = PacketSize::from_packet_len(len).ok_or(FrameError::Length(len))?;
        let mut bytes = Vec::with_capacity(4 + len);
        match framing {
            Framing::V7 => bytes.extend_from_slice(&[7, size.tag(), PACKET_TYPE_MIX]),
            Framing::V8 => {
                let rotation = self.rotation.to_byte();
                bytes.extend_from_slice(&[8, size.tag(), PACKET_TYPE_MIX, rotation]);
            }
        }
        bytes.extend_from_slice(&self.packet);
        Ok(bytes)
    }
}

/// Reads a frame from the front of `buffer`: the frame and the bytes it took, or `None` if more
/// bytes are needed.
///
/// # Errors
/// [`FrameError`] as soon as the head is seen to be wrong.
pub fn decode(buffer: &[u8]) -> Result<Option<(NodeFrame, usize)>, FrameError> {
    let Some((size, rotation, head)) = decode_head(buffer)? else {
        return Ok(None);
    };
    let end = head + size.packet_len();
    Ok(buffer.get(head..end).map(|packet| {
        (
            NodeFrame {
                rotation,
                packet: packet.to_vec(),
            },
            end,
        )
    }))
}

/// The packet size, the rotation and the bytes of the head itself.
fn decode_head(buffer: &[u8]) -> Result<Option<(PacketSize, KeyRotation, usize)>, FrameError> {
    let v8 = match buffer.first() {
        None => return Ok(None),
        Some(7) => false,
        Some(8) => true,
        Some(other) => return Err(FrameError::Version(*other)),
    };
    let Some([_, tag, kind]) = buffer.first_chunk() else {
        return Ok(None);
    };
    let size = PacketSize::from_tag(*tag).ok_or(FrameError::Size(*tag))?;
    if *kind != PACKET_TYPE_MIX {
        return Err(FrameError::Type(*kind));
    }
    if !v8 {
        return Ok(Some((size, KeyRotation::Unknown, 3)));
    }
    let Some(byte) = buffer.get(3) else {
        return Ok(None);
    };
    let rotation = KeyRotation::from_byte(*byte).ok_or(FrameError::Rotation(*byte))?;
    Ok(Some((size, rotation, 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_from_a_stream_cut_anywhere() {
        for framing in [Framing::V7, Framing::V8] {
            let rotation = match framing {
                Framing::V7 => KeyRotation::Unknown,
                Framing::V8 => KeyRotation::Odd,
            };
            let frame = NodeFrame {
                rotation,
                packet: vec![9; 386],
            };
            let bytes = frame.encode(framing).unwrap();
            for len in 0..bytes.len() {
                assert_eq!(decode(&bytes[..len]), Ok(None), "{len} bytes");
            }
            let read = decode(&[bytes.clone(), vec![7]].concat()).unwrap();
            assert_eq!(read, Some((frame, bytes.len())));
        }
    }

    #[test]
    fn a_wrong_head_is_refused_at_once() {
        let cases: [(&[u8], FrameError); 5] = [
            (&[6], FrameError::Version(6)),
            (&[9], FrameError::Version(9)),
            (&[7, 6, 0], FrameError::Size(6)),
            (&[8, 1, 2], FrameError::Type(2)),
            (&[8, 1, 0, 3], FrameError::Rotation(3)),
        ];
        for (bytes, error) in cases {
            assert_eq!(decode(bytes), Err(error), "{bytes:?}");
        }
        let odd = NodeFrame {
            rotation: KeyRotation::Odd,
            packet: vec![0; 387],
        };
        assert_eq!(odd.encode(Framing::V8), Err(FrameError::Length(387)));
    }
}
