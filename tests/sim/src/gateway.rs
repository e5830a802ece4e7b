//! A gateway that does just enough of protocol.md 8, and misbehaves on request.

use crate::network::Flying;
use crate::node::Node;
use crate::pushes::Unconfirmed;
use crate::world::{Socket, World};
use sotto_core::ChaCha20Rng;
use sotto_core::address::NodeAddress;
use sotto_core::client::Input;
use sotto_core::gateway::SharedKey;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::binary;
use sotto_core::gateway::handshake::{ACCEPTED, REFUSED, Responder};
use sotto_core::gateway::message::{
    ClientMessage, SensitiveRequest, SensitiveResponse, ServerMessage, TypedError,
};
use sotto_core::keys::IdentityKey;
use sotto_core::time::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A request to authenticate may be so many seconds older or newer than the gateway's clock says.
const MAX_SKEW: u64 = 120;

/// A gateway.
pub struct Gateway {
    /// Where other nodes reach it.
    pub address: NodeAddress,
    pub(crate) port: u16,
    pub(crate) node: Node,
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
    clients: BTreeMap<[u8; 32], Registered>,
    /// What is stored for clients, by identity and number, with the time it came.
    pub(crate) inbox: BTreeMap<([u8; 32], u64), (Time, Vec<u8>)>,
    pub(crate) sessions: BTreeMap<Socket, Session>,
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

struct Registered {
    key: SharedKey,
    last_timestamp: u64,
}

/// A websocket and who is behind it.
#[derive(Default)]
pub(crate) struct Session {
    responder: Option<Responder>,
    pub(crate) client: Option<(IdentityKey, SharedKey)>,
    bandwidth: i64,
    pub(crate) unconfirmed: Unconfirmed,
    /// The number of the last stored message that was pushed.
    pub(crate) last_stored: u64,
}

impl Session {
    /// Whether that client is behind it.
    pub(crate) fn is_of(&self, client: &[u8; 32]) -> bool {
        let same = |(identity, _): &(IdentityKey, SharedKey)| identity.as_bytes() == client;
        self.client.as_ref().is_some_and(same)
    }
}

impl Gateway {
    pub(crate) fn new(rng: &mut ChaCha20Rng, index: u16, rotation: u32) -> Self {
        Self {
            address: NodeAddress(([127, 0, 0, 1], 20_000 + index).into()),
            port: 9000 + index,
            node: Node::draw(rng, rotation),
            manners: Manners::Good,
            allowance: 1 << 36,
            sign_ins: 0,
            claims: 0,
            slowness: Duration::ZERO,
            clock_ahead: Duration::ZERO,
            refusals: VecDeque::new(),
            clients: BTreeMap::new(),
            inbox: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// The key by which it is known.
    pub fn identity(&self) -> IdentityKey {
        self.node.identity.identity_key()
    }

    /// Whether it runs.
    pub const fn is_up(&self) -> bool {
        self.node.up
    }

    /// Whether that client is registered.
    pub fn knows(&self, client: &IdentityKey) -> bool {
        self.clients.contains_key(client.as_bytes())
    }

    /// Dies, as the directory sees it; or runs again.
    pub const fn set_up(&mut self, up: bool) {
        self.node.up = up;
    }

    /// Loses every registration.
    pub fn forget_clients(&mut self) {
        self.clients.clear();
    }

    pub(crate) fn open_session(world: &mut World, at: usize, socket: Socket) {
        let session = Session::default();
        world.gateways[at].sessions.insert(socket, session);
    }

    fn say(world: &mut World, socket: Socket, message: &ServerMessage) {
        let connection = socket.connection;
        let text = message.to_json();
        world.input_socket(socket, Input::GatewayText { connection, text });
    }

    /// Says why, and ends the connection.
    fn error(world: &mut World, at: usize, socket: Socket, message: &str) {
        let message = message.to_owned();
        Self::say(world, socket, &ServerMessage::Error { message });
        Self::hang_up(world, at, socket, "");
    }

    fn hang_up(world: &mut World, at: usize, socket: Socket, reason: &str) {
        Self::end_session(world, at, socket);
        world.close(socket, reason);
    }

    pub(crate) fn text(world: &mut World, at: usize, socket: Socket, text: &str) {
        let gateway = &world.gateways[at];
        if !gateway.sessions.contains_key(&socket) {
            return;
        }
        let connection = socket.connection;
        let odd = |text: &str| Input::GatewayText {
            connection,
            text: text.to_owned(),
        };
        let message = ClientMessage::from_json(text).unwrap();
        let first = matches!(message, ClientMessage::SupportedProtocol {});
        match gateway.manners {
            Manners::Silent => return,
            Manners::Refuses if first => return Self::error(world, at, socket, "go away"),
            Manners::Garbage => return world.input_socket(socket, odd("<html>")),
            Manners::Newer => world.input_socket(socket, odd(r#"{"type":"tomorrow"}"#)),
            Manners::ClosesInHandshake if !first => {
                return Self::hang_up(world, at, socket, "code 1011");
            }
            _ => {}
        }
        Self::answer(world, at, socket, message);
    }

    fn answer(world: &mut World, at: usize, socket: Socket, message: ClientMessage) {
        match message {
            ClientMessage::SupportedProtocol {} => {
                let old = world.gateways[at].manners == Manners::Old;
                let version = if old { 3 } else { 6 };
                let text = ServerMessage::SupportedProtocol { version }.to_json();
                let slowness = world.gateways[at].slowness;
                let connection = socket.connection;
                world.input_late(socket, slowness, Input::GatewayText { connection, text });
            }
            ClientMessage::HandshakePayload { data, .. } if data.len() == 80 => {
                Self::first(world, at, socket, &data);
            }
            ClientMessage::HandshakePayload { data, .. } => Self::third(world, at, socket, &data),
            ClientMessage::AuthenticateV2(request) => Self::sign_in(world, at, socket, &request),
            ClientMessage::ClaimFreeTestnetBandwidth {} => Self::claim(world, at, socket),
            ClientMessage::EncryptedRequest { ciphertext, nonce } => {
                Self::sensitive(world, at, socket, &ciphertext, &nonce);
            }
            other => panic!("a client never says {other:?}"),
        }
    }

    /// A request under the shared key: to be forgotten.
    fn sensitive(world: &mut World, at: usize, socket: Socket, ciphertext: &[u8], nonce: &[u8]) {
        let gateway = &mut world.gateways[at];
        let Some((client, key)) = gateway.session(socket).client.clone() else {
            return;
        };
        let plaintext = key.decrypt(nonce.try_into().unwrap(), ciphertext).unwrap();
        let request = SensitiveRequest::from_json(str::from_utf8(&plaintext).unwrap()).unwrap();
        assert!(matches!(
            request,
            SensitiveRequest::ForgetMe { client: true, .. }
        ));
        let client = client.as_bytes();
        gateway.clients.remove(client);
        gateway.inbox.retain(|(of, _), _| of != client);
        let answer = SensitiveResponse::ForgetMeAck {}.to_json();
        let nonce = [9; 12];
        let answer = ServerMessage::EncryptedResponse {
            ciphertext: key.encrypt(&nonce, answer.as_bytes()),
            nonce: nonce.to_vec(),
        };
        Self::say(world, socket, &answer);
    }

    fn session(&mut self, socket: Socket) -> &mut Session {
        self.sessions.get_mut(&socket).unwrap()
    }

    fn claim(world: &mut World, at: usize, socket: Socket) {
        let gateway = &mut world.gateways[at];
        gateway.claims += 1;
        let message = match gateway.manners {
            Manners::IgnoresClaims => return,
            Manners::Stingy => ServerMessage::Error {
                message: "buy a ticket".to_owned(),
            },
            _ => {
                let available_total = gateway.allowance;
                gateway.session(socket).bandwidth = available_total;
                ServerMessage::Bandwidth {
                    available_total,
                    upgrade_mode: false,
                }
            }
        };
        Self::say(world, socket, &message);
    }

    fn first(world: &mut World, at: usize, socket: Socket, data: &[u8]) {
        let World { gateways, rng, .. } = world;
        let gateway = &mut gateways[at];
        let other;
        let signing = match gateway.manners {
            Manners::Impostor => {
                other = Node::draw(rng, 1).identity;
                &other
            }
            _ => &gateway.node.identity,
        };
        let (responder, data) = Responder::receive_first(rng, signing, data).unwrap();
        gateway.session(socket).responder = Some(responder);
        let answer = ServerMessage::HandshakePayload {
            protocol_version: 6,
            data,
        };
        Self::say(world, socket, &answer);
    }

    fn third(world: &mut World, at: usize, socket: Socket, data: &[u8]) {
        let gateway = &mut world.gateways[at];
        let Some(responder) = gateway.session(socket).responder.take() else {
            return;
        };
        let accepted = responder.receive_third(data);
        let data = if accepted.is_ok() { ACCEPTED } else { REFUSED }.to_vec();
        let answer = ServerMessage::HandshakePayload {
            protocol_version: 6,
            data,
        };
        Self::say(world, socket, &answer);
        let Ok(registered) = accepted else {
            return;
        };
        let key = registered.key.clone();
        let record = Registered {
            key: key.clone(),
            last_timestamp: 0,
        };
        let client = registered.client;
        world.gateways[at]
            .clients
            .insert(*client.as_bytes(), record);
        Self::signed_in(world, at, socket, client, key);
        let done = ServerMessage::Register {
            protocol_version: 6,
            status: true,
            upgrade_mode: false,
        };
        Self::say(world, socket, &done);
    }

    fn sign_in(world: &mut World, at: usize, socket: Socket, request: &AuthenticateRequest) {
        let gateway = &mut world.gateways[at];
        if let Some(words) = gateway.refusals.pop_front() {
            return Self::error(world, at, socket, words);
        }
        let now = (world.now + gateway.clock_ahead).as_seconds();
        let client = request.client_identity;
        let seconds = request.request_unix_timestamp;
        let known = gateway.clients.get_mut(client.as_bytes());
        let wrong = match &known {
            _ if now.abs_diff(seconds) > MAX_SKEW => {
                "the request's timestamp is too far from the gateway's clock"
            }
            None => "the client is not registered",
            Some(known) if request.verify(&known.key).is_err() => "wrong key",
            Some(known) if seconds <= known.last_timestamp => "the timestamp was used before",
            Some(_) => "",
        };
        let Some(known) = known.filter(|_| wrong.is_empty()) else {
            return Self::error(world, at, socket, wrong);
        };
        known.last_timestamp = seconds;
        let key = known.key.clone();
        gateway.sign_ins += 1;
        Self::signed_in(world, at, socket, client, key);
        let answer = ServerMessage::Authenticate {
            protocol_version: 6,
            status: true,
            bandwidth_remaining: 0,
            upgrade_mode: false,
        };
        Self::say(world, socket, &answer);
    }

    /// A client has proven who it is. Its older session gives way: what that has not delivered is
    /// stored, and pushed over this one.
    fn signed_in(
        world: &mut World,
        at: usize,
        socket: Socket,
        client: IdentityKey,
        key: SharedKey,
    ) {
        let sessions = &world.gateways[at].sessions;
        let older = sessions
            .iter()
            .find(|(other, session)| **other != socket && session.is_of(client.as_bytes()));
        if let Some(older) = older.map(|(older, _)| *older) {
            Self::hang_up(world, at, older, "another connection took over");
        }
        world.gateways[at].session(socket).client = Some((client, key));
        Self::push_stored(world, at, socket);
    }

    /// Takes a client's packet, which costs bandwidth and gets exactly one answer.
    pub(crate) fn binary(world: &mut World, at: usize, socket: Socket, frame: &[u8]) {
        let gateway = &mut world.gateways[at];
        let Some(session) = gateway.sessions.get_mut(&socket) else {
            return;
        };
        let Some((_, key)) = &session.client else {
            return;
        };
        let packet = binary::decode_request(key, frame).unwrap();
        let required = packet.packet.len() as i64;
        let available = session.bandwidth;
        if available < required {
            let error = TypedError::OutOfBandwidth {
                required,
                available,
            };
            return Self::say(world, socket, &ServerMessage::TypedError { error });
        }
        session.bandwidth -= required;
        let answer = ServerMessage::Send {
            remaining_bandwidth: session.bandwidth,
            upgrade_mode: false,
        };
        if gateway.manners != Manners::NeverConfirms {
            Self::say(world, socket, &answer);
        }
        let flying = Flying {
            rotation: packet.rotation,
            bytes: packet.packet,
            doubled: false,
        };
        world.enter(packet.next_hop, flying);
    }
}
