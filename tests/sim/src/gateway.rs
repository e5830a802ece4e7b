//! A gateway that does just enough of protocol.md 8, and misbehaves on request.

use crate::world::{LATENCY, World};
use sotto_core::ChaCha20Rng;
use sotto_core::address::NodeAddress;
use sotto_core::client::{ConnectionId, Input};
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::binary;
use sotto_core::gateway::handshake::{ACCEPTED, REFUSED, Responder};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, TypedError,
};
use sotto_core::keys::{EncryptionSecret, IdentityKey, SigningKey};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A gateway.
pub struct Gateway {
    /// Where other nodes reach it.
    pub address: NodeAddress,
    pub(crate) port: u16,
    pub(crate) secret: EncryptionSecret,
    /// What it signs with, by which it is known.
    pub identity: SigningKey,
    /// Whether it runs.
    pub up: bool,
    /// How it behaves.
    pub manners: Manners,
    /// Bytes that a claim gives.
    pub allowance: i64,
    /// Authentication requests taken.
    pub sign_ins: usize,
    /// Claims for bandwidth heard.
    pub claims: usize,
    /// What its answers take longer than others'.
    pub slowness: Duration,
    /// How far its clock is ahead of everybody's.
    pub clock_ahead: Duration,
    /// Words with which the next requests to sign in are refused.
    pub refusals: VecDeque<&'static str>,
    clients: HashMap<IdentityKey, Registered>,
    inbox: HashMap<[u8; 32], Vec<Vec<u8>>>,
    sessions: HashMap<usize, Session>,
}

/// How a gateway behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manners {
    /// As it should.
    #[default]
    Good,
    /// Answers every first word with an error.
    Refuses,
    /// Closes when the handshake begins.
    ClosesInHandshake,
    /// Answers with something that is no JSON.
    Garbage,
    /// Answers with a message of a type that does not exist, then properly.
    Newer,
    /// Signs with another key.
    Impostor,
    /// Pushes a packet in clear.
    Unencrypted,
    /// Pushes a packet under another key.
    WrongKey,
    /// Says nothing.
    Silent,
    /// Speaks protocol 3.
    Old,
    /// Gives no free bandwidth.
    Stingy,
    /// Does not answer claims for bandwidth.
    IgnoresClaims,
    /// Takes packets of its clients without an answer.
    NeverConfirms,
    /// Loses every packet that other nodes hand it.
    Deaf,
}

/// A timestamp may be so many seconds off, as official gateways have it.
const MAX_SKEW: u64 = 120;

struct Registered {
    key: SharedKey,
    last_timestamp: u64,
}

struct Session {
    connection: ConnectionId,
    responder: Option<Responder>,
    client: Option<(IdentityKey, SharedKey)>,
    bandwidth: i64,
}

