//! Whole messages: cut, encrypted, wrapped, carried, unwrapped, decrypted, put together
//! (protocol.md 2, 4, 5; pitfalls 1, 5, 6, 7, 8, 13, 14, 21).

use crate::fixture::{Arrived, InFlight, Network, Party, ROTATION, body, rng};
use crate::packets::SIZES;
use nym_sphinx::acknowledgements::identifier::recover_identifier;
use nym_sphinx::chunking::fragment::Fragment as TheirFragment;
use nym_sphinx::forwarding::packet::MixPacket as TheirMixPacket;
use nym_sphinx::message::NymMessage as TheirMessage;
use nym_sphinx::params::{PacketSize as TheirPacketSize, PacketType};
use nym_sphinx::preparer::{MessagePreparer, PreparedFragment};
use nym_sphinx::receiver::{MessageReceiver, SphinxMessageReceiver};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use sotto_core::ack::Acknowledged;
use sotto_core::fragment::{Arrival, Fragment, Reassembly, SetId, Split};
use sotto_core::message::NymMessage;
use sotto_core::packet::{self, Journey, KeyRotation, MixPacket, PacketSize};
use sotto_core::time::Time;
use sotto_core::{ack, fragment};
use std::time::Duration;

const MEAN_DELAY: Duration = Duration::from_millis(15);

/// A message packed by us: the bytes handed to the gateway and the fragments' names.
fn sent_by_us(
    network: &Network,
    rng: &mut ChaCha20Rng,
    (alice, bob): (&Party, &Party),
    size: PacketSize,
    body: &[u8],
) -> Vec<(Vec<u8>, [u8; 5])> {
    let message = NymMessage::encode_plain(body);
    let sets = Split::sets_needed(message.len(), size);
    let ids = (0..sets).map(|_| SetId::draw(rng, None)).collect();
    let split = Split::new(message.len(), size, ids).unwrap();
    let pack = |index| {
        let fragment = split.fragment(&message, index).unwrap();
        let back = network.route(alice.address.gateway);
        let back = Journey::draw(rng, &back, alice.address.identity, MEAN_DELAY);
        let surb_ack = ack::surb_ack(
            rng,
            &alice.keys.ack,
            Acknowledged::Fragment(fragment.id()),
            &back,
        )
        .unwrap();
        let sealed = fragment::seal(rng, &bob.address.encryption, &fragment.encode());
        let there = network.route(bob.address.gateway);
        let there = Journey::draw(rng, &there, bob.address.identity, MEAN_DELAY);
        let plaintext = [surb_ack, sealed].concat();
        let packet = packet::build(rng, &there, size, &plaintext).unwrap();
        let mix_packet = MixPacket {
            rotation: KeyRotation::from_id(ROTATION),
            next_hop: there.first_hop().unwrap(),
            packet,
        };
        (mix_packet.encode_v2(), fragment.id().to_bytes())
    };
    (0..split.count()).map(pack).collect()
}

/// The official preparer, set as the official client sets it.
fn preparer(rng: ChaCha20Rng, alice: &Party) -> MessagePreparer<ChaCha20Rng> {
    MessagePreparer::new(rng, false, alice.recipient, MEAN_DELAY, MEAN_DELAY, false)
}

/// A message packed by the official code.
pub(crate) fn sent_by_them(
    network: &Network,
    rng: &mut ChaCha20Rng,
    (alice, bob): (&Party, &Party),
    size: TheirPacketSize,
    body: &[u8],
) -> Vec<PreparedFragment> {
    use rand_chacha::rand_core::SeedableRng;
    let mut preparer = preparer(ChaCha20Rng::from_rng(rng), alice);
    let message = TheirMessage::new_plain(body.to_vec());
    let fragments = preparer.pad_and_split_message(message, size);
    let provider = network.provider();
    let prepare = |fragment: TheirFragment| {
        preparer
            .prepare_chunk_for_sending(
                fragment,
                &provider,
                &alice.ack_key,
                &bob.recipient,
                PacketType::Mix,
            )
            .unwrap()
    };
    fragments.into_iter().map(prepare).collect()
}

