//! What the fuzzers start from: good samples of everything, as the real encoders write it.

use crate::sites;
use crate::source::rng;
use crate::topology::{self, BETWEEN};
use sotto_core::ChaCha20Rng;
use sotto_core::ack::{self, Acknowledged};
use sotto_core::address::{Address, NodeAddress};
use sotto_core::client::{
    Client, Config, MessageId, Outcome, Output, ReceivedMessage, Recipient, SentMessage, Store,
};
use sotto_core::cover;
use sotto_core::envelope::{self, Attachment, Envelope, FileName, MediaType};
use sotto_core::fragment::SetId;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, SessionType, TypedError,
};
use sotto_core::keys::{ClientKeys, EncryptionSecret, SigningKey};
use sotto_core::message::{Content, NymMessage, Repliable, Reply, SenderTag};
use sotto_core::packet::frame::{Framing, NodeFrame};
use sotto_core::packet::{self, Hop, Journey, KeyRotation, MixPacket, PacketSize};
use sotto_core::surb::{Surb, SurbBatch, SurbRequest};
use sotto_core::time::Time;
use std::time::Duration;

/// One good sample for a target.
pub struct Seed {
    /// The target's name.
    pub target: &'static str,
    /// Tells it from the target's other seeds.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The seeds of every target. All are taken by their target (`tests/corpus.rs`).
pub fn all() -> Vec<Seed> {
    let mut maker = Maker::new();
    [
        ("acks", vec![[7; 21].to_vec(), vec![7; 16]]),
        ("addresses", maker.addresses()),
        ("binary_frames", maker.binary_frames()),
        ("client", clients()),
        ("control_messages", maker.control_messages()),
        ("deliveries", deliveries()),
        ("envelope", maker.envelopes()),
        ("fragments", fragments()),
        ("handshake", maker.handshake()),
        ("messages", maker.messages()),
        ("node_frames", maker.node_frames()),
        ("packets", packets()),
        ("records", maker.records()),
        ("sites", sites::seeds()),
        ("surbs", maker.surbs()),
        ("topology", topologies()),
    ]
    .into_iter()
    .flat_map(|(target, inputs)| {
        (1..).zip(inputs).map(move |(number, bytes)| Seed {
            target,
            name: format!("seed-{number}"),
            bytes,
        })
    })
    .collect()
}

/// A command byte, then what it is about.
fn after(command: u8, bytes: &[u8]) -> Vec<u8> {
    [&[command], bytes].concat()
}

struct Maker {
    rng: ChaCha20Rng,
    keys: ClientKeys,
}

impl Maker {
    fn new() -> Self {
        let mut rng = rng();
        let keys = ClientKeys::generate(&mut rng);
        Self { rng, keys }
    }

    fn address(&self) -> Address {
        let identity = self.keys.signing.identity_key();
        Address {
            identity,
            encryption: self.keys.encryption.public_key(),
            gateway: identity,
        }
    }

    fn addresses(&self) -> Vec<Vec<u8>> {
        let address = self.address();
        let node = |text: &str| NodeAddress(text.parse().unwrap()).unpadded();
        vec![
            address.to_bytes().to_vec(),
            address.to_string().into_bytes(),
            address.identity.to_string().into_bytes(),
            MessageId([0xa1; 16]).to_string().into_bytes(),
            node("127.0.0.1:1789"),
            node("[::1]:1789"),
        ]
    }

    /// Each kind, unsigned, signed, and to be signed and changed.
    fn envelopes(&self) -> Vec<Vec<u8>> {
        let file = Attachment {
            name: FileName::tidy("cat.png"),
            media_type: MediaType::tidy("image/png"),
            bytes: vec![0x89, 0x50],
        };
        let contents = [
            envelope::Content::Text("hello".to_owned()),
            envelope::Content::File(file),
            envelope::Content::Receipt(vec![MessageId([7; 16]); 2]),
        ];
        let seeds = contents.into_iter().flat_map(|content| {
            let envelope = Envelope {
                id: MessageId([0xa1; 16]),
                wants_receipt: true,
                content,
            };
            let unsigned = envelope.write().unwrap();
            let key = &self.keys.signing;
            let signed = envelope.write_signed(&self.address(), key, &self.keys.public());
            [
                after(0, &unsigned),
                after(0, &signed.unwrap()),
                after(1, &[&[0, 0, 0], unsigned.as_slice()].concat()),
                after(1, &[&[0, 27, 1], unsigned.as_slice()].concat()),
            ]
        });
        seeds.collect()
    }

