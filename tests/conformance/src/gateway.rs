//! What client and gateway say after the handshake: control messages, authentication, packets
//! (protocol.md 8.4-8.7; pitfalls 19, 22-25, 27).

use crate::fixture::{identity_pair, rng};
use crate::packets::packet_of;
use nym_gateway_requests::{
    BandwidthResponse, BinaryRequest, BinaryResponse, ClientControlRequest, ClientRequest,
    RegistrationHandshake, SendResponse, SensitiveServerResponse, ServerResponse,
    SharedSymmetricKey, SimpleGatewayRequestsError,
};
use nym_sphinx::NymPacket;
use nym_sphinx::addressing::nodes::NymNodeRoutingAddress;
use nym_sphinx::forwarding::packet::MixPacket as TheirMixPacket;
use nym_sphinx::params::{PacketType, SphinxKeyRotation};
use proptest::prelude::*;
use serde_json::{Value, json};
use sotto_core::address::NodeAddress;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::{AuthenticateError, AuthenticateRequest};
use sotto_core::gateway::binary::{self, BinaryError, PacketVersion};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, SessionType, TypedError,
};
use sotto_core::keys::SigningKey;
use sotto_core::packet::{KeyRotation, MixPacket, PacketSize};
use std::net::SocketAddr;
use std::time::Duration;
use time::OffsetDateTime;

