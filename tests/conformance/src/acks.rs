//! SURB-acks: made, launched and recognised (protocol.md 4.5, 4.8; pitfalls 11 and 12).

use crate::fixture::{InFlight, Network, Party, rng};
use nym_sphinx::acknowledgements::identifier::{prepare_identifier, recover_identifier};
use nym_sphinx::acknowledgements::surb_ack::SurbAck;
use nym_sphinx::chunking::fragment::{COVER_FRAG_ID, FragmentIdentifier};
use nym_sphinx::params::PacketType;
use proptest::prelude::*;
use sotto_core::ack::{self, Acknowledged};
use sotto_core::address::NodeAddress;
use sotto_core::fragment::{FragmentId, SetId};
use sotto_core::packet::Journey;
use std::time::Duration;

fn party() -> Party {
    Network::new().parties().0
}

/// A fragment's name, as an ack carries it and as five bytes.
fn id(set: u32, number: u8) -> (Acknowledged, [u8; 5]) {
    let id = FragmentId {
        set: SetId::new(set).unwrap(),
        number,
    };
    (Acknowledged::Fragment(id), id.to_bytes())
}

fn sealed_by_them(party: &Party, identifier: [u8; 5]) -> [u8; 21] {
    prepare_identifier(&mut rng(7), &party.ack_key, identifier)
        .try_into()
        .unwrap()
}

proptest! {
    #[test]
    fn both_open_each_others_acks(set in 1..0x8000_0000_u32, number in 1..=255_u8) {
        let party = party();
        let (what, bytes) = id(set, number);
        let ours = ack::seal(&mut rng(set as u8), &party.keys.ack, what);
        prop_assert_eq!(recover_identifier(&party.ack_key, &ours), Some(bytes));
        let theirs = sealed_by_them(&party, bytes);
        prop_assert_eq!(ack::open(&party.keys.ack, &theirs), Some(what));
    }

    /// What the official client takes for an ack of a fragment that it sent, and nothing else.
    #[test]
    fn both_take_the_same_five_bytes_for_an_identifier(
        bytes in proptest::array::uniform5(prop_oneof![Just(0_u8), any::<u8>()]),
    ) {
        let theirs = FragmentIdentifier::try_from_bytes(bytes).ok().map(FragmentIdentifier::to_bytes);
        // Set 0 is cover traffic and number 0 is never drawn: the official client accepts both
        // and then finds no timer for them. We say so at once.
        let theirs = theirs.filter(|b| b[..4] != [0; 4] && b[4] != 0);
        prop_assert_eq!(FragmentId::from_bytes(bytes).map(FragmentId::to_bytes), theirs);
    }
}

#[test]
fn both_know_each_others_acks_of_cover_traffic() {
    let party = party();
    let theirs = sealed_by_them(&party, COVER_FRAG_ID.to_bytes());
    assert_eq!(
        ack::open(&party.keys.ack, &theirs),
        Some(Acknowledged::Cover)
    );
    let ours = ack::seal(&mut rng(8), &party.keys.ack, Acknowledged::Cover);
    assert_eq!(
        recover_identifier(&party.ack_key, &ours),
        Some(COVER_FRAG_ID.to_bytes())
    );
}

#[test]
fn an_official_gateway_launches_our_ack_and_it_comes_back() {
    let network = Network::new();
    let (alice, _) = network.parties();
    for seed in 0..10 {
        let mut rng = rng(seed);
        let (what, id) = id(0x1234_5678, seed + 1);
        let mut route = network.route(alice.address.gateway);
        // Both address families as the first hop.
        route[0] = network
            .in_layer(1)
            .nth(usize::from(seed) % 2)
            .unwrap()
            .hop();
        let journey = Journey::draw(
            &mut rng,
            &route,
            alice.address.identity,
            Duration::from_millis(15),
        );
        let bytes = ack::surb_ack(&mut rng, &alice.keys.ack, what, &journey).unwrap();
        assert_eq!(bytes.len(), SurbAck::len(Some(PacketType::Mix)));
        let (next, packet) =
            SurbAck::try_recover_first_hop_packet(&bytes, PacketType::Mix).unwrap();
        let next = next.into();
        assert_eq!(next, route[0].address.0);
        let arrived = network.pass_theirs(InFlight {
            next,
            packet: packet.to_bytes().unwrap(),
        });
        assert_eq!(arrived.destination, *alice.address.identity.as_bytes());
        assert_eq!(arrived.ack, None);
        let recovered = recover_identifier(&alice.ack_key, &arrived.delivery);
        assert_eq!(recovered, Some(id));
    }
}

#[test]
fn our_nodes_carry_an_official_ack_and_we_know_it_again() {
    let network = Network::new();
    let (alice, _) = network.parties();
    for number in 1..=10 {
        let (what, id) = id(0x7fff_ffff, number);
        let surb_ack = SurbAck::construct(
            &mut rng(number),
            &alice.recipient,
            &alice.ack_key,
            id,
            Duration::from_millis(15),
            &network.provider(),
            PacketType::Mix,
            false,
        )
        .unwrap();
        let (_, bytes) = surb_ack.prepare_for_sending().unwrap();
        let (next, _) = NodeAddress::decode(&bytes).unwrap();
        let arrived = network.pass_ours(InFlight {
            next: next.0,
            packet: bytes[19..].to_vec(),
        });
        assert_eq!(arrived.passed.len(), 4);
        assert_eq!(arrived.destination, *alice.address.identity.as_bytes());
        let delivery = arrived.delivery.try_into().unwrap();
        assert_eq!(ack::open(&alice.keys.ack, &delivery), Some(what));
    }
}
