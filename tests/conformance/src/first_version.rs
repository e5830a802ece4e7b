//! SURBs of the first version, as released clients 1.21.x send them (protocol.md 6.3; pitfall 18).

use crate::directory::their_replies;
use crate::fixture::{Arrived, InFlight, Network, Party, body, rng};
use nym_sphinx::anonymous_replies::SurbEncryptionKey;
use nym_sphinx::message::NymMessage as TheirMessage;
use nym_sphinx::receiver::{MessageReceiver, SphinxMessageReceiver};
use nym_sphinx_addressing_v1::clients::Recipient;
use nym_sphinx_anonymous_replies_v1::ReplySurb;
use nym_sphinx_anonymous_replies_v1::requests::{
    AnonymousSenderTag, RepliableMessage, RepliableMessageContent, ReplyMessage,
    ReplyMessageContent,
};
use nym_sphinx_types_v1::{PrivateKey, ProcessedPacketData, SphinxPacket};
use nym_topology_v1::{NymRouteProvider, NymTopology};
use rand_v1::SeedableRng;
use rand_v1::rngs::StdRng;
use sotto_core::ack::SURB_ACK_LEN;
use sotto_core::address::NodeAddress;
use sotto_core::fragment::{self, SetId, Split};
use sotto_core::message::{Content, NymMessage, Repliable, Reply, SenderTag};
use sotto_core::packet::{Journey, KeyRotation, MixPacket, PacketSize};
use sotto_core::prepare::{Sender, prepare_reply};
use sotto_core::surb::{Surb, SurbBatch, SurbRequest};
use sotto_core::topology::Topology;
use std::net::SocketAddr;
use std::time::Duration;

const TAG: [u8; 16] = [9; 16];
const DELAY: Duration = Duration::from_millis(15);

/// Bytes of one SURB: key, header, first hop, four payload keys.
const SURB_LEN: usize = 16 + 348 + 32 + 4 * 192;

/// What was in front of the first SURB of a batch: sender tag, kind, number of SURBs.
const HEAD: usize = 16 + 1 + 4;

/// The network in the types of 1.21, by way of its JSON, which did not change.
fn provider(network: &Network) -> NymRouteProvider {
    let json = serde_json::to_string(&*network.provider().topology).unwrap();
    let topology: NymTopology = serde_json::from_str(&json).unwrap();
    NymRouteProvider::new(topology, true)
}

/// SURBs as a released client makes them for `party`, and their keys.
fn surbs(network: &Network, party: &Party, count: usize) -> Vec<ReplySurb> {
    let mut rng = StdRng::seed_from_u64(3);
    let provider = provider(network);
    let recipient: Recipient = party.address.to_string().parse().unwrap();
    (0..count)
        .map(|_| ReplySurb::construct(&mut rng, &recipient, DELAY, true, &provider, false).unwrap())
        .collect()
}

fn keys(surbs: &[ReplySurb]) -> Vec<[u8; 16]> {
    let key = |surb: &ReplySurb| surb.encryption_key().to_bytes().try_into().unwrap();
    surbs.iter().map(key).collect()
}

/// A released client's anonymous message, without the message type.
fn data(surbs: Vec<ReplySurb>, body: Vec<u8>) -> Vec<u8> {
    let surbs = surbs.into_iter().map(ReplySurb::to_legacy).collect();
    let tag = AnonymousSenderTag::from_bytes(TAG);
    RepliableMessage::new_data(true, body, tag, surbs).into_bytes()
}

fn read_by_us(bytes: &[u8]) -> Repliable {
    match NymMessage::decode(&[&[1], bytes].concat()).unwrap() {
        NymMessage::Repliable(repliable) => repliable,
        other => panic!("not from an anonymous sender: {other:?}"),
    }
}