    fn journey(&mut self) -> Journey {
        let hops: Vec<_> = (1789..1793)
            .map(|port| Hop {
                address: NodeAddress(([127, 0, 0, 1], port).into()),
                key: EncryptionSecret::generate(&mut self.rng).public_key(),
            })
            .collect();
        let identity = self.keys.signing.identity_key();
        Journey::draw(&mut self.rng, &hops, identity, Duration::from_millis(15))
    }

    fn mix_packet(&mut self) -> MixPacket {
        let journey = self.journey();
        MixPacket {
            rotation: KeyRotation::Odd,
            next_hop: journey.first_hop().unwrap(),
            packet: packet::build(&mut self.rng, &journey, PacketSize::Ack, &[3; 21]).unwrap(),
        }
    }

    fn binary_frames(&mut self) -> Vec<Vec<u8>> {
        let packet = self.mix_packet();
        vec![
            after(1, &packet.encode_v1()),
            after(2, &packet.encode_v2()),
            after(1, b"anything"),
        ]
    }

    fn node_frames(&mut self) -> Vec<Vec<u8>> {
        let MixPacket {
            rotation, packet, ..
        } = self.mix_packet();
        let frame = NodeFrame { rotation, packet };
        let [old, new] = [Framing::V7, Framing::V8].map(|framing| frame.encode(framing).unwrap());
        let both = [old.as_slice(), &new].concat();
        let packet = self.mix_packet();
        vec![both, new, packet.encode_v1(), packet.encode_v2()]
    }

    fn control_messages(&self) -> Vec<Vec<u8>> {
        let client = self
            .client_messages()
            .into_iter()
            .map(|message| message.to_json());
        let server = server_messages()
            .into_iter()
            .map(|message| message.to_json());
        let session_type = SessionType::Wasm;
        let encrypted = [
            SensitiveRequest::ForgetMe {
                client: true,
                stats: false,
            }
            .to_json(),
            SensitiveRequest::RememberMe { session_type }.to_json(),
            SensitiveResponse::ForgetMeAck {}.to_json(),
            SensitiveResponse::RememberMeAck {}.to_json(),
        ];
        client
            .chain(server)
            .chain(encrypted)
            .map(String::into_bytes)
            .collect()
    }

    fn client_messages(&self) -> Vec<ClientMessage> {
        let key = SharedKey::from_bytes([1; 32]);
        let request = AuthenticateRequest::new(6, &self.keys.signing, &key, 1_767_225_600, [2; 12]);
        vec![
            ClientMessage::SupportedProtocol {},
            ClientMessage::HandshakePayload {
                protocol_version: 6,
                data: vec![1, 2, 255],
            },
            ClientMessage::HandshakeError {
                message: "no".to_owned(),
            },
            ClientMessage::AuthenticateV2(request),
            ClientMessage::ClaimFreeTestnetBandwidth {},
            ClientMessage::EcashCredential {
                enc_credential: vec![1],
                iv: vec![2],
            },
            ClientMessage::UpgradeModeJwt {
                token: "a.b".to_owned(),
            },
            ClientMessage::EncryptedRequest {
                ciphertext: vec![1],
                nonce: vec![2],
            },
            ClientMessage::Authenticate {},
            ClientMessage::BandwidthCredential {},
            ClientMessage::BandwidthCredentialV2 {},
        ]
    }

    fn handshake(&mut self) -> Vec<Vec<u8>> {
        let identity = self.keys.signing.identity_key();
        let first = [identity.as_bytes().as_slice(), &[9; 48]].concat();
        vec![
            after(0, &first),
            vec![1],
            vec![2],
            after(3, &[5; 96]),
            vec![4, 1],
        ]
    }

    fn surb(&mut self) -> Surb {
        let journey = self.journey();
        Surb::make(&mut self.rng, &journey).unwrap()
    }

    fn batch(&mut self) -> SurbBatch {
        SurbBatch {
            rotation: KeyRotation::Even,
            surbs: (0..2).map(|_| self.surb()).collect(),
        }
    }

    /// A SURB of the first version: the same, with a payload key of 192 bytes for each hop.
    fn first_version(&mut self) -> Vec<u8> {
        let second = self.surb().encode_v2().unwrap();
        [&second[..396], &[6; 4 * 192]].concat()
    }

