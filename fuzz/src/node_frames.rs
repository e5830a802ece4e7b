//! Frames between nodes: a stream that comes in pieces.

use sotto_core::packet::frame::{self, FrameError, Framing, NodeFrame};
use sotto_core::packet::{MixPacket, PacketSize};

pub(crate) fn run(data: &[u8]) -> bool {
    let mut rest = data;
    let mut frames = 0;
    while let Ok(Some((frame, used))) = frame::decode(rest) {
        check(&frame, &rest[..used]);
        rest = &rest[used..];
        frames += 1;
    }
    cut_anywhere(data);
    frames > 0 || mix_packet(data)
}

/// It is written as it was read, and no shorter piece of it is a frame.
fn check(frame: &NodeFrame, bytes: &[u8]) {
    assert!(PacketSize::from_packet_len(frame.packet.len()).is_some());
    let framing = [Framing::V7, Framing::V8][usize::from(bytes[0] - 7)];
    assert_eq!(frame.encode(framing).unwrap(), bytes);
    for len in [0, 1, 2, 3, 4, bytes.len() - 1] {
        assert_eq!(frame::decode(&bytes[..len]), Ok(None));
    }
}

/// Once a head is wrong it stays wrong: more bytes do not mend it.
fn cut_anywhere(data: &[u8]) {
    let whole = frame::decode(data);
    let mut known: Option<FrameError> = None;
    for len in 0..data.len().min(8) {
        let cut = frame::decode(&data[..len]);
        assert!(known.is_none() || cut == Err(known.unwrap()));
        known = known.or(cut.err());
    }
    assert!(known.is_none() || whole == Err(known.unwrap()));
}

/// What a client asks to forward, outside of its encryption.
fn mix_packet(data: &[u8]) -> bool {
    let first = MixPacket::decode_v1(data);
    let second = MixPacket::decode_v2(data);
    if let Ok(packet) = &first {
        assert_eq!(packet.encode_v1(), data);
    }
    if let Ok(packet) = &second {
        assert_eq!(packet.encode_v2(), data);
    }
    first.is_ok() || second.is_ok()
}