#[test]
fn anonymous_messages_of_released_clients_are_read() {
    let network = Network::new();
    let (alice, _) = network.parties();
    for count in [0, 1, 10] {
        let made = surbs(&network, &alice, count);
        let (keys, raw) = (keys(&made), made.iter().map(ReplySurb::to_bytes));
        let raw: Vec<_> = raw.collect();
        let bytes = data(made, body(500));
        assert_eq!(bytes.len(), HEAD + count * SURB_LEN + 500);
        let read = read_by_us(&bytes);
        assert_eq!(
            (read.tag, read.content),
            (SenderTag(TAG), Content::Data(body(500)))
        );
        assert_eq!(read.surbs.rotation, KeyRotation::Unknown);
        assert_eq!(read.surbs.surbs.len(), count);
        for ((surb, key), raw) in read.surbs.surbs.iter().zip(keys).zip(raw) {
            assert_eq!(surb.reply_key().as_bytes(), &key);
            assert_eq!(surb.to_record()[1..], raw, "nothing is lost on disk");
        }
    }
}

#[test]
fn additional_surbs_of_released_clients_are_read() {
    let network = Network::new();
    let (alice, _) = network.parties();
    let made = surbs(&network, &alice, 7);
    let surbs = made.into_iter().map(ReplySurb::to_legacy).collect();
    let tag = AnonymousSenderTag::from_bytes(TAG);
    let bytes = RepliableMessage::new_additional_surbs(true, tag, surbs).into_bytes();
    let read = read_by_us(&bytes);
    assert_eq!(
        (read.content, read.surbs.surbs.len()),
        (Content::AdditionalSurbs, 7)
    );
}

/// What we write for newer clients, a released one reads as well: version 2 is its other format.
#[test]
fn our_anonymous_messages_are_read_by_released_clients() {
    let network = Network::new();
    let (alice, _) = network.parties();
    let mut rng = rng(1);
    let route = network.route(alice.address.gateway);
    let journey = Journey::draw(&mut rng, &route, alice.address.identity, DELAY);
    let surb = Surb::make(&mut rng, &journey).unwrap();
    let raw = surb.encode_v2().unwrap();
    let message = NymMessage::Repliable(Repliable {
        tag: SenderTag(TAG),
        content: Content::Data(body(500)),
        surbs: SurbBatch {
            rotation: KeyRotation::Odd,
            surbs: vec![surb],
        },
    });
    let read = RepliableMessage::try_from_bytes(&message.encode()[1..]).unwrap();
    assert_eq!(read.sender_tag.to_bytes(), TAG);
    let RepliableMessageContent::DataV2(data) = read.content else {
        panic!("not data of the second version");
    };
    assert_eq!(data.message, body(500));
    assert_eq!(data.reply_surbs[0].inner_reply_surb().to_bytes(), raw);
}

/// The packets of our answer through a released client's SURBs.
fn answer(network: &Network, bob: &Party, surbs: Vec<Surb>, answer: &NymMessage) -> Vec<MixPacket> {
    let mut rng = rng(4);
    let message = answer.encode();
    let sets = vec![SetId::draw(&mut rng, None)];
    let split = Split::new(message.len(), PacketSize::Regular, sets).unwrap();
    let sender = Sender {
        address: &bob.address,
        ack_key: &bob.keys.ack,
        packet_delay: DELAY,
        ack_delay: DELAY,
    };
    let topology = Topology::from_directory(&their_replies(network)).unwrap();
    assert_eq!(split.count(), surbs.len(), "a SURB for each fragment");
    surbs
        .into_iter()
        .enumerate()
        .map(|(index, surb)| {
            let fragment = split.fragment(&message, index).unwrap();
            let rotation = KeyRotation::Unknown;
            let prepared = prepare_reply(&mut rng, &topology, sender, surb, rotation, &fragment);
            prepared.unwrap().packet
        })
        .collect()
}

/// Through nodes of the release: `sphinx-packet` 0.6.
fn pass_released(network: &Network, mut next: SocketAddr, mut packet: Vec<u8>) -> Vec<u8> {
    loop {
        let secret = PrivateKey::from(*network.at(next).sphinx.to_bytes());
        let sphinx = SphinxPacket::from_bytes(&packet).unwrap();
        match sphinx.process(&secret).unwrap().data {
            ProcessedPacketData::ForwardHop {
                next_hop_packet,
                next_hop_address,
                ..
            } => {
                next = NodeAddress::decode(next_hop_address.as_bytes())
                    .unwrap()
                    .0
                    .0;
                packet = next_hop_packet.to_bytes();
            }
            ProcessedPacketData::FinalHop { payload, .. } => {
                return payload.recover_plaintext().unwrap()[SURB_ACK_LEN..].to_vec();
            }
        }
    }
}

