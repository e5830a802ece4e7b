//! A client and a node of a few lines each, to talk to the mixnet byte by byte.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "shared by several test programs, each of which uses a part"
)]

use futures_util::{SinkExt, StreamExt};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::NodeAddress;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::handshake::{Initiator, receive_fourth};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::gateway::{SharedKey, binary};
use sotto_core::keys::{EncryptionKey, IdentityKey, SigningKey};
use sotto_core::packet::frame::{Framing, NodeFrame};
use sotto_core::packet::{self, Hop, Journey, KeyRotation, PacketSize};
use sotto_core::topology::directory::{Reply, SkimmedNode};
use sotto_mixnet::{Counts, Mixnet, Options, ReadyNode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A bound on failure, not a wait: everything here takes milliseconds.
pub const LIMIT: Duration = Duration::from_secs(10);

/// One mix in each layer (1 to 3) and one gateway (4).
pub fn small() -> Options {
    Options {
        mixes_per_layer: 1,
        gateways: 1,
        ..Options::on_free_ports()
    }
}

pub const GATEWAY: u32 = 4;

pub fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub fn node(mixnet: &Mixnet, id: u32) -> &ReadyNode {
    mixnet
        .ready()
        .nodes
        .iter()
        .find(|node| node.id == Some(id))
        .unwrap()
}

pub fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// GET from the directory.
pub async fn get(url: String) -> String {
    let fetch = move || {
        ureq::get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    };
    tokio::task::spawn_blocking(fetch).await.unwrap()
}

pub async fn skimmed(directory: &str) -> Vec<SkimmedNode> {
    reply(directory).await.nodes.data
}

/// All nodes and the epoch.
pub async fn reply(directory: &str) -> Reply {
    let text = get(format!("{directory}v2/unstable/nym-nodes/skimmed?page=0")).await;
    serde_json::from_str(&text).unwrap()
}

/// The place of a node in a route.
pub async fn hop(mixnet: &Mixnet, id: u32) -> Hop {
    let nodes = skimmed(mixnet.directory_url()).await;
    let node = nodes.iter().find(|node| node.node_id == id).unwrap();
    let key: EncryptionKey = node.x25519_sphinx_pubkey.parse().unwrap();
    let ip = node.ip_addresses[0];
    Hop {
        address: NodeAddress((ip, node.mix_port).into()),
        key,
    }
}

/// A packet of ack size along a route: 21 bytes and no further ack.
pub fn small_packet(seed: u8, route: &[Hop], to: IdentityKey, body: [u8; 21]) -> Vec<u8> {
    let mut rng = rng(seed);
    let journey = Journey::draw(&mut rng, route, to, Duration::ZERO);
    packet::build(&mut rng, &journey, PacketSize::Ack, &body).unwrap()
}

/// A frame that leaves it to the node to find the key.
pub fn frame(packet: Vec<u8>, framing: Framing) -> Vec<u8> {
    let rotation = KeyRotation::Unknown;
    NodeFrame { rotation, packet }.encode(framing).unwrap()
}

/// The running number of the key rotation.
pub async fn rotation_id(directory: &str) -> u32 {
    reply(directory).await.metadata.rotation_id
}

/// Hands bytes to a node as another node would.
pub async fn hand_over(to: &Hop, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to.address.0).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Waits until the counts of a node are as they should be.
pub async fn until(mixnet: &Mixnet, id: u32, what: &str, is: impl Fn(&Counts) -> bool) {
    let reached = async {
        while !is(&mixnet.counts(id).unwrap()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if timeout(LIMIT, reached).await.is_err() {
        panic!("{what}: {:?}", mixnet.counts(id).unwrap());
    }
}

/// A client, one step at a time.
pub struct Peer {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub signing: SigningKey,
    pub key: Option<SharedKey>,
}

impl Peer {
    pub async fn connect(url: &str, signing: &SigningKey) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self {
            socket,
            signing: signing.clone(),
            key: None,
        }
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.send(Message::text(message.to_json())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next text or binary message; `None` at the end.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            let next = timeout(LIMIT, self.socket.next())
                .await
                .expect("the gateway is silent");
            match next {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    return Some(message);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    pub async fn hear(&mut self) -> ServerMessage {
        match self.next().await {
            Some(Message::Text(text)) => ServerMessage::from_json(text.as_str()).unwrap(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    pub async fn ask(&mut self, message: &ClientMessage) -> ServerMessage {
        self.say(message).await;
        self.hear().await
    }

    /// What was pushed next.
    pub async fn pushed(&mut self) -> Vec<u8> {
        match self.next().await {
            Some(Message::Binary(frame)) => {
                binary::decode_push(self.key.as_ref().unwrap(), &frame).unwrap()
            }
            other => panic!("expected a push, got {other:?}"),
        }
    }

    /// Registers up to the gateway's acceptance: what follows is stored messages, then `register`.
    pub async fn shake_hands(&mut self, gateway: IdentityKey) {
        let mut rng = rng(77);
        let (initiator, first) = Initiator::new(&mut rng, &self.signing, gateway);
        let second = self.handshake(first).await;
        let agreed = initiator.receive_second(&mut rng, &second).unwrap();
        let fourth = self.handshake(agreed.reply).await;
        receive_fourth(&fourth).unwrap();
        self.key = Some(agreed.key);
    }

    async fn handshake(&mut self, data: Vec<u8>) -> Vec<u8> {
        let answer = self
            .ask(&ClientMessage::HandshakePayload {
                protocol_version: 6,
                data,
            })
            .await;
        let ServerMessage::HandshakePayload {
            protocol_version: 6,
            data,
        } = answer
        else {
            panic!("expected the handshake to go on, got {answer:?}");
        };
        data
    }

    pub fn request(&self, key: &SharedKey, seconds: u64) -> ClientMessage {
        let request = AuthenticateRequest::new(6, &self.signing, key, seconds, [9; 12]);
        ClientMessage::AuthenticateV2(request)
    }
}

/// A mixnet and one client of its gateway.
pub struct Scene {
    pub mixnet: Mixnet,
    pub url: String,
    pub gateway: IdentityKey,
    pub signing: SigningKey,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(small()).await
    }

    pub async fn with(options: Options) -> Self {
        let mixnet = Mixnet::start(options).await.unwrap();
        let gateway = node(&mixnet, GATEWAY);
        let url = gateway.websocket.clone().unwrap();
        let identity = gateway.identity.parse().unwrap();
        Self {
            mixnet,
            url,
            gateway: identity,
            signing: SigningKey::generate(&mut rng(42)),
        }
    }

    pub async fn connect(&self) -> Peer {
        Peer::connect(&self.url, &self.signing).await
    }

    /// A registered client with nothing stored.
    pub async fn registered(&self) -> Peer {
        let mut peer = self.connect().await;
        peer.shake_hands(self.gateway).await;
        let registered = ServerMessage::Register {
            protocol_version: 6,
            status: true,
            upgrade_mode: false,
        };
        assert_eq!(peer.hear().await, registered);
        peer
    }

    /// Brings 21 bytes for the client to the gateway.
    pub async fn deliver(&self, seed: u8) {
        let hop = hop(&self.mixnet, GATEWAY).await;
        let packet = small_packet(seed, &[hop], self.signing.identity_key(), [seed; 21]);
        hand_over(&hop, &frame(packet, Framing::V8)).await;
    }
}