    fn surbs(&mut self) -> Vec<Vec<u8>> {
        let batch = self.batch().encode_v2();
        let first = self.first_version();
        vec![
            after(0, &self.surb().to_record()),
            after(0, &after(1, &first)),
            after(1, &[batch.as_slice(), b"body"].concat()),
            after(2, &[&[0, 0, 0, 1], first.as_slice(), b"body"].concat()),
        ]
    }

    fn messages(&mut self) -> Vec<Vec<u8>> {
        let tag = SenderTag([4; 16]);
        let to = self.address();
        let data = || Content::Data(b"hello".to_vec());
        let mut messages: Vec<_> = [data(), Content::AdditionalSurbs, Content::Heartbeat]
            .into_iter()
            .map(|content| {
                let surbs = self.batch();
                let repliable = Repliable {
                    tag,
                    content,
                    surbs,
                };
                NymMessage::Repliable(repliable).encode()
            })
            .collect();
        let first = self.first_version();
        messages.extend([
            [&[1][..], &[4; 16], &[0, 0, 0, 0, 1], &first, b"hello"].concat(),
            NymMessage::encode_plain(b"hello"),
            NymMessage::Reply(Reply::Data(b"hello".to_vec())).encode(),
            NymMessage::Reply(Reply::SurbRequest(SurbRequest { to, amount: 50 })).encode(),
        ]);
        messages
    }

    fn records(&mut self) -> Vec<Vec<u8>> {
        let address = self.address();
        let set = SetId::new(5).unwrap();
        let sent = |to, outcome, sets: Vec<SetId>| SentMessage {
            id: MessageId([1; 16]),
            to,
            surbs: 3,
            created_at: Time::from_millis(1_767_225_600_000),
            outcome,
            sets,
            head: vec![0],
            body: b"hello".to_vec(),
        };
        let to_address = sent(Recipient::Address(address), Outcome::Pending, vec![set]);
        let tag = SenderTag([4; 16]);
        let to_anonymous = sent(Recipient::Anonymous(tag), Outcome::AtGateway, vec![]);
        let received = |sender_tag, answer_from| ReceivedMessage {
            id: MessageId([1; 16]),
            received_at: Time::from_millis(1_767_225_600_000),
            sender_tag,
            answer_from,
            body: b"hello".to_vec(),
        };
        let surb = self.surb().to_record();
        let fragment = [0x80, 0, 0, 9, 2, 1, 0, 7, 7, 7];
        let directory = directory();
        let bodies = directory.split(|byte| *byte == BETWEEN);
        let bodies = bodies.flat_map(|body| {
            let len = u32::try_from(body.len()).unwrap().to_be_bytes();
            [len.to_vec(), body.to_vec()].concat()
        });
        let topology: Vec<u8> = [1; 9].into_iter().chain(bodies).collect();
        let disk = [
            on_disk(Store::Topology, b"own", &topology),
            on_disk(Store::Identity, b"own", &fresh_identity()),
            on_disk(
                Store::Registration,
                b"own",
                &[&[1, 1][..], address.gateway.as_bytes(), &[3; 32], &[0; 8]].concat(),
            ),
            on_disk(Store::Outbox, &[1; 16], &to_address.to_record()),
            on_disk(
                Store::Fragment,
                &[0, 0, 0, 9, 1],
                &[&[0; 8], &fragment[..]].concat(),
            ),
            on_disk(Store::Seen, &[0, 0, 0, 8], &[1; 24]),
            on_disk(Store::SenderTag, &address.to_bytes(), &tag.0),
            on_disk(Store::ReplyKey, &[2; 32], &[3; 40]),
            on_disk(
                Store::Surb,
                &[&tag.0[..], &[0; 8]].concat(),
                &[&[1, 0, 0, 0, 9], &surb[..]].concat(),
            ),
        ];
        vec![
            after(0, &to_address.to_record()),
            after(0, &to_anonymous.to_record()),
            after(0, &received(None, None).to_record()),
            after(0, &received(Some(tag), None).to_record()),
            after(0, &received(None, Some(address)).to_record()),
            after(0, &self.keys.to_bytes()),
            after(1, &disk.concat()),
        ]
    }
}

/// A record in the way that the target `records` reads it.
fn on_disk(store: Store, key: &[u8], value: &[u8]) -> Vec<u8> {
    let store = Store::LOADED.iter().position(|loaded| *loaded == store);
    let store = u8::try_from(store.unwrap()).unwrap();
    let key_len = u8::try_from(key.len()).unwrap();
    let len = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[store, key_len], key, &len, value].concat()
}