impl Gateway {
    pub(crate) fn new(rng: &mut ChaCha20Rng, index: u16) -> Self {
        Self {
            address: NodeAddress(([127, 0, 0, 1], 20_000 + index).into()),
            port: 9000 + index,
            secret: EncryptionSecret::generate(rng),
            identity: SigningKey::generate(rng),
            up: true,
            manners: Manners::Good,
            allowance: 1 << 36,
            sign_ins: 0,
            claims: 0,
            slowness: Duration::ZERO,
            clock_ahead: Duration::ZERO,
            refusals: VecDeque::new(),
            clients: HashMap::new(),
            inbox: HashMap::new(),
            sessions: HashMap::new(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Loses every registration.
    pub fn forget_clients(&mut self) {
        self.clients.clear();
    }

    pub(crate) fn hang_up(&mut self, host: usize) {
        self.sessions.remove(&host);
    }

    pub(crate) fn close(&mut self, host: usize, connection: ConnectionId) {
        let same = |session: &mut Session| session.connection == connection;
        if self.sessions.get_mut(&host).is_some_and(same) {
            self.hang_up(host);
        }
    }

    /// Whether that client is registered.
    pub fn knows(&self, client: &IdentityKey) -> bool {
        self.clients.contains_key(client)
    }

    pub(crate) fn hang_up_all(&mut self) -> Vec<(usize, ConnectionId)> {
        self.sessions
            .drain()
            .map(|(host, session)| (host, session.connection))
            .collect()
    }

    fn session(&mut self, host: usize, connection: ConnectionId) -> &mut Session {
        let fresh = || Session {
            connection,
            responder: None,
            client: None,
            bandwidth: 0,
        };
        let session = self.sessions.entry(host).or_insert_with(fresh);
        if session.connection != connection {
            *session = fresh();
        }
        session
    }

    fn say(world: &mut World, host: usize, connection: ConnectionId, message: &ServerMessage) {
        let text = message.to_json();
        world.input(host, LATENCY, Input::GatewayText { connection, text });
    }

    fn error(world: &mut World, host: usize, connection: ConnectionId, message: &str) {
        let message = message.to_owned();
        Self::say(world, host, connection, &ServerMessage::Error { message });
        world.close(host, connection, "");
    }

    pub(crate) fn text(
        world: &mut World,
        at: usize,
        host: usize,
        connection: ConnectionId,
        text: &str,
    ) {
        let gateway = &mut world.gateways[at];
        if !gateway.up {
            return;
        }
        let garbage = |text: &str| Input::GatewayText {
            connection,
            text: text.to_owned(),
        };
        let message = ClientMessage::from_json(text).unwrap();
        let first = matches!(message, ClientMessage::SupportedProtocol {});
        match gateway.manners {
            Manners::Silent => return,
            Manners::Refuses if first => return Self::error(world, host, connection, "go away"),
            Manners::Garbage => return world.input(host, LATENCY, garbage("<html>")),
            Manners::Newer => world.input(host, LATENCY, garbage(r#"{"type":"tomorrow"}"#)),
            Manners::ClosesInHandshake if !first => {
                return world.close(host, connection, "code 1011");
            }
            _ => {}
        }
        Self::answer(world, at, host, connection, message);
    }

    fn answer(
        world: &mut World,
        at: usize,
        host: usize,
        connection: ConnectionId,
        message: ClientMessage,
    ) {
        let World { gateways, rng, .. } = world;
        let gateway = &mut gateways[at];
        match message {
            ClientMessage::SupportedProtocol {} => {
                let version = if gateway.manners == Manners::Old {
                    3
                } else {
                    6
                };
                let text = ServerMessage::SupportedProtocol { version }.to_json();
                let delay = LATENCY + gateway.slowness;
                world.input(host, delay, Input::GatewayText { connection, text });
            }
            ClientMessage::HandshakePayload { data, .. } if data.len() == 80 => {
                let signing = match gateway.manners {
                    Manners::Impostor => SigningKey::generate(rng),
                    _ => gateway.identity.clone(),
                };
                let (responder, data) = Responder::receive_first(rng, &signing, &data).unwrap();
                gateway.session(host, connection).responder = Some(responder);
                let answer = ServerMessage::HandshakePayload {
                    protocol_version: 6,
                    data,
                };
                Self::say(world, host, connection, &answer);
            }
            ClientMessage::HandshakePayload { data, .. } => {
                Self::third(world, at, host, connection, &data);
            }
            ClientMessage::AuthenticateV2(request) => {
                Self::sign_in(world, at, host, connection, &request);
            }
            ClientMessage::ClaimFreeTestnetBandwidth {} if gateway.manners == Manners::Stingy => {
                let message = "buy a ticket".to_owned();
                Self::say(world, host, connection, &ServerMessage::Error { message });
            }
            ClientMessage::ClaimFreeTestnetBandwidth {}
                if gateway.manners == Manners::IgnoresClaims =>
            {
                gateway.claims += 1;
            }
            ClientMessage::ClaimFreeTestnetBandwidth {} => {
                gateway.claims += 1;
                let available_total = gateway.allowance;
                gateway.session(host, connection).bandwidth = available_total;
                let answer = ServerMessage::Bandwidth {
                    available_total,
                    upgrade_mode: false,
                };
                Self::say(world, host, connection, &answer);
            }
            ClientMessage::EncryptedRequest { ciphertext, nonce } => {
                Self::sensitive(world, at, host, connection, &ciphertext, &nonce);
            }
            other => panic!("a client never says {other:?}"),
        }
    }

    /// A request under the shared key: to be forgotten.
    fn sensitive(
        world: &mut World,
        at: usize,
        host: usize,
        connection: ConnectionId,
        ciphertext: &[u8],
        nonce: &[u8],
    ) {
        let gateway = &mut world.gateways[at];
        let Some((client, key)) = gateway.session(host, connection).client.clone() else {
            return; // Said over a websocket that is closed by now.
        };
        let plaintext = key.decrypt(nonce.try_into().unwrap(), ciphertext).unwrap();
        let request = SensitiveRequest::from_json(str::from_utf8(&plaintext).unwrap()).unwrap();
        assert!(matches!(
            request,
            SensitiveRequest::ForgetMe { client: true, .. }
        ));
        gateway.clients.remove(&client);
        gateway.inbox.remove(client.as_bytes());
        let answer = SensitiveResponse::ForgetMeAck {}.to_json();
        let nonce = [9; 12];
        let answer = ServerMessage::EncryptedResponse {
            ciphertext: key.encrypt(&nonce, answer.as_bytes()),
            nonce: nonce.to_vec(),
        };
        Self::say(world, host, connection, &answer);
    }

    fn third(world: &mut World, at: usize, host: usize, connection: ConnectionId, data: &[u8]) {
        let gateway = &mut world.gateways[at];
        let Some(responder) = gateway.session(host, connection).responder.take() else {
            return; // The client has hung up in the meantime.
        };
        let accepted = responder.receive_third(data);
        let data = if accepted.is_ok() { ACCEPTED } else { REFUSED }.to_vec();
        if let Ok(registered) = accepted {
            let key = registered.key.clone();
            let record = Registered {
                key: key.clone(),
                last_timestamp: 0,
            };
            gateway.clients.insert(registered.client, record);
            gateway.session(host, connection).client = Some((registered.client, key));
        }
        let answer = ServerMessage::HandshakePayload {
            protocol_version: 6,
            data,
        };
        Self::say(world, host, connection, &answer);
        let status = true;
        let done = ServerMessage::Register {
            protocol_version: 6,
            status,
            upgrade_mode: false,
        };
        Self::push_stored(world, at, host);
        Self::say(world, host, connection, &done);
    }

    fn sign_in(
        world: &mut World,
        at: usize,
        host: usize,
        connection: ConnectionId,
        request: &AuthenticateRequest,
    ) {
        let gateway = &mut world.gateways[at];
        if let Some(words) = gateway.refusals.pop_front() {
            return Self::error(world, host, connection, words);
        }
        let clock = (world.now + gateway.clock_ahead).as_seconds();
        if clock.abs_diff(request.request_unix_timestamp) > MAX_SKEW {
            return Self::error(world, host, connection, "the timestamp is too far off");
        }
        let Some(known) = gateway.clients.get_mut(&request.client_identity) else {
            return Self::error(world, host, connection, "the client is not registered");
        };
        if request.verify(&known.key).is_err() {
            return Self::error(world, host, connection, "wrong key");
        }
        if request.request_unix_timestamp <= known.last_timestamp {
            return Self::error(world, host, connection, "the timestamp was used before");
        }
        known.last_timestamp = request.request_unix_timestamp;
        gateway.sign_ins += 1;
        let client = (request.client_identity, known.key.clone());
        gateway.session(host, connection).client = Some(client);
        Self::push_stored(world, at, host);
        let answer = ServerMessage::Authenticate {
            protocol_version: 6,
            status: true,
            bandwidth_remaining: 0,
            upgrade_mode: false,
        };
        Self::say(world, host, connection, &answer);
    }

    pub(crate) fn binary(
        world: &mut World,
        at: usize,
        host: usize,
        connection: ConnectionId,
        frame: &[u8],
    ) {
        let gateway = &mut world.gateways[at];
        let Some(session) = gateway
            .sessions
            .get_mut(&host)
            .filter(|s| s.connection == connection)
        else {
            return;
        };
        let Some((_, key)) = session.client.clone() else {
            return; // Said over a websocket that is closed by now.
        };
        let packet = binary::decode_request(&key, frame).unwrap();
        let cost = packet.packet.len() as i64;
        if session.bandwidth < cost {
            let available = session.bandwidth;
            let error = TypedError::OutOfBandwidth {
                required: cost,
                available,
            };
            return Self::say(
                world,
                host,
                connection,
                &ServerMessage::TypedError { error },
            );
        }
        session.bandwidth -= cost;
        let remaining_bandwidth = session.bandwidth;
        let answer = ServerMessage::Send {
            remaining_bandwidth,
            upgrade_mode: false,
        };
        if world.gateways[at].manners != Manners::NeverConfirms {
            Self::say(world, host, connection, &answer);
        }
        world.forward(packet.next_hop, Duration::ZERO, packet.packet);
    }

    /// A packet has come to its last hop.
    pub fn arrived(world: &mut World, at: NodeAddress, destination: [u8; 32], delivery: Vec<u8>) {
        let at = world
            .gateways
            .iter()
            .position(|gateway| gateway.address == at)
            .unwrap();
        let gateway = &mut world.gateways[at];
        gateway.inbox.entry(destination).or_default().push(delivery);
        let online = gateway.sessions.iter().find(|(_, session)| {
            session
                .client
                .as_ref()
                .is_some_and(|(id, _)| *id.as_bytes() == destination)
        });
        if let Some(host) = online.map(|(host, _)| *host) {
            Self::push_stored(world, at, host);
        }
    }

    fn push_stored(world: &mut World, at: usize, host: usize) {
        let gateway = &mut world.gateways[at];
        let session = &gateway.sessions[&host];
        let connection = session.connection;
        let (client, key) = session.client.clone().unwrap();
        for delivery in gateway.inbox.remove(client.as_bytes()).unwrap_or_default() {
            let key = match world.gateways[at].manners {
                Manners::WrongKey => SharedKey::from_bytes([0; 32]),
                _ => key.clone(),
            };
            let mut bytes = binary::encode_push(&key, [7; 12], &delivery);
            if world.gateways[at].manners == Manners::Unencrypted {
                bytes[1] = 0;
            }
            world.input(host, LATENCY, Input::GatewayBinary { connection, bytes });
        }
    }
}
