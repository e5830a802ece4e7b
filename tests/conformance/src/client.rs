//! The whole client against official code: its directory's JSON, its gateway's handshake and
//! frames, its nodes, and a correspondent that runs it (protocol.md 8, end-to-end oracle of 12).

use crate::directory::their_replies;
use crate::fixture::{InFlight, Network, Party, body, identity_pair, rng};
use crate::handshake::duplex;
use crate::pipeline::{received_by_them, sent_by_them};
use futures::StreamExt;
use nym_gateway_requests::registration::handshake::gateway_handshake;
use nym_gateway_requests::{
    BandwidthResponse, BinaryRequest, BinaryResponse, CURRENT_PROTOCOL_VERSION,
    ClientControlRequest, SendResponse, ServerResponse, SharedSymmetricKey,
};
use nym_sphinx::forwarding::packet::MixPacket;
use nym_sphinx::params::PacketSize;
use nym_task::ShutdownToken;
use sotto_core::client::{
    Client, Config, ConnectionId, DeliveryState, Input, Output, Record, Store,
};
use sotto_core::keys::ClientKeys;
use sotto_core::time::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A client, its disk, and what it wants to say.
struct Host<'a> {
    network: &'a Network,
    client: Client,
    disk: BTreeMap<(Store, Vec<u8>), Vec<u8>>,
    connection: ConnectionId,
    url: String,
    texts: VecDeque<String>,
    frames: VecDeque<Vec<u8>>,
    received: Vec<Vec<u8>>,
    states: Vec<DeliveryState>,
}

/// The clock of the machine, as official code compares timestamps with it.
fn now() -> Time {
    let seconds = time::OffsetDateTime::now_utc().unix_timestamp();
    Time::from_millis(seconds as u64 * 1000)
}

impl<'a> Host<'a> {
    fn new(network: &'a Network, disk: BTreeMap<(Store, Vec<u8>), Vec<u8>>) -> Self {
        let record = |((store, key), value): (&(Store, Vec<u8>), &Vec<u8>)| Record {
            store: *store,
            key: key.clone(),
            value: value.clone(),
        };
        let stored = disk.iter().map(record).collect();
        let client = Client::new(Config::default(), stored, rng(50), now()).unwrap();
        let mut host = Self {
            network,
            client,
            disk,
            connection: ConnectionId(0),
            url: String::new(),
            texts: VecDeque::new(),
            frames: VecDeque::new(),
            received: Vec::new(),
            states: Vec::new(),
        };
        host.carry_out();
        host
    }