/// What the official client does with its gateway's pushes.
pub(crate) fn received_by_them(bob: &Party, deliveries: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let mut receiver = SphinxMessageReceiver::new();
    let mut whole = None;
    for mut delivery in deliveries {
        let plaintext =
            receiver.recover_plaintext_from_regular_packet(&bob.encryption, &mut delivery);
        let fragment = receiver.recover_fragment(plaintext.unwrap()).unwrap();
        if let Some((message, _)) = receiver.insert_new_fragment(fragment).unwrap() {
            whole = Some(message.into_inner_data());
        }
    }
    whole
}

/// What we do with our gateway's pushes.
fn received_by_us(bob: &Party, deliveries: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let mut reassembly = Reassembly::default();
    let mut whole = None;
    for delivery in deliveries {
        let opened = fragment::open(&bob.keys.encryption, &delivery).unwrap();
        let fragment = Fragment::decode(&opened).unwrap();
        if let Arrival::Complete(complete) = reassembly.insert(Time::from_millis(0), fragment) {
            whole = Some(complete.message);
        }
    }
    match NymMessage::decode(&whole?).unwrap() {
        NymMessage::Plain(body) => Some(body),
        other => panic!("not a plain message: {other:?}"),
    }
}

/// Our request to the gateway as the official gateway reads it.
fn forwarded_by_them(bytes: &[u8]) -> InFlight {
    let packet = TheirMixPacket::try_from_v2_bytes(bytes).unwrap();
    assert_eq!(
        packet.key_rotation() as u8,
        KeyRotation::from_id(ROTATION).to_byte()
    );
    let next = packet.next_hop_address();
    InFlight {
        next,
        packet: packet.into_packet().to_bytes().unwrap(),
    }
}

/// The official client's request to the gateway as our gateway reads it.
fn forwarded_by_us(prepared: PreparedFragment) -> InFlight {
    let bytes = prepared.mix_packet.into_v2_bytes().unwrap();
    let packet = MixPacket::decode_v2(&bytes).unwrap();
    assert_eq!(packet.rotation, KeyRotation::from_id(ROTATION));
    InFlight {
        next: packet.next_hop.0,
        packet: packet.packet,
    }
}

fn check_arrival(network: &Network, arrived: &Arrived, bob: &Party) {
    let layers: Vec<_> = arrived
        .passed
        .iter()
        .map(|id| {
            network
                .nodes
                .iter()
                .find(|node| node.id == *id)
                .unwrap()
                .layer
        })
        .collect();
    assert_eq!(layers, [Some(1), Some(2), Some(3), None]);
    assert_eq!(arrived.destination, *bob.address.identity.as_bytes());
}

/// One body for every way that a packet is filled: one fragment, two, and two sets.
fn bodies(size: PacketSize) -> Vec<Vec<u8>> {
    let unlinked = fragment::fragment_len(size) - 7;
    let sets = if size == PacketSize::Regular {
        vec![255 * unlinked - 1]
    } else {
        vec![]
    };
    let lens = [1, unlinked - 2, unlinked - 1].into_iter().chain(sets);
    lens.map(body).collect()
}

#[test]
fn official_nodes_and_an_official_client_read_our_messages_and_return_our_acks() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let mut rng = rng(11);
    for (size, _) in SIZES
        .into_iter()
        .filter(|(size, _)| *size != PacketSize::Ack)
    {
        for body in bodies(size) {
            let mut sent = sent_by_us(&network, &mut rng, (&alice, &bob), size, &body);
            sent.shuffle(&mut rng);
            let mut deliveries = Vec::new();
            for (bytes, id) in sent {
                let arrived = network.pass_theirs(forwarded_by_them(&bytes));
                check_arrival(&network, &arrived, &bob);
                let ack = network.pass_theirs(arrived.ack_in_flight());
                check_arrival(&network, &ack, &alice);
                assert_eq!(recover_identifier(&alice.ack_key, &ack.delivery), Some(id));
                deliveries.push(arrived.delivery);
            }
            assert!(received_by_them(&bob, deliveries) == Some(body), "{size:?}");
        }
    }
}