fn keys() -> (SharedKey, SharedSymmetricKey) {
    let bytes: [u8; 32] = std::array::from_fn(|i| i as u8);
    (
        SharedKey::from_bytes(bytes),
        SharedSymmetricKey::try_from_bytes(&bytes).unwrap(),
    )
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

// --- control messages -------------------------------------------------------------------------

/// Every message that a client may say, in our type and in theirs.
fn client_messages() -> Vec<(ClientMessage, ClientControlRequest)> {
    let bytes = || vec![0, 1, 127, 128, 255];
    vec![
        (
            ClientMessage::SupportedProtocol {},
            ClientControlRequest::SupportedProtocol {},
        ),
        (
            ClientMessage::ClaimFreeTestnetBandwidth {},
            ClientControlRequest::ClaimFreeTestnetBandwidth,
        ),
        (
            ClientMessage::EcashCredential {
                enc_credential: bytes(),
                iv: vec![7; 12],
            },
            ClientControlRequest::EcashCredential {
                enc_credential: bytes(),
                nonce: vec![7; 12],
            },
        ),
        (
            ClientMessage::UpgradeModeJwt {
                token: "a.b.c".into(),
            },
            ClientControlRequest::UpgradeModeJWT {
                token: "a.b.c".into(),
            },
        ),
        (
            ClientMessage::EncryptedRequest {
                ciphertext: bytes(),
                nonce: vec![7; 12],
            },
            ClientControlRequest::EncryptedRequest {
                ciphertext: bytes(),
                nonce: vec![7; 12],
            },
        ),
    ]
}

#[test]
fn every_client_message_has_the_same_json_and_is_read_alike() {
    for (ours, theirs) in client_messages() {
        let their_json = serde_json::to_string(&theirs).unwrap();
        assert_eq!(value(&ours.to_json()), value(&their_json));
        assert_eq!(ClientMessage::from_json(&their_json).as_ref(), Ok(&ours));
        let read: ClientControlRequest = ours.to_json().parse().unwrap();
        assert_eq!(read.name(), theirs.name());
        assert_eq!(serde_json::to_value(&read).unwrap(), value(&their_json));
    }
}

#[test]
fn handshake_messages_have_the_same_json_under_both_names() {
    let data = vec![0, 200, 255];
    let ours = ClientMessage::HandshakePayload {
        protocol_version: 6,
        data: data.clone(),
    };
    let theirs: String = RegistrationHandshake::new_payload(data.clone(), 6).into();
    assert_eq!(value(&ours.to_json()), value(&theirs));
    let server = ServerMessage::HandshakePayload {
        protocol_version: 6,
        data: data.clone(),
    };
    assert_eq!(ServerMessage::from_json(&theirs), Ok(server.clone()));
    assert_eq!(value(&server.to_json()), value(&theirs));

    let older = ClientControlRequest::RegisterHandshakeInitRequest {
        protocol_version: 6,
        data,
    };
    let older = serde_json::to_string(&older).unwrap();
    assert!(older.contains("registerHandshakeInitRequest"));
    assert_eq!(ClientMessage::from_json(&older), Ok(ours));

    let theirs: String = RegistrationHandshake::new_error("no").into();
    let ours = ServerMessage::HandshakeError {
        message: "no".into(),
    };
    assert_eq!(value(&ours.to_json()), value(&theirs));
    assert_eq!(ServerMessage::from_json(&theirs), Ok(ours));
    let ours = ClientMessage::HandshakeError {
        message: "no".into(),
    };
    assert_eq!(value(&ours.to_json()), value(&theirs));
    assert_eq!(ClientMessage::from_json(&theirs), Ok(ours));
}

/// Obsolete requests carry fields that no longer matter; they are read so as to be refused.
#[test]
fn obsolete_client_messages_are_known_by_name() {
    let obsolete = [
        ClientControlRequest::Authenticate {
            protocol_version: Some(3),
            address: "a".into(),
            enc_address: "b".into(),
            iv: "c".into(),
        },
        ClientControlRequest::BandwidthCredential {
            enc_credential: vec![1],
            iv: vec![2],
        },
        ClientControlRequest::BandwidthCredentialV2 {
            enc_credential: vec![1],
            iv: vec![2],
        },
    ];
    let read = obsolete.map(|request| {
        ClientMessage::from_json(&serde_json::to_string(&request).unwrap()).unwrap()
    });
    let expected = [
        ClientMessage::Authenticate {},
        ClientMessage::BandwidthCredential {},
        ClientMessage::BandwidthCredentialV2 {},
    ];
    assert_eq!(read, expected);
}

/// Every message that a gateway may say after the handshake.
fn server_messages(upgrade_mode: bool, n: i64) -> Vec<(ServerMessage, ServerResponse)> {
    let (protocol_version, status) = (n as u8, n % 2 == 0);
    let out_of_bandwidth = (
        TypedError::OutOfBandwidth {
            required: n,
            available: -n,
        },
        SimpleGatewayRequestsError::OutOfBandwidth {
            required: n,
            available: -n,
        },
    );
    let replay = (
        TypedError::TicketReplay,
        SimpleGatewayRequestsError::TicketReplay,
    );
    let mut messages = vec![
        (
            ServerMessage::Authenticate {
                protocol_version,
                status,
                bandwidth_remaining: n,
                upgrade_mode,
            },
            ServerResponse::Authenticate {
                protocol_version,
                status,
                bandwidth_remaining: n,
                upgrade_mode,
            },
        ),
        (
            ServerMessage::Register {
                protocol_version,
                status,
                upgrade_mode,
            },
            ServerResponse::Register {
                protocol_version,
                status,
                upgrade_mode,
            },
        ),
        (
            ServerMessage::Bandwidth {
                available_total: n,
                upgrade_mode,
            },
            ServerResponse::Bandwidth(BandwidthResponse {
                available_total: n,
                upgrade_mode,
            }),
        ),
        (
            ServerMessage::Send {
                remaining_bandwidth: n,
                upgrade_mode,
            },
            ServerResponse::Send(SendResponse {
                remaining_bandwidth: n,
                upgrade_mode,
            }),
        ),
        (
            ServerMessage::SupportedProtocol {
                version: protocol_version,
            },
            ServerResponse::SupportedProtocol {
                version: protocol_version,
            },
        ),
        (
            ServerMessage::EncryptedResponse {
                ciphertext: vec![0, 255],
                nonce: vec![1; 12],
            },
            ServerResponse::EncryptedResponse {
                ciphertext: vec![0, 255],
                nonce: vec![1; 12],
            },
        ),
        (
            ServerMessage::Error {
                message: "ü\"".into(),
            },
            ServerResponse::new_error("ü\""),
        ),
    ];
    for (ours, theirs) in [out_of_bandwidth, replay] {
        let ours = ServerMessage::TypedError { error: ours };
        messages.push((ours, ServerResponse::TypedError { error: theirs }));
    }
    messages
}

#[test]
fn every_gateway_message_has_the_same_json_and_is_read_alike() {
    for (upgrade, n) in [
        (false, 0),
        (true, i64::MAX),
        (false, -5),
        (true, 68_719_476_736),
    ] {
        for (ours, theirs) in server_messages(upgrade, n) {
            let their_json = serde_json::to_string(&theirs).unwrap();
            assert_eq!(value(&ours.to_json()), value(&their_json));
            assert_eq!(ServerMessage::from_json(&their_json).as_ref(), Ok(&ours));
            assert_eq!(ServerResponse::try_from(ours.to_json()).unwrap(), theirs);
        }
    }
}

#[test]
fn absent_and_null_and_unknown_fields_mean_the_same_to_both() {
    let cases = [
        json!({"type": "register", "status": true}),
        json!({"type": "register", "status": true, "protocol_version": null}),
        json!({"type": "register", "status": true, "upgrade_mode": null}),
        json!({"type": "register", "status": true, "protocol_version": 256}),
        json!({"type": "register", "status": true, "protocol_version": 6, "new": [1]}),
        json!({"type": "register"}),
        json!({"type": "authenticate", "status": false, "bandwidth_remaining": 1}),
        json!({"type": "authenticate", "status": false}),
        json!({"type": "authenticate", "status": false, "bandwidth_remaining": 1.5}),
        json!({"type": "send", "remaining_bandwidth": 3}),
        json!({"type": "send", "remainingBandwidth": 3}),
        json!({"type": "bandwidth", "available_total": -3}),
        json!({"type": "typedError", "error": "tomorrow"}),
        json!({"type": "typedError", "error": {"out_of_bandwidth": {"required": 1}}}),
        json!({"type": "Send", "remaining_bandwidth": 3}),
        json!({"remaining_bandwidth": 3}),
        json!(["send", 3]),
    ];
    for case in cases {
        let theirs = ServerResponse::try_from(case.to_string()).ok();
        let ours = ServerMessage::from_json(&case.to_string()).ok();
        let json = |message: &ServerResponse| serde_json::to_value(message).unwrap();
        assert_eq!(
            ours.map(|m| value(&m.to_json())),
            theirs.as_ref().map(json),
            "{case}"
        );
    }
}

#[test]
fn encrypted_requests_and_their_answers_are_read_by_the_other() {
    let (ours, theirs) = keys();
    let requests = [
        SensitiveRequest::ForgetMe {
            client: true,
            stats: false,
        },
        SensitiveRequest::ForgetMe {
            client: false,
            stats: true,
        },
    ];
    let kinds = [
        SessionType::Vpn,
        SessionType::Mixnet,
        SessionType::Wasm,
        SessionType::Native,
        SessionType::Socks5,
        SessionType::Unknown,
    ];
    let remember = kinds.map(|session_type| SensitiveRequest::RememberMe { session_type });
    for request in requests.into_iter().chain(remember) {
        let sealed = ours.encrypt(&[3; 12], request.to_json().as_bytes());
        let read = ClientRequest::decrypt(&sealed, &[3; 12], &theirs).unwrap();
        let ClientControlRequest::EncryptedRequest { ciphertext, nonce } =
            read.encrypt(&theirs).unwrap()
        else {
            panic!("not an encrypted request");
        };
        let opened = ours
            .decrypt(&nonce.try_into().unwrap(), &ciphertext)
            .unwrap();
        let again = SensitiveRequest::from_json(std::str::from_utf8(&opened).unwrap());
        assert_eq!(again, Ok(request));
    }
    for response in [
        SensitiveResponse::ForgetMeAck {},
        SensitiveResponse::RememberMeAck {},
    ] {
        let sealed = ours.encrypt(&[4; 12], response.to_json().as_bytes());
        let read = SensitiveServerResponse::decrypt(&sealed, &[4; 12], &theirs).unwrap();
        let ServerResponse::EncryptedResponse { ciphertext, nonce } =
            read.encrypt(&theirs).unwrap()
        else {
            panic!("not an encrypted response");
        };
        let opened = ours
            .decrypt(&nonce.try_into().unwrap(), &ciphertext)
            .unwrap();
        let again = SensitiveResponse::from_json(std::str::from_utf8(&opened).unwrap());
        assert_eq!(again, Ok(response));
    }
}

// --- the shared key ---------------------------------------------------------------------------

proptest! {
    #[test]
    fn the_shared_key_encrypts_alike(
        key in any::<[u8; 32]>(), nonce in any::<[u8; 12]>(),
        plaintext in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let ours = SharedKey::from_bytes(key);
        let theirs = SharedSymmetricKey::try_from_bytes(&key).unwrap();
        let their_nonce = SharedSymmetricKey::validate_aead_nonce(&nonce).unwrap();
        let sealed = ours.encrypt(&nonce, &plaintext);
        prop_assert_eq!(&sealed, &theirs.encrypt(&plaintext, &their_nonce).unwrap());
        prop_assert_eq!(theirs.decrypt(&sealed, &their_nonce).unwrap(), plaintext.clone());
        prop_assert_eq!(ours.decrypt(&nonce, &sealed).unwrap(), plaintext);
        let mut changed = sealed;
        changed[0] ^= 1;
        prop_assert!(ours.decrypt(&nonce, &changed).is_err());
    }
}

// --- authentication ---------------------------------------------------------------------------

fn now() -> u64 {
    OffsetDateTime::now_utc().unix_timestamp() as u64
}

#[test]
fn an_official_gateway_accepts_our_authentication() {
    let (ours, theirs) = keys();
    let signing = SigningKey::generate(&mut rng(31));
    let request = AuthenticateRequest::new(6, &signing, &ours, now(), [9; 12]);
    let text = ClientMessage::AuthenticateV2(request).to_json();
    let ClientControlRequest::AuthenticateV2(read) = text.parse().unwrap() else {
        panic!("{text}");
    };
    assert_eq!(read.content.plaintext().len(), 101);
    assert_eq!(read.content.protocol_version, 6);
    read.verify_timestamp(Duration::from_secs(120)).unwrap();
    read.verify_ciphertext(&theirs).unwrap();
    read.verify_signature().unwrap();
    let at = |seconds: u64| OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap();
    let sent = read.content.request_unix_timestamp;
    assert!(read.ensure_timestamp_not_reused(at(sent - 1)).is_ok());
    assert!(read.ensure_timestamp_not_reused(at(sent)).is_err());
    // And it is the official text again, name for name.
    let again = ClientControlRequest::AuthenticateV2(read);
    assert_eq!(serde_json::to_value(&again).unwrap(), value(&text));
}

#[test]
fn our_gateway_accepts_official_authentication_and_refuses_a_changed_one() {
    let (ours, theirs) = keys();
    let signing = SigningKey::generate(&mut rng(32));
    let request =
        ClientControlRequest::new_authenticate_v2(&theirs, &identity_pair(&signing), 6).unwrap();
    let text = serde_json::to_string(&request).unwrap();
    let ClientMessage::AuthenticateV2(read) = ClientMessage::from_json(&text).unwrap() else {
        panic!("{text}");
    };
    assert_eq!(read.verify(&ours), Ok(()));
    assert_eq!(read.client_identity, signing.identity_key());
    assert!(read.request_unix_timestamp.abs_diff(now()) < 60);

    let stranger = SharedKey::from_bytes([1; 32]);
    assert_eq!(read.verify(&stranger), Err(AuthenticateError::Ciphertext));
    let mut later = value(&text);
    later["requestUnixTimestamp"] = json!(read.request_unix_timestamp + 1);
    let ClientMessage::AuthenticateV2(later) =
        ClientMessage::from_json(&later.to_string()).unwrap()
    else {
        panic!("{later}");
    };
    assert_eq!(later.verify(&ours), Err(AuthenticateError::Signature));
}

// --- binary frames ----------------------------------------------------------------------------

const NEXT_HOPS: [&str; 2] = ["127.0.0.1:10001", "[2001:db8::7]:1789"];

fn mix_packet(next: &str, size: PacketSize, rotation: KeyRotation) -> MixPacket {
    let next_hop: SocketAddr = next.parse().unwrap();
    MixPacket {
        rotation,
        next_hop: NodeAddress(next_hop),
        packet: packet_of(size),
    }
}

fn theirs_of(packet: &MixPacket) -> TheirMixPacket {
    TheirMixPacket::new(
        NymNodeRoutingAddress::from(packet.next_hop.0),
        NymPacket::sphinx_from_bytes(&packet.packet).unwrap(),
        PacketType::Mix,
        SphinxKeyRotation::try_from(packet.rotation.to_byte()).unwrap(),
    )
}

#[test]
fn an_official_gateway_reads_our_packets() {
    let (ours, theirs) = keys();
    for next in NEXT_HOPS {
        for version in [PacketVersion::V1, PacketVersion::V2] {
            let packet = mix_packet(next, PacketSize::Regular, KeyRotation::Odd);
            let frame = binary::encode_request(version, &ours, [5; 12], &packet);
            let read = BinaryRequest::try_from_encrypted_tagged_bytes(frame, &theirs).unwrap();
            let (kept, read) = match read {
                BinaryRequest::ForwardSphinx { packet } => (KeyRotation::Unknown, packet),
                BinaryRequest::ForwardSphinxV2 { packet } => (KeyRotation::Odd, packet),
                _ => panic!("an unknown kind"),
            };
            assert_eq!(version == PacketVersion::V2, kept == KeyRotation::Odd);
            assert_eq!(read.key_rotation() as u8, kept.to_byte());
            assert_eq!(read.next_hop_address(), packet.next_hop.0);
            assert!(read.into_packet().to_bytes().unwrap() == packet.packet);
        }
    }
}

#[test]
fn our_gateway_reads_official_packets() {
    let (ours, theirs) = keys();
    for next in NEXT_HOPS {
        let packet = mix_packet(next, PacketSize::Extended8, KeyRotation::Even);
        let request = BinaryRequest::ForwardSphinxV2 {
            packet: theirs_of(&packet),
        };
        let frame = request.into_encrypted_tagged_bytes(&theirs).unwrap();
        assert!(binary::decode_request(&ours, &frame) == Ok(packet.clone()));
        let request = BinaryRequest::ForwardSphinx {
            packet: theirs_of(&packet),
        };
        let frame = request.into_encrypted_tagged_bytes(&theirs).unwrap();
        let without = MixPacket {
            rotation: KeyRotation::Unknown,
            ..packet
        };
        assert!(binary::decode_request(&ours, &frame) == Ok(without));
    }
}

#[test]
fn pushes_are_read_in_both_directions() {
    let (ours, theirs) = keys();
    for len in [0, 21, 1643, 32_363] {
        let delivery = crate::fixture::body(len);
        let frame = binary::encode_push(&ours, [6; 12], &delivery);
        assert_eq!(frame.len(), len + 30);
        let BinaryResponse::PushedMixMessage { message } =
            BinaryResponse::try_from_encrypted_tagged_bytes(frame, &theirs).unwrap()
        else {
            panic!("an unknown kind");
        };
        assert!(message == delivery);
        let response = BinaryResponse::PushedMixMessage { message };
        let frame = response.into_encrypted_tagged_bytes(&theirs).unwrap();
        assert!(binary::decode_push(&ours, &frame) == Ok(delivery));
    }
}

/// The one place where we are stricter on purpose: the official decoder takes a frame whose
/// content is in clear, which anyone between us and the gateway could inject.
#[test]
fn an_unencrypted_push_is_refused_though_the_official_client_takes_it() {
    let (ours, theirs) = keys();
    let frame = [&[1, 0], &[0; 12][..], b"injected"].concat();
    let read = BinaryResponse::try_from_encrypted_tagged_bytes(frame.clone(), &theirs);
    assert!(read.is_ok());
    assert_eq!(
        binary::decode_push(&ours, &frame),
        Err(BinaryError::NotEncrypted)
    );
}

#[test]
fn both_refuse_the_same_damaged_frames() {
    let (ours, theirs) = keys();
    let good = binary::encode_push(&ours, [6; 12], b"delivery");
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 0x40;
        let read = BinaryResponse::try_from_encrypted_tagged_bytes(changed.clone(), &theirs);
        assert!(
            read.is_err(),
            "the official code takes byte {place} changed"
        );
        assert!(
            binary::decode_push(&ours, &changed).is_err(),
            "we take byte {place} changed"
        );
    }
    for len in 0..good.len() {
        let cut = good[..len].to_vec();
        assert!(
            binary::decode_push(&ours, &cut).is_err(),
            "we take {len} bytes"
        );
        assert!(BinaryResponse::try_from_encrypted_tagged_bytes(cut, &theirs).is_err());
    }
}
