//! Packet sizes, key rotation and what a gateway is asked to forward (protocol.md 2.1, 2.6, 2.7,
//! 4.7; pitfalls 2, 3 and 19).

use crate::fixture::{Network, body, rng};
use nym_sphinx::addressing::nodes::NymNodeRoutingAddress;
use nym_sphinx::forwarding::packet::MixPacket as TheirMixPacket;
use nym_sphinx::params::{
    PacketSize as TheirPacketSize, PacketType, SphinxKeyRotation as TheirRotation,
};
use nym_sphinx::{HEADER_SIZE, NymPacket, PAYLOAD_OVERHEAD_SIZE};
use proptest::prelude::*;
use sotto_core::ack::{ACK_LEN, SURB_ACK_LEN};
use sotto_core::address::NodeAddress;
use sotto_core::fragment::fragment_len;
use sotto_core::packet::{self, Journey, KeyRotation, MixPacket, PacketSize};
use std::net::SocketAddr;
use std::time::Duration;

/// Every size in our type and in theirs.
pub(crate) const SIZES: [(PacketSize, TheirPacketSize); 5] = [
    (PacketSize::Regular, TheirPacketSize::RegularPacket),
    (PacketSize::Ack, TheirPacketSize::AckPacket),
    (PacketSize::Extended8, TheirPacketSize::ExtendedPacket8),
    (PacketSize::Extended16, TheirPacketSize::ExtendedPacket16),
    (PacketSize::Extended32, TheirPacketSize::ExtendedPacket32),
];

/// A real packet of each size, made by us.
pub(crate) fn packet_of(size: PacketSize) -> Vec<u8> {
    let network = Network::new();
    let (_, bob) = network.parties();
    let mut rng = rng(9);
    let route = network.route(bob.address.gateway);
    let journey = Journey::draw(&mut rng, &route, bob.address.identity, Duration::ZERO);
    packet::build(&mut rng, &journey, size, &body(size.plaintext_len())).unwrap()
}

#[test]
fn sizes_and_tags_agree() {
    for (ours, theirs) in SIZES {
        assert_eq!(ours.tag(), theirs as u8);
        assert_eq!(ours.packet_len(), theirs.size());
        assert_eq!(ours.payload_len(), theirs.payload_size());
        assert_eq!(ours.plaintext_len(), theirs.plaintext_size());
        assert_eq!(ours.packet_len() - ours.payload_len(), HEADER_SIZE);
        assert_eq!(
            ours.payload_len() - ours.plaintext_len(),
            PAYLOAD_OVERHEAD_SIZE
        );
        assert_eq!(packet_of(ours).len(), theirs.size());
    }
    assert_eq!(ACK_LEN, TheirPacketSize::AckPacket.plaintext_size());
}

#[test]
fn both_know_the_same_tags_and_lengths() {
    for tag in 0..=u8::MAX {
        let theirs = TheirPacketSize::try_from(tag)
            .ok()
            .map(TheirPacketSize::size);
        assert_eq!(
            PacketSize::from_tag(tag).map(PacketSize::packet_len),
            theirs,
            "tag {tag}"
        );
    }
    for len in 0..40_000 {
        let theirs = TheirPacketSize::get_type(len).ok().map(|size| size as u8);
        assert_eq!(
            PacketSize::from_packet_len(len).map(PacketSize::tag),
            theirs,
            "{len} bytes"
        );
    }
}

#[test]
fn a_fragment_gets_the_room_that_the_official_message_type_computes() {
    let message = nym_sphinx::message::NymMessage::new_plain(vec![]);
    for (ours, theirs) in SIZES
        .into_iter()
        .filter(|(ours, _)| *ours != PacketSize::Ack)
    {
        assert_eq!(
            fragment_len(ours),
            message.available_sphinx_plaintext_per_packet(theirs)
        );
    }
    let surb_ack = nym_sphinx::acknowledgements::surb_ack::SurbAck::len(Some(PacketType::Mix));
    assert_eq!(SURB_ACK_LEN, surb_ack);
}

#[test]
fn rotation_ids_and_bytes_map_alike() {
    let ids = (0..1000)
        .chain(u32::MAX - 1000..=u32::MAX)
        .chain([1 << 31, (1 << 31) - 1]);
    for id in ids {
        let theirs = TheirRotation::from(id) as u8;
        assert_eq!(KeyRotation::from_id(id).to_byte(), theirs, "rotation {id}");
    }
    for byte in 0..=u8::MAX {
        let theirs = TheirRotation::try_from(byte)
            .ok()
            .map(|rotation| rotation as u8);
        assert_eq!(
            KeyRotation::from_byte(byte).map(KeyRotation::to_byte),
            theirs,
            "byte {byte}"
        );
    }
}

fn their_mix_packet(next: SocketAddr, rotation: KeyRotation, packet: &[u8]) -> TheirMixPacket {
    TheirMixPacket::new(
        NymNodeRoutingAddress::from(next),
        NymPacket::sphinx_from_bytes(packet).unwrap(),
        PacketType::Mix,
        TheirRotation::try_from(rotation.to_byte()).unwrap(),
    )
}

#[test]
fn mix_packets_have_the_same_bytes_in_both_versions() {
    let hops = ["127.0.0.1:10001", "[2001:db8::7]:1789"];
    let rotations = [KeyRotation::Unknown, KeyRotation::Odd, KeyRotation::Even];
    for (size, _) in SIZES {
        let packet = packet_of(size);
        for (next, rotation) in hops.iter().flat_map(|hop| rotations.map(|r| (hop, r))) {
            let next: SocketAddr = next.parse().unwrap();
            let ours = MixPacket {
                rotation,
                next_hop: NodeAddress(next),
                packet: packet.clone(),
            };
            let theirs = || their_mix_packet(next, rotation, &packet);
            assert!(ours.encode_v1() == theirs().into_v1_bytes().unwrap());
            assert!(ours.encode_v2() == theirs().into_v2_bytes().unwrap());
            let read = TheirMixPacket::try_from_v2_bytes(&ours.encode_v2()).unwrap();
            assert_eq!(read.next_hop_address(), next);
            assert_eq!(read.key_rotation() as u8, rotation.to_byte());
            assert!(MixPacket::decode_v2(&theirs().into_v2_bytes().unwrap()) == Ok(ours.clone()));
            let without = MixPacket {
                rotation: KeyRotation::Unknown,
                ..ours
            };
            assert!(MixPacket::decode_v1(&theirs().into_v1_bytes().unwrap()) == Ok(without));
        }
    }
}

proptest! {
    /// A changed head, a cut or grown tail: both take it or both refuse it. The official reader
    /// also parses the Sphinx packet, which cannot fail for a known length.
    #[test]
    fn both_refuse_the_same_damaged_mix_packets(
        head in proptest::collection::vec(any::<u8>(), 0..4),
        len in prop_oneof![Just(386_usize), Just(385), Just(2413), 0..500_usize],
    ) {
        let address = [4, 0x27, 0x11, 127, 0, 0, 1];
        let bytes = [head.as_slice(), &address, &vec![7; len]].concat();
        let theirs = TheirMixPacket::try_from_v1_bytes(&bytes).is_ok();
        prop_assert_eq!(MixPacket::decode_v1(&bytes).is_ok(), theirs, "version 1");
        let theirs = TheirMixPacket::try_from_v2_bytes(&bytes).is_ok();
        prop_assert_eq!(MixPacket::decode_v2(&bytes).is_ok(), theirs, "version 2");
    }
}