#[test]
fn we_read_official_messages_through_our_nodes_and_return_official_acks() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let mut rng = rng(12);
    for (size, theirs) in SIZES
        .into_iter()
        .filter(|(size, _)| *size != PacketSize::Ack)
    {
        for body in bodies(size) {
            let mut sent = sent_by_them(&network, &mut rng, (&alice, &bob), theirs, &body);
            sent.shuffle(&mut rng);
            let mut deliveries = Vec::new();
            for prepared in sent {
                let id = prepared.fragment_identifier.to_bytes();
                let arrived = network.pass_ours(forwarded_by_us(prepared));
                check_arrival(&network, &arrived, &bob);
                let ack = network.pass_ours(arrived.ack_in_flight());
                check_arrival(&network, &ack, &alice);
                let recovered = ack::open(&alice.keys.ack, &ack.delivery.try_into().unwrap());
                let Some(Acknowledged::Fragment(recovered)) = recovered else {
                    panic!("not the ack of a fragment: {recovered:?}");
                };
                assert_eq!(recovered.to_bytes(), id);
                deliveries.push(arrived.delivery);
            }
            assert!(received_by_us(&bob, deliveries) == Some(body), "{size:?}");
        }
    }
}

#[test]
fn both_nodes_do_the_same_to_the_same_packet() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let mut rng = rng(13);
    let parties = (&alice, &bob);
    let mut packets = Vec::new();
    for (bytes, _) in sent_by_us(
        &network,
        &mut rng,
        parties,
        PacketSize::Regular,
        &body(3000),
    ) {
        packets.push(bytes);
    }
    let theirs = TheirPacketSize::ExtendedPacket8;
    for prepared in sent_by_them(&network, &mut rng, parties, theirs, &body(9000)) {
        packets.push(prepared.mix_packet.into_v2_bytes().unwrap());
    }
    for bytes in packets {
        let ours = network.pass_ours(forwarded_by_them(&bytes));
        let theirs = network.pass_theirs(forwarded_by_them(&bytes));
        assert!(ours == theirs);
        assert_eq!(ours.delays.len(), 3);
        let acks = [ours, theirs].map(|arrived| arrived.ack_in_flight());
        let [by_us, by_them] = acks;
        assert!(network.pass_ours(by_us) == network.pass_theirs(by_them));
    }
}

#[test]
fn the_delays_we_draw_are_the_delays_the_nodes_wait() {
    let network = Network::new();
    let (_, bob) = network.parties();
    let mut rng = rng(14);
    let route = network.route(bob.address.gateway);
    for _ in 0..20 {
        let journey = Journey::draw(&mut rng, &route, bob.address.identity, MEAN_DELAY);
        let packet = packet::build(&mut rng, &journey, PacketSize::Ack, &[1; 21]).unwrap();
        let arrived = network.pass_theirs(InFlight {
            next: route[0].address.0,
            packet,
        });
        assert_eq!(
            arrived.delays.iter().sum::<Duration>(),
            journey.waiting_time()
        );
        assert!(arrived.delays.iter().all(|delay| *delay > Duration::ZERO));
    }
}

#[test]
fn the_replay_tag_is_the_one_that_official_nodes_remember() {
    use nym_sphinx::{NymPacket, SphinxPacket};
    let network = Network::new();
    let (alice, bob) = network.parties();
    let mut rng = rng(15);
    let sent = sent_by_us(
        &network,
        &mut rng,
        (&alice, &bob),
        PacketSize::Regular,
        b"once",
    );
    let in_flight = forwarded_by_them(&sent[0].0);
    let node = network
        .nodes
        .iter()
        .find(|node| node.address == in_flight.next)
        .unwrap();
    let ours = sotto_core::node::unwrap(&in_flight.packet, &node.sphinx)
        .unwrap()
        .replay_tag;
    let packet = NymPacket::sphinx_from_bytes(&in_flight.packet).unwrap();
    let packet: SphinxPacket = packet.to_sphinx_packet().unwrap();
    let theirs = packet
        .header
        .compute_expanded_shared_secret(node.their_sphinx_key().inner());
    assert_eq!(&ours, theirs.replay_tag());
}