    fn handle(&mut self, input: Input) {
        self.client.handle(now(), input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::FetchTopology => {
                    let replies = their_replies(self.network);
                    self.client.handle(now(), Input::TopologyFetched(replies));
                }
                Output::OpenGateway { connection, url } => {
                    (self.connection, self.url) = (connection, url);
                    self.client
                        .handle(now(), Input::GatewayOpened { connection });
                }
                Output::Commit(commit) => {
                    for change in commit.changes {
                        let key = (change.store, change.key);
                        match change.value {
                            Some(value) => self.disk.insert(key, value),
                            None => self.disk.remove(&key),
                        };
                    }
                    self.client.handle(now(), Input::Saved(commit.id));
                }
                Output::SendText { text, .. } => self.texts.push_back(text),
                Output::SendBinary { bytes, .. } => self.frames.push_back(bytes),
                Output::Message(message) => self.received.push(message.body),
                Output::Delivery { state, .. } => self.states.push(state),
                Output::CloseGateway { .. } => panic!("the client hung up: {:?}", self.client),
                _ => {}
            }
        }
    }

    /// The next thing said, as the official gateway reads it.
    fn request(&mut self) -> ClientControlRequest {
        self.texts
            .pop_front()
            .expect("the client says something")
            .parse()
            .unwrap()
    }

    fn hear(&mut self, response: &ServerResponse) {
        self.hear_text(serde_json::to_string(response).unwrap());
    }

    fn hear_text(&mut self, text: String) {
        let connection = self.connection;
        self.handle(Input::GatewayText { connection, text });
    }

    fn push(&mut self, key: &SharedSymmetricKey, message: Vec<u8>) {
        let response = BinaryResponse::PushedMixMessage { message };
        let bytes = response.into_encrypted_tagged_bytes(key).unwrap();
        let connection = self.connection;
        self.handle(Input::GatewayBinary { connection, bytes });
    }

    /// The question with which every connection begins, and the official answer.
    fn negotiate(&mut self) {
        assert!(matches!(
            self.request(),
            ClientControlRequest::SupportedProtocol {}
        ));
        let version = CURRENT_PROTOCOL_VERSION;
        self.hear(&ServerResponse::SupportedProtocol { version });
    }

    /// The claim for bandwidth after signing in, and the official answer.
    fn claim(&mut self) {
        let request = self.request();
        assert!(
            matches!(request, ClientControlRequest::ClaimFreeTestnetBandwidth),
            "{request:?}"
        );
        self.hear(&ServerResponse::Bandwidth(BandwidthResponse {
            available_total: 68_719_476_736,
            upgrade_mode: false,
        }));
        assert!(self.texts.is_empty(), "{:?}", self.texts);
    }

    /// Registers with an official gateway; gives the key that it derived.
    async fn register(&mut self) -> SharedSymmetricKey {
        self.negotiate();
        let ClientControlRequest::RegisterHandshakeInitRequest {
            protocol_version,
            data,
        } = self.request()
        else {
            panic!("no handshake begins");
        };
        let gateway = self
            .network
            .gateways()
            .find(|node| node.websocket() == self.url);
        let identity = identity_pair(&gateway.unwrap().signing);
        let (mut left, mut right) = duplex();
        let (mut rng, token) = (rng(51), ShutdownToken::default());
        let mut handshake = gateway_handshake(
            &mut rng,
            &mut right,
            &identity,
            data,
            protocol_version,
            token,
        );
        let result = loop {
            tokio::select! {
                result = &mut handshake => break result.unwrap(),
                Some(message) = left.receiver.next() => {
                    self.hear_text(message.into_text().unwrap().to_string());
                    while let Some(text) = self.texts.pop_front() {
                        left.send_text(text).await;
                    }
                }
            }
        };
        drop(handshake);
        while let Ok(message) = left.receiver.try_recv() {
            self.hear_text(message.into_text().unwrap().to_string());
        }
        assert_eq!(result.negotiated_protocol, CURRENT_PROTOCOL_VERSION);
        self.hear(&ServerResponse::Register {
            protocol_version: CURRENT_PROTOCOL_VERSION,
            status: true,
            upgrade_mode: false,
        });
        self.claim();
        result.derived_key
    }

    /// The packets that the client wants forwarded, each of them answered.
    fn forwarded(&mut self, key: &SharedSymmetricKey) -> Vec<MixPacket> {
        let mut packets = Vec::new();
        while let Some(frame) = self.frames.pop_front() {
            let read = BinaryRequest::try_from_encrypted_tagged_bytes(frame, key).unwrap();
            let BinaryRequest::ForwardSphinxV2 { packet } = read else {
                panic!("not the version with key rotation");
            };
            packets.push(packet);
            self.hear(&ServerResponse::Send(SendResponse {
                remaining_bandwidth: 68_000_000_000,
                upgrade_mode: false,
            }));
        }
        packets
    }

    /// The same client in both type systems.
    fn as_party(&self) -> Party {
        let (_, keys) = self
            .disk
            .iter()
            .find(|((store, _), _)| *store == Store::Identity)
            .unwrap();
        let keys = ClientKeys::from_bytes(keys).unwrap();
        Party::from_keys(keys, self.client.address().unwrap().gateway)
    }
}

fn in_flight(packet: MixPacket) -> InFlight {
    let next = packet.next_hop_address();
    InFlight {
        next,
        packet: packet.into_packet().to_bytes().unwrap(),
    }
}

#[tokio::test]
async fn a_client_registers_sends_receives_and_signs_in_again_with_official_code_all_around() {
    let network = Network::new();
    let (_, bob) = network.parties();
    let mut host = Host::new(&network, BTreeMap::new());
    let key = host.register().await;
    let alice = host.as_party();
    assert_eq!(host.client.address(), Some(alice.address));

    // To Bob, who runs the official client, through official nodes; acks come back to us.
    let sent = body(50_000);
    host.client.send(now(), &bob.address, sent.clone()).unwrap();
    host.carry_out();
    let mut deliveries = Vec::new();
    while host.states.last() != Some(&DeliveryState::AtGateway) {
        let packets = host.forwarded(&key);
        assert!(!packets.is_empty(), "nothing more comes: {:?}", host.client);
        for packet in packets {
            let arrived = network.pass_theirs(in_flight(packet));
            let ack = network.pass_theirs(arrived.ack_in_flight());
            deliveries.push(arrived.delivery);
            host.push(&key, ack.delivery);
        }
    }
    assert!(received_by_them(&bob, deliveries) == Some(sent));

    // From Bob.
    let answer = body(5000);
    let size = PacketSize::RegularPacket;
    for prepared in sent_by_them(&network, &mut rng(52), (&bob, &alice), size, &answer) {
        let arrived = network.pass_theirs(in_flight(prepared.mix_packet));
        host.push(&key, arrived.delivery);
    }
    assert!(host.received == [answer]);

    // The worker dies and another one signs in.
    let mut host = Host::new(&network, host.disk);
    host.negotiate();
    let ClientControlRequest::AuthenticateV2(request) = host.request() else {
        panic!("no authentication");
    };
    request.verify_timestamp(Duration::from_secs(120)).unwrap();
    request.verify_ciphertext(&key).unwrap();
    request.verify_signature().unwrap();
    host.hear(&ServerResponse::Authenticate {
        protocol_version: CURRENT_PROTOCOL_VERSION,
        status: true,
        bandwidth_remaining: 0,
        upgrade_mode: false,
    });
    host.claim();
    assert_eq!(host.client.address(), Some(alice.address));
}
