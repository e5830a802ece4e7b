//! Loop cover traffic, which must be taken in silence (protocol.md 5.2, 7; pitfall 14).

use crate::fixture::{InFlight, Network, rng};
use crate::packets::SIZES;
use nym_sphinx::cover::{LOOP_COVER_MESSAGE_PAYLOAD, generate_loop_cover_packet, is_cover};
use nym_sphinx::params::PacketType;
use proptest::prelude::*;
use sotto_core::ack::Acknowledged;
use sotto_core::cover::Loop;
use sotto_core::packet::PacketSize;
use sotto_core::{ack, cover, fragment};
use std::time::Duration;

#[test]
fn an_official_cover_packet_and_its_ack_are_recognised() {
    let network = Network::new();
    let (alice, _) = network.parties();
    for (_, size) in SIZES
        .into_iter()
        .filter(|(ours, _)| *ours != PacketSize::Ack)
    {
        let packet = generate_loop_cover_packet(
            &mut rng(1),
            &network.provider(),
            &alice.ack_key,
            &alice.recipient,
            Duration::from_millis(15),
            Duration::from_millis(15),
            size,
            PacketType::Mix,
        )
        .unwrap();
        let next = packet.next_hop_address();
        let packet = packet.into_packet().to_bytes().unwrap();
        let arrived = network.pass_ours(InFlight { next, packet });
        assert_eq!(arrived.destination, *alice.address.identity.as_bytes());
        let opened = fragment::open(&alice.keys.encryption, &arrived.delivery).unwrap();
        assert_eq!(cover::open(&opened), Some(Loop::Cover));
        assert!(fragment::Fragment::decode(&opened).is_err());
        let ack = network.pass_ours(arrived.ack_in_flight());
        let ack = ack::open(&alice.keys.ack, &ack.delivery.try_into().unwrap());
        assert_eq!(ack, Some(Acknowledged::Cover));
    }
}

#[test]
fn a_probe_is_cover_to_an_official_client() {
    for (size, _) in SIZES
        .into_iter()
        .filter(|(ours, _)| *ours != PacketSize::Ack)
    {
        assert!(is_cover(&cover::probe(size, &[7; 16])));
    }
}

proptest! {
    #[test]
    fn both_take_the_same_bytes_for_cover(cut in 0..20_usize, change in 0..40_usize, tail in any::<[u8; 4]>()) {
        let mut bytes = [LOOP_COVER_MESSAGE_PAYLOAD, &tail].concat();
        if let Some(byte) = bytes.get_mut(change) {
            *byte ^= 1;
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        prop_assert_eq!(cover::open(&bytes).is_some(), is_cover(&bytes));
    }
}