/// As a client writes it at its first start.
fn fresh_identity() -> Vec<u8> {
    let mut client = Client::new(Config::default(), Vec::new(), rng(), Time::default()).unwrap();
    while let Some(output) = client.poll() {
        if let Output::Commit(commit) = output {
            return commit.changes[0].value.clone().unwrap();
        }
    }
    panic!("an identity is written at the first start");
}

fn server_messages() -> Vec<ServerMessage> {
    let message = "no".to_owned();
    let (protocol_version, upgrade_mode, status) = (6, false, true);
    vec![
        ServerMessage::SupportedProtocol { version: 6 },
        ServerMessage::HandshakePayload {
            protocol_version,
            data: vec![1, 2, 255],
        },
        ServerMessage::HandshakeError {
            message: message.clone(),
        },
        ServerMessage::Register {
            protocol_version,
            status,
            upgrade_mode,
        },
        ServerMessage::Authenticate {
            protocol_version,
            status,
            bandwidth_remaining: -1,
            upgrade_mode,
        },
        ServerMessage::Bandwidth {
            available_total: 1,
            upgrade_mode,
        },
        ServerMessage::Send {
            remaining_bandwidth: i64::MAX,
            upgrade_mode,
        },
        ServerMessage::EncryptedResponse {
            ciphertext: vec![1],
            nonce: vec![2],
        },
        ServerMessage::Error { message },
        ServerMessage::TypedError {
            error: TypedError::TicketReplay,
        },
        ServerMessage::TypedError {
            error: TypedError::OutOfBandwidth {
                required: 1,
                available: 0,
            },
        },
    ]
}

fn deliveries() -> Vec<Vec<u8>> {
    let fragment = [0x80, 0, 0, 9, 255, 1, 0x80, 0, 0, 8, 7, 7, 7];
    let mut rng = rng();
    let key = ClientKeys::generate(&mut rng).ack;
    vec![
        after(0, &ack::seal(&mut rng, &key, Acknowledged::Cover)),
        after(1, &fragment),
        after(1, &cover::content(PacketSize::Regular)[..19]),
        after(2, &[&[4; 16], &fragment[..]].concat()),
        vec![3],
    ]
}

fn fragments() -> Vec<Vec<u8>> {
    vec![
        after(0, &[0x80, 0, 0, 9, 255, 1, 0x80, 0, 0, 8, 7, 7, 7]),
        after(0, &[0, 0, 0, 9, 3]),
        // Sets 1 and 2 run whole and linked, set 3 alone in two pieces.
        after(1, &[2, 1, 255, 1, 16, 2, 2, 1, 1, 1]),
        after(
            1,
            &[1, 3, 2, 2, 0, 1, 1, 3, 0, 5, 0, 0, 1, 3, 2, 1, 0, 2, 9, 9],
        ),
        after(2, &[0x40, 0, 3, 0, 0, 0, 0, 1]),
        after(2, &[0xff, 0xff, 15, 0, 0, 0, 1, 0]),
    ]
}

fn packets() -> Vec<Vec<u8>> {
    let address = NodeAddress(([127, 0, 0, 1], 1789).into()).padded_19();
    let with_ack = [&address[..], &[5; 386], b"delivery"].concat();
    let ack = after(1, b"\x01twenty-one bytes here");
    let secrets = [1, 2, 3, 4].map(|byte| [byte; 32]).concat();
    let route = [&[4, 0, 1], &secrets[..], &address.repeat(4), b"hello"].concat();
    vec![
        after(1, &after(0, &with_ack)),
        ack,
        after(2, &[]),
        after(3, &route),
    ]
}

/// The replies of a good directory, as one input of `topology`.
pub(crate) fn directory() -> Vec<u8> {
    topologies().swap_remove(0)
}

