//! SURBs, and the messages that carry them (protocol.md 6; pitfalls 15, 16, 17).

use crate::fixture::{InFlight, Network, ROTATION, body, rng};
use nym_sphinx::anonymous_replies::requests::{
    AnonymousSenderTag, RepliableMessage, RepliableMessageContent, ReplyMessage,
    ReplyMessageContent,
};
use nym_sphinx::anonymous_replies::{ReplySurb, SurbEncryptionKey};
use nym_sphinx::params::{PacketSize as TheirPacketSize, PacketType, SphinxKeyRotation};
use sotto_core::fragment;
use sotto_core::message::{Content, NymMessage, Repliable, Reply, SenderTag};
use sotto_core::packet::{Journey, KeyRotation, PacketSize};
use sotto_core::surb::{ReplyKey, Surb, SurbBatch, SurbRequest};
use std::time::Duration;

const TAG: [u8; 16] = [9; 16];
const DELAY: Duration = Duration::from_millis(15);

/// The bytes of one of our anonymous messages with ten SURBs, without the message type.
fn ours(network: &Network) -> Vec<u8> {
    let (alice, _) = network.parties();
    let mut rng = rng(1);
    let mut surb = || {
        let route = network.route(alice.address.gateway);
        let journey = Journey::draw(&mut rng, &route, alice.address.identity, DELAY);
        Surb::make(&mut rng, &journey).unwrap()
    };
    let surbs = (0..10).map(|_| surb()).collect();
    let rotation = KeyRotation::from_id(ROTATION);
    let message = NymMessage::Repliable(Repliable {
        tag: SenderTag(TAG),
        content: Content::Data(body(500)),
        surbs: SurbBatch { rotation, surbs },
    });
    message.encode()[1..].to_vec()
}

/// The bytes of one of their anonymous messages with ten SURBs, without the message type.
fn theirs(network: &Network) -> Vec<u8> {
    let (alice, _) = network.parties();
    let mut rng = rng(2);
    let provider = network.provider();
    let mut surb = || {
        ReplySurb::construct(&mut rng, &alice.recipient, DELAY, &provider, false)
            .unwrap()
            .with_key_rotation(SphinxKeyRotation::from(ROTATION))
    };
    let surbs = (0..10).map(|_| surb()).collect();
    let tag = AnonymousSenderTag::from_bytes(TAG);
    RepliableMessage::new_data(body(500), tag, surbs).into_bytes()
}

fn read_by_us(bytes: &[u8]) -> Repliable {
    match NymMessage::decode(&[&[1], bytes].concat()).unwrap() {
        NymMessage::Repliable(repliable) => repliable,
        other => panic!("not from an anonymous sender: {other:?}"),
    }
}

#[test]
fn anonymous_messages_are_the_same_bytes_on_both_sides() {
    let network = Network::new();
    for bytes in [ours(&network), theirs(&network)] {
        assert_eq!(bytes.len(), 16 + 1 + 4 + 10 * 460 + 500);
        let read = RepliableMessage::try_from_bytes(&bytes).unwrap();
        assert_eq!(read.sender_tag.to_bytes(), TAG);
        assert_eq!(read.into_bytes(), bytes);
        let read = read_by_us(&bytes);
        assert_eq!((read.tag, read.surbs.surbs.len()), (SenderTag(TAG), 10));
        assert_eq!(read.surbs.rotation, KeyRotation::from_id(ROTATION));
        assert_eq!(NymMessage::Repliable(read).encode()[1..], bytes);
    }
}

#[test]
fn answers_come_back_whoever_made_the_surb_and_whoever_uses_it() {
    let network = Network::new();
    let (alice, _) = network.parties();
    let plaintext = body(PacketSize::Regular.plaintext_len());
    // The final hop takes the first 405 bytes for an ack, so an ack-sized reply is looked at.
    let short = &plaintext[..PacketSize::Ack.plaintext_len()];
    for bytes in [ours(&network), theirs(&network)] {
        let mut read = read_by_us(&bytes);
        let (surb, rotation) = (read.surbs.surbs.pop().unwrap(), read.surbs.rotation);
        let sealed = surb.seal(rotation, PacketSize::Ack, short).unwrap();
        let in_flight = InFlight {
            next: sealed.next_hop.0,
            packet: sealed.packet,
        };
        let arrived = network.pass_theirs(in_flight);
        assert_eq!(arrived.delivery, short);
        assert_eq!(arrived.destination, *alice.address.identity.as_bytes());

        let RepliableMessageContent::DataV2(mut data) =
            RepliableMessage::try_from_bytes(&bytes).unwrap().content
        else {
            panic!("not data");
        };
        let surb = data.reply_surbs.pop().unwrap();
        let size = TheirPacketSize::AckPacket;
        let applied = surb.apply_surb(short, size, PacketType::Mix).unwrap();
        let next = applied.first_hop_address().into();
        let packet = applied.into_packet().to_bytes().unwrap();
        let arrived = network.pass_ours(InFlight { next, packet });
        assert_eq!(arrived.delivery, short);
        assert_eq!(arrived.destination, *alice.address.identity.as_bytes());
    }
}

#[test]
fn a_reply_key_has_the_official_digest_and_encrypts_as_officially() {
    let bytes: [u8; 16] = body(16).try_into().unwrap();
    let key = ReplyKey::from_bytes(bytes);
    let theirs = SurbEncryptionKey::try_from_bytes(&bytes).unwrap();
    assert_eq!(key.digest(), theirs.compute_digest()[..]);
    let sealed = fragment::seal_reply(&key, b"a fragment");
    assert_eq!(&sealed[..32], key.digest().as_slice());
    assert_eq!(fragment::open_reply(&key, &sealed[32..]), b"a fragment");
}

#[test]
fn replies_and_requests_for_surbs_are_the_same_bytes_on_both_sides() {
    let network = Network::new();
    let (alice, _) = network.parties();
    let request = SurbRequest {
        to: alice.address,
        amount: 77,
    };
    let table = [
        (
            Reply::Data(body(300)),
            ReplyMessage::new_data_message(body(300)),
        ),
        (
            Reply::SurbRequest(request),
            ReplyMessage::new_surb_request_message(alice.recipient, 77),
        ),
    ];
    for (reply, message) in table {
        let official = message.into_bytes();
        let encoded = NymMessage::Reply(reply.clone()).encode();
        assert_eq!(encoded[1..], official);
        let NymMessage::Reply(read) = NymMessage::decode(&encoded).unwrap() else {
            panic!("not a reply");
        };
        assert_eq!(read, reply);
    }
    let read =
        ReplyMessage::try_from_bytes(&NymMessage::Reply(Reply::SurbRequest(request)).encode()[1..]);
    let ReplyMessageContent::SurbRequest { recipient, amount } = read.unwrap().content else {
        panic!("not a request");
    };
    assert_eq!(
        (recipient.to_bytes(), amount),
        (alice.address.to_bytes(), 77)
    );
    assert!(ReplyMessage::try_from_bytes(&[0]).is_err());
    assert!(NymMessage::decode(&[2, 0]).is_err());
}
