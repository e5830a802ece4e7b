//! Every decoder takes any bytes without a panic, and what it takes it can write again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::{MessageId, ReceivedMessage, SentMessage};
use sotto_core::delivery;
use sotto_core::fragment::{Fragment, FragmentId};
use sotto_core::gateway::handshake::{Initiator, Responder};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage,
};
use sotto_core::gateway::{SharedKey, binary};
use sotto_core::keys::{ClientKeys, EncryptionKey, EncryptionSecret, IdentityKey, SigningKey};
use sotto_core::message::NymMessage;
use sotto_core::node;
use sotto_core::packet::frame::{self, Framing, NodeFrame};
use sotto_core::packet::{self, Journey, KeyRotation, MixPacket, PacketSize};
use sotto_core::topology::{DirectoryReplies, Topology};
use std::time::Duration;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

/// Gives the bytes to everything that reads bytes. What is read must write the same again.
fn read_bytes(bytes: &[u8]) {
    let mut rng = rng();
    let keys = ClientKeys::generate(&mut rng);
    let key = SharedKey::from_bytes([2; 32]);
    if let Ok(address) = Address::from_bytes(bytes) {
        assert_eq!(address.to_bytes(), bytes);
    }
    if let Ok((address, len)) = NodeAddress::decode(bytes) {
        assert_eq!(address.unpadded(), bytes[..len]);
    }
    if let Ok(Some((frame, used))) = frame::decode(bytes) {
        let framing = [Framing::V7, Framing::V8][usize::from(bytes[0] - 7)];
        assert_eq!(frame.encode(framing).unwrap(), bytes[..used]);
    }
    if let Ok(packet) = MixPacket::decode_v1(bytes) {
        assert_eq!(packet.encode_v1(), bytes);
    }
    if let Ok(packet) = MixPacket::decode_v2(bytes) {
        assert_eq!(packet.encode_v2(), bytes);
    }
    if let Ok(fragment) = Fragment::decode(bytes) {
        assert_eq!(fragment.encode(), bytes);
    }
    if let Some(id) = <[u8; 5]>::try_from(bytes)
        .ok()
        .and_then(FragmentId::from_bytes)
    {
        assert_eq!(id.to_bytes(), bytes);
    }
    if let Ok(NymMessage::Plain(body)) = NymMessage::decode(bytes) {
        assert_eq!(NymMessage::encode_plain(&body), bytes);
    }
    if let Ok(keys) = ClientKeys::from_bytes(bytes) {
        assert_eq!(*keys.to_bytes(), bytes);
    }
    if let Some(message) = SentMessage::from_record(&[1; 16], bytes) {
        assert_eq!(message.to_record(), bytes);
    }
    if let Some(message) = ReceivedMessage::from_record(&[1; 16], bytes) {
        assert_eq!(message.to_record(), bytes);
    }
    let _ = delivery::open(&keys, bytes, |_| None);
    let _ = node::unwrap(bytes, &keys.encryption);
    let _ = binary::decode_push(&key, bytes);
    let _ = binary::decode_request(&key, bytes);
    let (initiator, _) = Initiator::new(&mut rng, &keys.signing, keys.signing.identity_key());
    let _ = initiator.receive_second(&mut rng, bytes);
    if let Ok((responder, _)) = Responder::receive_first(&mut rng, &keys.signing, bytes) {
        let _ = responder.receive_third(bytes);
    }
    read_directory(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        read_text(text);
    }
}

fn read_directory(bytes: &[u8]) {
    let replies = DirectoryReplies {
        rewarded_set: bytes.to_vec(),
        mixnodes: bytes.to_vec(),
        entry_gateways: bytes.to_vec(),
    };
    let _ = Topology::from_directory(&replies);
}

/// Gives the text to everything that reads text. What is read must be the same after a round.
fn read_text(text: &str) {
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse(), Ok(address));
    }
    if let Ok(key) = text.parse::<IdentityKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    if let Ok(key) = text.parse::<EncryptionKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    if let Ok(id) = text.parse::<MessageId>() {
        assert_eq!(id.to_string(), text.to_lowercase());
    }
    if let Ok(message) = ClientMessage::from_json(text) {
        assert_eq!(ClientMessage::from_json(&message.to_json()), Ok(message));
    }
    if let Ok(message) = ServerMessage::from_json(text) {
        assert_eq!(ServerMessage::from_json(&message.to_json()), Ok(message));
    }
    if let Ok(request) = SensitiveRequest::from_json(text) {
        assert_eq!(SensitiveRequest::from_json(&request.to_json()), Ok(request));
    }
    if let Ok(response) = SensitiveResponse::from_json(text) {
        let again = SensitiveResponse::from_json(&response.to_json());
        assert_eq!(again, Ok(response));
    }
}

/// A route of one hop, and its secret.
fn one_hop(rng: &mut ChaCha20Rng) -> (Journey, EncryptionSecret) {
    let secret = EncryptionSecret::generate(rng);
    let hop = packet::Hop {
        address: NodeAddress("127.0.0.1:1789".parse().unwrap()),
        key: secret.public_key(),
    };
    let identity = SigningKey::generate(rng).identity_key();
    (Journey::draw(rng, &[hop], identity, Duration::ZERO), secret)
}

