//! The frames between nodes, versions 7 and 8 (protocol.md 3.2; pitfall 20).

use crate::packets::{SIZES, packet_of};
use bytes::BytesMut;
use nym_sphinx::NymPacket;
use nym_sphinx::framing::codec::NymCodec;
use nym_sphinx::framing::packet::FramedNymPacket;
use nym_sphinx::params::{PacketType, SphinxKeyRotation as TheirRotation};
use proptest::prelude::*;
use sotto_core::packet::KeyRotation;
use sotto_core::packet::frame::{self, Framing, NodeFrame};
use tokio_util::codec::{Decoder, Encoder};

const ROTATIONS: [KeyRotation; 3] = [KeyRotation::Unknown, KeyRotation::Odd, KeyRotation::Even];
const FRAMINGS: [Framing; 2] = [Framing::V7, Framing::V8];

fn their_frame(packet: &[u8], rotation: KeyRotation, framing: Framing) -> Vec<u8> {
    let packet = NymPacket::sphinx_from_bytes(packet).unwrap();
    let rotation = TheirRotation::try_from(rotation.to_byte()).unwrap();
    let legacy = framing == Framing::V7;
    let framed = FramedNymPacket::new(packet, PacketType::Mix, rotation, legacy);
    let mut bytes = BytesMut::new();
    NymCodec.encode(framed, &mut bytes).unwrap();
    bytes.to_vec()
}

/// The rotation that survives the framing.
fn kept(rotation: KeyRotation, framing: Framing) -> KeyRotation {
    if framing == Framing::V7 {
        KeyRotation::Unknown
    } else {
        rotation
    }
}

#[test]
fn frames_of_every_size_rotation_and_version_have_the_same_bytes() {
    for (size, _) in SIZES {
        let packet = packet_of(size);
        for (rotation, framing) in ROTATIONS.iter().flat_map(|r| FRAMINGS.map(|f| (*r, f))) {
            let ours = NodeFrame {
                rotation,
                packet: packet.clone(),
            };
            let theirs = their_frame(&packet, rotation, framing);
            let case = format!("{size:?} {rotation:?} {framing:?}");
            assert!(ours.encode(framing).unwrap() == theirs, "{case}");

            let read = frame::decode(&theirs).unwrap();
            let expected = NodeFrame {
                rotation: kept(rotation, framing),
                packet: packet.clone(),
            };
            assert!(read == Some((expected, theirs.len())), "{case}");

            let mut bytes = BytesMut::from(ours.encode(framing).unwrap().as_slice());
            let read = NymCodec.decode(&mut bytes).unwrap().unwrap();
            assert_eq!(read.key_rotation() as u8, kept(rotation, framing).to_byte());
            assert_eq!(read.packet_size() as u8, size.tag());
            assert!(read.into_inner().to_bytes().unwrap() == packet, "{case}");
        }
    }
}

#[test]
fn a_stream_of_mixed_frames_is_cut_alike() {
    let mut stream = Vec::new();
    let mut packets = Vec::new();
    for ((size, _), framing) in SIZES.into_iter().zip(FRAMINGS.into_iter().cycle()) {
        let packet = packet_of(size);
        packets.push(packet.clone());
        let frame = NodeFrame {
            rotation: KeyRotation::Odd,
            packet,
        };
        stream.extend(frame.encode(framing).unwrap());
    }
    let mut theirs = BytesMut::from(stream.as_slice());
    let mut ours = stream.as_slice();
    for packet in packets {
        let read = NymCodec.decode(&mut theirs).unwrap().unwrap();
        assert!(read.into_inner().to_bytes().unwrap() == packet);
        let (read, used) = frame::decode(ours).unwrap().unwrap();
        assert!(read.packet == packet);
        ours = &ours[used..];
        assert!(ours == &theirs[..]);
    }
}

proptest! {
    /// Any four first bytes: both wait for more, both refuse, or both take. We may refuse as
    /// soon as the fault is seen, where the official codec first waits for the whole head or,
    /// for the deprecated packet type, for the whole packet.
    #[test]
    fn both_refuse_the_same_heads(
        version in 5..11_u8, tag in 0..9_u8, kind in 0..4_u8, rotation in 0..5_u8,
    ) {
        let bytes = [&[version, tag, kind, rotation][..], &[9; 33_140]].concat();
        let theirs = NymCodec.decode(&mut BytesMut::from(bytes.as_slice()));
        let ours = frame::decode(&bytes);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok());
        if let (Ok(Some((ours, _))), Ok(Some(theirs))) = (ours, theirs) {
            prop_assert_eq!(ours.rotation.to_byte(), theirs.key_rotation() as u8);
            prop_assert!(ours.packet == theirs.into_inner().to_bytes().unwrap());
        }
    }
}
