//! What clients see of a gateway.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{GATEWAY, Peer, Scene, hop, rng, small, unix_seconds, until};
use futures_util::SinkExt;
use sotto_core::address::NodeAddress;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::binary::{PacketVersion, encode_request};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, TypedError,
};
use sotto_core::keys::SigningKey;
use sotto_core::packet::frame::{self, Framing, NodeFrame};
use sotto_core::packet::{self, Journey, KeyRotation, MixPacket, PacketSize};
use sotto_mixnet::Options;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const CLAIM: ClientMessage = ClientMessage::ClaimFreeTestnetBandwidth {};
const FREE: i64 = 68_719_476_736;

fn error_text(message: ServerMessage) -> String {
    match message {
        ServerMessage::Error { message } | ServerMessage::HandshakeError { message } => message,
        other => panic!("expected an error, got {other:?}"),
    }
}

/// A packet for a node that does not exist.
fn mix_packet() -> MixPacket {
    let next_hop = NodeAddress(([127, 0, 0, 1], 9).into());
    MixPacket {
        rotation: KeyRotation::Even,
        next_hop,
        packet: vec![0; 2413],
    }
}

#[tokio::test]
async fn a_client_registers_once_and_authenticates_from_then_on() {
    let scene = Scene::new().await;
    let mut peer = scene.connect().await;
    let version = peer.ask(&ClientMessage::SupportedProtocol {}).await;
    assert_eq!(version, ServerMessage::SupportedProtocol { version: 6 });
    peer.shake_hands(scene.gateway).await;
    assert!(matches!(
        peer.hear().await,
        ServerMessage::Register { status: true, .. }
    ));
    let claimed = ServerMessage::Bandwidth {
        available_total: FREE,
        upgrade_mode: false,
    };
    assert_eq!(peer.ask(&CLAIM).await, claimed);
    let key = peer.key.clone().unwrap();
    peer.socket.close(None).await.unwrap();

    let mut peer = scene.connect().await;
    let request = peer.request(&key, unix_seconds());
    let authenticated = ServerMessage::Authenticate {
        protocol_version: 6,
        status: true,
        bandwidth_remaining: FREE,
        upgrade_mode: false,
    };
    assert_eq!(peer.ask(&request).await, authenticated);
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_request_that_proves_nothing_is_refused_with_its_reason() {
    let scene = Scene::new().await;
    let mut peer = scene.registered().await;
    let key = peer.key.clone().unwrap();
    let now = unix_seconds();
    peer.socket.close(None).await.unwrap();

    let stranger = SigningKey::generate(&mut rng(1));
    let wrong = SharedKey::from_bytes([0; 32]);
    let cases = [
        (&stranger, &key, now, "not registered"),
        (&scene.signing, &wrong, now, "another shared key"),
        (&scene.signing, &key, now - 200, "clock"),
        (&scene.signing, &key, now + 200, "clock"),
    ];
    for (signing, key, seconds, reason) in cases {
        let mut peer = Peer::connect(&scene.url, signing).await;
        let request = peer.request(key, seconds);
        let text = error_text(peer.ask(&request).await);
        assert!(text.contains(reason), "{text}");
        assert!(peer.next().await.is_none(), "the connection ends");
    }

    let mut peer = scene.connect().await;
    let request = peer.request(&key, now);
    assert!(matches!(
        peer.ask(&request).await,
        ServerMessage::Authenticate { .. }
    ));
    peer.socket.close(None).await.unwrap();
    for seconds in [now, now - 1] {
        let mut peer = scene.connect().await;
        let request = peer.request(&key, seconds);
        let text = error_text(peer.ask(&request).await);
        assert!(text.contains("used before"), "{text}");
    }
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn before_authentication_anything_unexpected_ends_the_connection() {
    let scene = Scene::new().await;
    let handshake = |data| {
        let message = ClientMessage::HandshakePayload {
            protocol_version: 6,
            data,
        };
        Message::text(message.to_json())
    };
    let cases = [
        Message::text("hello"),
        Message::text("{}"),
        Message::text(r#"{"type":"unheardOf"}"#),
        Message::text(r#"{"type":"authenticateV2"}"#),
        Message::text(r#"{"type":"authenticate"}"#),
        Message::text(r#"{"type":"claimFreeTestnetBandwidth"}"#),
        Message::binary(vec![1, 1, 0]),
        Message::Ping(vec![1].into()),
        Message::Pong(vec![].into()),
        handshake(vec![]),
        handshake(vec![0; 79]),
        handshake(vec![2; 80]),
        handshake(vec![0; 5000]),
    ];
    for case in cases {
        let shown = format!("{case:?}");
        let mut peer = scene.connect().await;
        peer.send(case).await;
        let text = error_text(peer.hear().await);
        assert!(!text.is_empty(), "{shown}");
        assert!(peer.next().await.is_none(), "{shown}");
    }
    assert!(matches!(
        scene.registered().await.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn an_impostor_cannot_finish_the_handshake() {
    let scene = Scene::new().await;
    let mut peer = scene.connect().await;
    let (_, first) =
        sotto_core::gateway::handshake::Initiator::new(&mut rng(3), &scene.signing, scene.gateway);
    let say = |data| ClientMessage::HandshakePayload {
        protocol_version: 6,
        data,
    };
    assert!(matches!(
        peer.ask(&say(first)).await,
        ServerMessage::HandshakePayload { .. }
    ));
    let refused = peer.ask(&say(vec![7; 92])).await;
    let expected = ServerMessage::HandshakePayload {
        protocol_version: 6,
        data: vec![0],
    };
    assert_eq!(refused, expected);
    assert!(matches!(
        peer.hear().await,
        ServerMessage::HandshakeError { .. }
    ));
    assert!(peer.next().await.is_none());
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn after_authentication_bad_input_is_answered_and_harms_nothing() {
    let scene = Scene::new().await;
    let mut peer = scene.registered().await;
    let key = peer.key.clone().unwrap();
    let good = encode_request(PacketVersion::V2, &key, [1; 12], &mix_packet());
    let other = SharedKey::from_bytes([0; 32]);
    let mut clear = good.clone();
    clear[1] = 0;
    let mut kind = good.clone();
    kind[0] = 9;
    let garbage = ClientMessage::EncryptedRequest {
        ciphertext: vec![1; 40],
        nonce: vec![2; 12],
    };
    let cases = [
        (Message::text("hello"), "no control message"),
        (
            Message::text(r#"{"type":"unheardOf"}"#),
            "no control message",
        ),
        (Message::text(r#"{"type":"authenticate"}"#), "already"),
        (
            Message::text(r#"{"type":"bandwidthCredential"}"#),
            "obsolete",
        ),
        (
            Message::text(r#"{"type":"upgradeModeJWT","token":"x"}"#),
            "credentials",
        ),
        (Message::text(garbage.to_json()), "cannot be read"),
        (Message::binary(vec![]), "cut short"),
        (Message::binary(good[..13].to_vec()), "cut short"),
        (Message::binary(good[..100].to_vec()), "key agreed on"),
        (Message::binary(clear), "not encrypted"),
        (Message::binary(kind), "kind 9"),
        (
            Message::binary(encode_request(
                PacketVersion::V2,
                &other,
                [1; 12],
                &mix_packet(),
            )),
            "key agreed on",
        ),
    ];
    for (case, reason) in cases {
        let shown = format!("{case:?}");
        peer.send(case).await;
        let text = error_text(peer.hear().await);
        assert!(text.contains(reason), "{shown}: {text}");
    }
    assert!(matches!(
        peer.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    peer.send(Message::binary(good)).await;
    let sent = ServerMessage::Send {
        remaining_bandwidth: FREE - 2413,
        upgrade_mode: false,
    };
    assert_eq!(peer.hear().await, sent);
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_frame_larger_than_any_packet_ends_only_its_own_connection() {
    let scene = Scene::new().await;
    let mut bystander = scene.registered().await;
    let mut peer = scene.connect().await;
    // The gateway may close before all of it is written.
    let _ = peer.socket.send(Message::binary(vec![0; 1 << 20])).await;
    assert!(peer.next().await.is_none());
    assert!(matches!(
        bystander.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_client_without_bandwidth_is_told_and_can_claim() {
    let scene = Scene::with(Options {
        free_bandwidth: 3000,
        ..small()
    })
    .await;
    let mut peer = scene.registered().await;
    let key = peer.key.clone().unwrap();
    let frame = |version| Message::binary(encode_request(version, &key, [1; 12], &mix_packet()));
    let out = |available| {
        let error = TypedError::OutOfBandwidth {
            required: 2413,
            available,
        };
        ServerMessage::TypedError { error }
    };
    peer.send(frame(PacketVersion::V2)).await;
    assert_eq!(peer.hear().await, out(0));
    assert!(matches!(
        peer.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    peer.send(frame(PacketVersion::V1)).await;
    let sent = ServerMessage::Send {
        remaining_bandwidth: 587,
        upgrade_mode: false,
    };
    assert_eq!(peer.hear().await, sent);
    peer.send(frame(PacketVersion::V2)).await;
    assert_eq!(peer.hear().await, out(587));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_gateway_that_enforces_payment_refuses_the_claim() {
    let scene = Scene::with(Options {
        free_bandwidth: 0,
        ..small()
    })
    .await;
    let text = error_text(scene.registered().await.ask(&CLAIM).await);
    assert!(text.contains("no free bandwidth"), "{text}");
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn stored_messages_survive_a_restart_and_come_before_the_reply() {
    let scene = Scene::new().await;
    for seed in 1..=130 {
        scene.deliver(seed).await;
    }
    until(&scene.mixnet, GATEWAY, "stored", |counts| {
        counts.stored == 130
    })
    .await;
    scene.mixnet.stop_node(GATEWAY).await.unwrap();
    scene.mixnet.start_node(GATEWAY).await.unwrap();
    let mut peer = scene.connect().await;
    peer.shake_hands(scene.gateway).await;
    let mut bodies = Vec::new();
    for _ in 1..=130 {
        bodies.push(peer.pushed().await);
    }
    bodies.sort();
    assert_eq!(
        bodies,
        (1..=130).map(|seed| vec![seed; 21]).collect::<Vec<_>>()
    );
    assert!(matches!(peer.hear().await, ServerMessage::Register { .. }));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn confirmed_messages_are_not_pushed_again() {
    let scene = Scene::new().await;
    scene.deliver(1).await;
    until(&scene.mixnet, GATEWAY, "stored", |counts| {
        counts.stored == 1
    })
    .await;
    let mut peer = scene.connect().await;
    peer.shake_hands(scene.gateway).await;
    assert_eq!(peer.pushed().await, [1; 21]);
    assert!(matches!(peer.hear().await, ServerMessage::Register { .. }));
    // The answer to this request comes after our pong was read.
    assert!(matches!(
        peer.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    scene.deliver(2).await;
    assert_eq!(peer.pushed().await, [2; 21]);
    assert!(matches!(
        peer.ask(&CLAIM).await,
        ServerMessage::Bandwidth { .. }
    ));
    let key = peer.key.clone().unwrap();
    peer.socket.close(None).await.unwrap();
    let mut peer = scene.connect().await;
    let request = peer.request(&key, unix_seconds());
    assert!(matches!(
        peer.ask(&request).await,
        ServerMessage::Authenticate { .. }
    ));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_gateway_that_lingers_pushes_again_what_was_confirmed_just_before_the_end() {
    let scene = Scene::with(Options {
        linger: Duration::from_secs(3600),
        ..small()
    })
    .await;
    scene.deliver(1).await;
    until(&scene.mixnet, GATEWAY, "stored", |counts| {
        counts.stored == 1
    })
    .await;
    let mut peer = scene.connect().await;
    peer.shake_hands(scene.gateway).await;
    assert_eq!(peer.pushed().await, [1; 21]);
    assert!(matches!(peer.hear().await, ServerMessage::Register { .. }));
    scene.deliver(2).await;
    assert_eq!(peer.pushed().await, [2; 21]);
    // Reading the first answer answers the last ping; the second request carries that pong.
    for _ in 0..2 {
        assert!(matches!(
            peer.ask(&CLAIM).await,
            ServerMessage::Bandwidth { .. }
        ));
    }
    let key = peer.key.clone().unwrap();
    peer.socket.close(None).await.unwrap();
    until(&scene.mixnet, GATEWAY, "stored", |counts| {
        counts.stored == 2
    })
    .await;
    let mut peer = scene.connect().await;
    peer.key = Some(key.clone());
    let request = peer.request(&key, unix_seconds());
    peer.say(&request).await;
    assert_eq!(peer.pushed().await, [1; 21]);
    assert_eq!(peer.pushed().await, [2; 21]);
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_live_push_into_a_dead_connection_is_not_lost() {
    let scene = Scene::new().await;
    let peer = scene.registered().await;
    let key = peer.key.clone().unwrap();
    scene.deliver(1).await;
    until(&scene.mixnet, GATEWAY, "pushed", |counts| {
        counts.pushed == 1
    })
    .await;
    // It was never read, so never confirmed.
    drop(peer);
    until(&scene.mixnet, GATEWAY, "stored", |counts| {
        counts.stored == 1
    })
    .await;
    let mut peer = scene.connect().await;
    peer.key = Some(key.clone());
    let request = peer.request(&key, unix_seconds());
    peer.say(&request).await;
    assert_eq!(peer.pushed().await, [1; 21]);
    assert!(matches!(
        peer.hear().await,
        ServerMessage::Authenticate { .. }
    ));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_second_session_is_refused_while_the_first_lives_and_replaces_a_dead_one() {
    let scene = Scene::new().await;
    let mut first = scene.registered().await;
    let key = first.key.clone().unwrap();
    let now = unix_seconds();

    let mut second = scene.connect().await;
    let request = second.request(&key, now);
    second.say(&request).await;
    // Reading is what answers the gateway's ping.
    let text = tokio::select! {
        message = second.hear() => error_text(message),
        _ = first.next() => panic!("the first session ended"),
    };
    assert!(text.contains("connected already"), "{text}");

    // Nobody reads on the first connection any more, so it does not answer.
    let mut third = scene.connect().await;
    let request = third.request(&key, now + 1);
    assert!(matches!(
        third.ask(&request).await,
        ServerMessage::Authenticate { .. }
    ));
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_client_that_asks_to_be_forgotten_is() {
    let scene = Scene::new().await;
    let mut peer = scene.registered().await;
    let key = peer.key.clone().unwrap();
    let nonce = [4; 12];
    let forget = SensitiveRequest::ForgetMe {
        client: true,
        stats: true,
    };
    let ciphertext = key.encrypt(&nonce, forget.to_json().as_bytes());
    let request = ClientMessage::EncryptedRequest {
        ciphertext,
        nonce: nonce.to_vec(),
    };
    let ServerMessage::EncryptedResponse { ciphertext, nonce } = peer.ask(&request).await else {
        panic!("expected an encrypted answer");
    };
    let plain = key
        .decrypt(&nonce.try_into().unwrap(), &ciphertext)
        .unwrap();
    let response = SensitiveResponse::from_json(std::str::from_utf8(&plain).unwrap()).unwrap();
    assert_eq!(response, SensitiveResponse::ForgetMeAck {});
    peer.socket.close(None).await.unwrap();
    let mut peer = scene.connect().await;
    let request = peer.request(&key, unix_seconds());
    let text = error_text(peer.ask(&request).await);
    assert!(text.contains("not registered"), "{text}");
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn the_gateway_launches_the_ack_of_a_stored_message() {
    let scene = Scene::new().await;
    let first_hop = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = NodeAddress(first_hop.local_addr().unwrap());
    let mut plaintext = address.padded_19().to_vec();
    plaintext.extend_from_slice(&[5; 386]);
    plaintext.extend_from_slice(&[6; 1643]);
    let gateway = hop(&scene.mixnet, GATEWAY).await;
    let mut rng = rng(9);
    let destination = scene.signing.identity_key();
    let journey = Journey::draw(&mut rng, &[gateway], destination, Duration::ZERO);
    let size = PacketSize::Regular;
    let packet = packet::build(&mut rng, &journey, size, &plaintext).unwrap();
    let rotation = KeyRotation::from_id(common::rotation_id(scene.mixnet.directory_url()).await);
    let frame = NodeFrame { rotation, packet }.encode(Framing::V8).unwrap();
    common::hand_over(&gateway, &frame).await;

    until(&scene.mixnet, GATEWAY, "ack", |counts| counts.acks == 1).await;
    let (mut stream, _) = first_hop.accept().await.unwrap();
    let mut bytes = vec![0; 390];
    stream.read_exact(&mut bytes).await.unwrap();
    let (ack, _) = frame::decode(&bytes).unwrap().unwrap();
    assert_eq!((ack.rotation, ack.packet), (rotation, vec![5; 386]));
    assert_eq!(scene.mixnet.counts(GATEWAY).unwrap().stored, 1);

    let mut peer = scene.connect().await;
    peer.shake_hands(scene.gateway).await;
    assert_eq!(peer.pushed().await, [6; 1643]);
    scene.mixnet.shutdown().await;
}

#[tokio::test]
async fn a_slow_client_gets_everything_in_the_end() {
    // More than the gateway keeps in memory for one client.
    const COUNT: u16 = 320;
    let scene = Scene::new().await;
    let mut peer = scene.registered().await;
    let gateway = hop(&scene.mixnet, GATEWAY).await;
    let size = PacketSize::Extended32;
    let mut rng = rng(5);
    let mut stream = common::hand_over(&gateway, &[]).await;
    let nowhere = NodeAddress(([127, 0, 0, 1], 9).into()).padded_19();
    for number in 0..COUNT {
        let body = number
            .to_be_bytes()
            .repeat((size.plaintext_len() - 405) / 2);
        let plaintext = [&nowhere[..], &[0; 386], &body].concat();
        let to = scene.signing.identity_key();
        let journey = Journey::draw(&mut rng, &[gateway], to, Duration::ZERO);
        let packet = packet::build(&mut rng, &journey, size, &plaintext).unwrap();
        stream
            .write_all(&common::frame(packet, Framing::V8))
            .await
            .unwrap();
    }
    until(&scene.mixnet, GATEWAY, "stored", |counts| counts.stored > 0).await;
    let mut numbers = Vec::new();
    for _ in 0..COUNT {
        let body = peer.pushed().await;
        numbers.push(u16::from_be_bytes([body[0], body[1]]));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
    // Reading the first answer answers the last ping; the second request carries that pong.
    for _ in 0..2 {
        assert!(matches!(
            peer.ask(&CLAIM).await,
            ServerMessage::Bandwidth { .. }
        ));
    }
    until(&scene.mixnet, GATEWAY, "acked", |counts| {
        counts.acks == u64::from(COUNT)
    })
    .await;
    scene.mixnet.shutdown().await;
}