/// Good bytes of every kind that is read from a stranger or from disk.
fn good_bytes() -> Vec<Vec<u8>> {
    let mut rng = rng();
    let keys = ClientKeys::generate(&mut rng);
    let identity = keys.signing.identity_key();
    let key = SharedKey::from_bytes([2; 32]);
    let (journey, _) = one_hop(&mut rng);
    let packet = packet::build(&mut rng, &journey, PacketSize::Ack, &[3; 21]).unwrap();
    let rotation = KeyRotation::Odd;
    let next_hop = journey.first_hop().unwrap();
    let mix_packet = MixPacket {
        rotation,
        next_hop,
        packet: packet.clone(),
    };
    let frame = NodeFrame {
        rotation,
        packet: packet.clone(),
    };
    let (_, first) = Initiator::new(&mut rng, &keys.signing, identity);
    let (_, second) = Responder::receive_first(&mut rng, &keys.signing, &first).unwrap();
    let address = Address {
        identity,
        encryption: keys.encryption.public_key(),
        gateway: identity,
    };
    let fragment = [&[0x80, 0, 0, 9, 255, 1, 0x80, 0, 0, 8][..], &[7; 40]].concat();
    let delivery = sotto_core::fragment::seal(&mut rng, &address.encryption, &fragment);
    vec![
        packet,
        frame.encode(Framing::V7).unwrap(),
        frame.encode(Framing::V8).unwrap(),
        mix_packet.encode_v1(),
        mix_packet.encode_v2(),
        binary::encode_push(&key, [4; 12], &delivery),
        binary::encode_request(binary::PacketVersion::V2, &key, [4; 12], &mix_packet),
        fragment,
        delivery,
        first,
        second,
        address.to_bytes().to_vec(),
        keys.to_bytes().to_vec(),
        [&[1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 0, 1, 4, 1][..], &[0; 500]].concat(),
        [&[1, 0][..], &[0; 8], &address.to_bytes(), &[0, 1, 0, 0, 0, 5], b"hello"].concat(),
        [&[1, 1][..], &[0; 24], b"hello"].concat(),
        br#"{"type":"send","remaining_bandwidth":1,"upgrade_mode":false}"#.to_vec(),
        br#"{"type":"handshakePayload","protocol_version":6,"data":[1,2,3]}"#.to_vec(),
        br#"{"epoch_id":1,"entry_gateways":[1],"exit_gateways":[],"layer1":[1],"layer2":[2],"layer3":[3],"standby":[]}"#.to_vec(),
        address.to_string().into_bytes(),
    ]
}

#[test]
fn good_bytes_pass_every_decoder() {
    for bytes in good_bytes() {
        read_bytes(&bytes);
    }
}

#[test]
fn good_bytes_cut_anywhere_pass_every_decoder() {
    for bytes in good_bytes() {
        for len in 0..bytes.len() {
            read_bytes(&bytes[..len]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_bytes_pass_every_decoder(bytes in vec(any::<u8>(), 0..600)) {
        read_bytes(&bytes);
    }

    #[test]
    fn changed_bytes_pass_every_decoder(
        which in 0..20_usize,
        changes in vec((any::<usize>(), any::<u8>()), 1..6),
        tail in vec(any::<u8>(), 0..8),
    ) {
        let mut bytes = good_bytes().swap_remove(which);
        for (place, byte) in changes {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        bytes.extend(tail);
        read_bytes(&bytes);
    }

    #[test]
    fn random_text_passes_every_decoder(text in "\\PC{0,200}") {
        read_text(&text);
    }

    /// What a stranger wraps properly, whatever it is, a node unwraps or refuses.
    #[test]
    fn a_node_takes_any_content(
        plaintext in vec(any::<u8>(), 0..450), place in 0..5_usize,
    ) {
        let mut rng = rng();
        let (journey, secret) = one_hop(&mut rng);
        let size = PacketSize::ALL[place];
        let plaintext = &plaintext[..plaintext.len().min(size.plaintext_len())];
        let packet = packet::build(&mut rng, &journey, size, plaintext).unwrap();
        let _ = node::unwrap(&packet, &secret);
    }

    #[test]
    fn a_client_takes_any_delivery(content in vec(any::<u8>(), 0..450), len in 0..50_usize) {
        let mut rng = rng();
        let keys = ClientKeys::generate(&mut rng);
        let to = keys.encryption.public_key();
        let sealed = sotto_core::fragment::seal(&mut rng, &to, &content);
        let _ = delivery::open(&keys, &sealed, |_| None);
        let _ = delivery::open(&keys, &sealed[..len.min(sealed.len())], |_| None);
    }
}

/// x25519 takes any 32 bytes for a key, even those that make every secret the same.
#[test]
fn a_directory_that_lists_worthless_keys_makes_no_panic() {
    let mut rng = rng();
    let identity = SigningKey::generate(&mut rng).identity_key();
    for byte in [0, 1, 255] {
        let mut key = [0; 32];
        key[0] = byte;
        let hop = packet::Hop {
            address: NodeAddress("127.0.0.1:1789".parse().unwrap()),
            key: EncryptionKey::from_bytes(key),
        };
        let journey = Journey::draw(&mut rng, &[hop; 4], identity, Duration::ZERO);
        let _ = packet::build(&mut rng, &journey, PacketSize::Regular, &[1; 2048]);
        let _ = sotto_core::fragment::seal(&mut rng, &hop.key, b"x");
    }
}

/// Deep and wide JSON is refused in a time that does not matter.
#[test]
fn json_bombs_are_refused() {
    let bombs = [
        "[".repeat(1_000_000),
        r#"{"a":"#.repeat(200_000),
        format!("[{}0]", "0,".repeat(500_000)),
        format!(r#"{{"type":"{}"}}"#, "x".repeat(1_000_000)),
        format!(
            r#"{{"type":"error","message":{}1{}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        ),
        format!(
            r#"{{"metadata":{{"status":{}0{}}}}}"#,
            "[".repeat(100),
            "]".repeat(100)
        ),
    ];
    for bomb in bombs {
        assert!(ServerMessage::from_json(&bomb).is_err());
        assert!(ClientMessage::from_json(&bomb).is_err());
        read_directory(bomb.as_bytes());
    }
}