fn topologies() -> Vec<Vec<u8>> {
    let mut rng = rng();
    let mut node = |id: u8, role: &str, entry: &str| {
        let identity = SigningKey::generate(&mut rng).identity_key();
        let sphinx = EncryptionSecret::generate(&mut rng).public_key();
        format!(
            r#"{{"node_id":{id},"ed25519_identity_pubkey":"{identity}","ip_addresses":["127.0.0.1"],"mix_port":1789,"x25519_sphinx_pubkey":"{sphinx}","role":{role},"supported_roles":{{"mixnode":true,"entry":false,"exit_nr":false,"exit_ipr":false}},"entry":{entry},"performance":"0.98"}}"#
        )
    };
    let mixes = [1, 2, 3].map(|id| node(id, &format!(r#"{{"Mixnode":{{"layer":{id}}}}}"#), "null"));
    let named = r#"{"hostname":"gateway.example","ws_port":9000,"wss_port":9001}"#;
    let gateway = node(4, r#""EntryGateway""#, named);
    let plain = node(
        5,
        r#""Standby""#,
        r#"{"hostname":null,"ws_port":9000,"wss_port":null}"#,
    );
    let semi = format!(r#"{{"basic":{plain},"x25519_noise_versioned_key":null}}"#);
    let rewarded = r#"{"epoch_id":1,"entry_gateways":[4],"exit_gateways":[],"layer1":[1],"layer2":[2],"layer3":[3],"standby":[5]}"#;
    let rotation = r#"{"key_rotation_state":{"validity_epochs":24,"initial_epoch_id":0},"current_absolute_epoch_id":1,"current_epoch_start":"2026-05-23T07:00:00Z","epoch_duration":{"secs":3600,"nanos":0},"progress":{"current_key_rotation_id":1,"current_rotation_starting_epoch":0,"current_rotation_ending_epoch":24}}"#;
    let page = |nodes: &[String]| {
        let (len, data) = (nodes.len(), nodes.join(","));
        format!(
            r#"{{"metadata":{{"status":null,"absolute_epoch_id":1,"rotation_id":1,"refreshed_at":"2026-05-23 07:41:02.7 +00:00:00"}},"nodes":{{"pagination":{{"total":{len},"page":0,"size":{len}}},"data":[{data}]}}}}"#
        )
    };
    let replies = |parts: [&str; 3]| parts.map(str::as_bytes).join(&BETWEEN);
    vec![
        replies([rewarded, &page(&mixes), &page(&[gateway])]),
        replies([rewarded, &page(&mixes), &page(&[plain])]),
        replies([rotation, &page(&[semi]), ""]),
        after(topology::CHANGED, b"\x00another.example"),
        after(topology::CHANGED, b"\x01[\"::1\"]"),
        after(topology::CHANGED, b"\x02\"0.49\""),
    ]
}

/// Commands of `client::run`: an honest start of `steps`, then more.
fn client(config: u8, more: &[u8]) -> Vec<u8> {
    [&[config, 2, 20], more].concat()
}

fn clients() -> Vec<Vec<u8>> {
    let to_self = [16, 1, 4, 0];
    let anonymous = [16, 0xf9, 0, 9];
    let go_on = [2, 31];
    let reply = [18, 0, 0, 5];
    let mut anonymous_and_reply = vec![];
    // Thirteen SURBs, of which the last ten are kept back for requests.
    anonymous_and_reply.extend([anonymous, anonymous].concat());
    anonymous_and_reply.extend(go_on);
    anonymous_and_reply.extend(reply);
    anonymous_and_reply.extend(go_on);
    vec![
        client(0, &[&to_self[..], &go_on, &go_on].concat()),
        client(2, &[&to_self[..], &go_on, &go_on].concat()),
        client(3, &[&to_self[..], &go_on].concat()),
        client(0, &anonymous_and_reply),
        client(0, &[&to_self[..], &[4, 23, 2, 20, 0, 2, 31]].concat()),
        client(
            0,
            &[&to_self[..], &[4, 0, 26, 26, 0, 0, 21, 2, 31]].concat(),
        ),
        client(0, &[&to_self[..], &[5, 0, 22, 255, 255, 0, 2, 31]].concat()),
        client(0, &[14, 2, 0, 5, 3, b'h', b'e', b'y', 31, 2, 9]),
        client(0, &[&to_self[..], &[27, 0, 27, 1, 15, 0, 2, 31]].concat()),
        client(12, &[&to_self[..], &go_on].concat()),
        client(
            20,
            &[&[29, 6][..], &go_on, &to_self, &[30, 2], &go_on].concat(),
        ),
        client(
            24,
            &[&[29, 3][..], &go_on, &to_self, &go_on, &[29, 6, 2, 31]].concat(),
        ),
        // A message rests, over a restart, and goes on; then a probe.
        client(
            0,
            &[
                &to_self[..],
                &[4, 20, 64, 2, 31, 23, 20, 128],
                &go_on,
                &[20, 192],
            ]
            .concat(),
        ),
    ]
}