/// What the maker of the SURBs does with what its gateway pushes.
fn received(keys: &[[u8; 16]], deliveries: Vec<Vec<u8>>) -> ReplyMessage {
    let mut receiver = SphinxMessageReceiver::new();
    for delivery in deliveries {
        let (digest, ciphertext) = delivery.split_at(32);
        let known = keys
            .iter()
            .map(|key| SurbEncryptionKey::try_from_bytes(key).unwrap())
            .find(|key| key.compute_digest()[..] == *digest);
        let mut plaintext = ciphertext.to_vec();
        receiver
            .recover_plaintext_from_reply(&mut plaintext, known.expect("a key of ours"))
            .unwrap();
        let fragment = receiver.recover_fragment(&plaintext).unwrap();
        if let Some((whole, _)) = receiver.insert_new_fragment(fragment).unwrap() {
            let TheirMessage::Reply(reply) = whole else {
                panic!("not a reply");
            };
            return ReplyMessage::try_from_bytes(&reply.into_bytes()).unwrap();
        }
    }
    panic!("the answer is not whole");
}

#[test]
fn our_answers_find_their_way_through_surbs_of_released_clients() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let made = surbs(&network, &alice, 3);
    let keys = keys(&made);
    let read = read_by_us(&data(made, body(10)));
    let reply = NymMessage::Reply(Reply::Data(body(4000)));
    let packets = answer(&network, &bob, read.surbs.surbs, &reply);
    let nodes_of_today = |packet: &MixPacket| -> Arrived {
        let (next, packet) = (packet.next_hop.0, packet.packet.clone());
        let by_us = network.pass_ours(InFlight {
            next,
            packet: packet.clone(),
        });
        let by_them = network.pass_theirs_as(258, InFlight { next, packet });
        assert_eq!(by_us, by_them);
        assert_eq!(by_us.destination, *alice.address.identity.as_bytes());
        by_us
    };
    let today = packets.iter().map(|packet| nodes_of_today(packet).delivery);
    let today = today.collect::<Vec<_>>();
    let released = packets
        .iter()
        .map(|packet| pass_released(&network, packet.next_hop.0, packet.packet.clone()));
    assert_eq!(released.collect::<Vec<_>>(), today);
    let ReplyMessageContent::Data { message } = received(&keys, today).content else {
        panic!("not data");
    };
    assert_eq!(message, body(4000));
}

#[test]
fn our_requests_for_more_are_read_by_released_clients() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let made = surbs(&network, &alice, 1);
    let keys = keys(&made);
    let read = read_by_us(&data(made, body(10)));
    let to = bob.address;
    let request = NymMessage::Reply(Reply::SurbRequest(SurbRequest { to, amount: 30 }));
    let packets = answer(&network, &bob, read.surbs.surbs, &request);
    let deliveries = packets
        .into_iter()
        .map(|packet| pass_released(&network, packet.next_hop.0, packet.packet));
    let content = received(&keys, deliveries.collect()).content;
    let ReplyMessageContent::SurbRequest { recipient, amount } = content else {
        panic!("not a request");
    };
    assert_eq!((recipient.to_string(), amount), (to.to_string(), 30));
}

/// After a round through our disk the SURBs are as good as before.
#[test]
fn surbs_of_released_clients_survive_our_disk() {
    let network = Network::new();
    let (alice, bob) = network.parties();
    let made = surbs(&network, &alice, 1);
    let keys = keys(&made);
    let read = read_by_us(&data(made, body(10)));
    let stored = read.surbs.surbs.iter().map(Surb::to_record);
    let restored = stored
        .map(|record| Surb::from_record(&record).unwrap())
        .collect();
    let reply = NymMessage::Reply(Reply::Data(body(40)));
    let packet = answer(&network, &bob, restored, &reply).pop().unwrap();
    let delivery = pass_released(&network, packet.next_hop.0, packet.packet);
    assert_eq!(fragment::CIPHER_OVERHEAD + 1611, delivery.len());
    let ReplyMessageContent::Data { message } = received(&keys, vec![delivery]).content else {
        panic!("not data");
    };
    assert_eq!(message, body(40));
}
