//! A small network and a client, each with every private key and in both type systems.

use nym_crypto::asymmetric::{ed25519, x25519};
use nym_sphinx::acknowledgements::AckKey as TheirAckKey;
use nym_sphinx::addressing::clients::Recipient;
use nym_sphinx::framing::codec::NymCodec;
use nym_sphinx::framing::packet::FramedNymPacket;
use nym_sphinx::framing::processing::{
    MixPacketVersion, MixProcessingResultData, PartiallyUnwrappedPacket, ProcessedFinalHop,
};
use nym_topology::{
    CachedEpochRewardedSet, EntryDetails, NymRouteProvider, NymTopology, NymTopologyMetadata,
    RoutingNode, SupportedRoles,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sotto_core::address::{Address, NodeAddress};
use sotto_core::keys::{ClientKeys, EncryptionSecret, IdentityKey, SigningKey};
use sotto_core::node;
use sotto_core::packet::frame::{Framing, NodeFrame};
use sotto_core::packet::{Hop, KeyRotation};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::codec::Decoder;

/// The rotation id of [`Network`]: even.
pub(crate) const ROTATION: u32 = 4;

/// The epoch id of [`Network`].
pub(crate) const EPOCH: u32 = 100;

/// A generator that gives the same bytes for the same seed.
pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// Bytes in which a misplaced piece shows.
pub(crate) fn body(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i % 251) as u8 ^ (i / 1000) as u8)
        .collect()
}

/// One client, with the same keys in our types and in theirs.
pub(crate) struct Party {
    pub(crate) keys: ClientKeys,
    pub(crate) address: Address,
    pub(crate) encryption: x25519::PrivateKey,
    pub(crate) ack_key: TheirAckKey,
    pub(crate) recipient: Recipient,
}

/// The official key pair with the same secret as ours.
pub(crate) fn identity_pair(key: &SigningKey) -> ed25519::KeyPair {
    ed25519::PrivateKey::from_bytes(key.to_bytes().as_slice())
        .unwrap()
        .into()
}

impl Party {
    pub(crate) fn new(seed: u8, gateway: IdentityKey) -> Self {
        Self::from_keys(ClientKeys::generate(&mut rng(seed)), gateway)
    }

    pub(crate) fn from_keys(keys: ClientKeys, gateway: IdentityKey) -> Self {
        let identity = identity_pair(&keys.signing);
        let encryption = x25519::PrivateKey::from_secret(*keys.encryption.to_bytes());
        let address = Address {
            identity: keys.signing.identity_key(),
            encryption: keys.encryption.public_key(),
            gateway,
        };
        let recipient = Recipient::new(
            *identity.public_key(),
            encryption.public_key(),
            ed25519::PublicKey::from_bytes(gateway.as_bytes()).unwrap(),
        );
        let ack_key = TheirAckKey::try_from_bytes(keys.ack.as_bytes()).unwrap();
        Self {
            keys,
            address,
            encryption,
            ack_key,
            recipient,
        }
    }
}

/// A node of the test network with its secrets.
pub(crate) struct TestNode {
    pub(crate) id: u32,
    /// 1 to 3 for mixes, `None` for gateways.
    pub(crate) layer: Option<u8>,
    pub(crate) address: SocketAddr,
    pub(crate) signing: SigningKey,
    pub(crate) sphinx: EncryptionSecret,
}

impl TestNode {
    pub(crate) fn hop(&self) -> Hop {
        Hop {
            address: NodeAddress(self.address),
            key: self.sphinx.public_key(),
        }
    }

    pub(crate) fn their_sphinx_key(&self) -> x25519::PrivateKey {
        x25519::PrivateKey::from_secret(*self.sphinx.to_bytes())
    }

    pub(crate) fn identity(&self) -> IdentityKey {
        self.signing.identity_key()
    }

    /// Where clients connect, as the directory's replies of the tests have it.
    pub(crate) fn websocket(&self) -> String {
        match self.hostname() {
            Some(hostname) => format!("wss://{hostname}:9001"),
            None => format!("ws://{}:9000", self.address.ip()),
        }
    }

    /// The second gateway has a name and a certificate.
    pub(crate) fn hostname(&self) -> Option<String> {
        (self.id == 8).then(|| "gw.example.org".into())
    }

    fn routing_node(&self) -> RoutingNode {
        let entry = EntryDetails {
            ip_addresses: vec![self.address.ip()],
            clients_ws_port: 9000,
            hostname: None,
            clients_wss_port: None,
        };
        RoutingNode {
            node_id: self.id,
            mix_host: self.address,
            entry: self.layer.is_none().then_some(entry),
            identity_key: ed25519::PublicKey::from_bytes(self.identity().as_bytes()).unwrap(),
            sphinx_key: self.their_sphinx_key().public_key(),
            supported_roles: SupportedRoles {
                mixnode: self.layer.is_some(),
                mixnet_entry: self.layer.is_none(),
                mixnet_exit: false,
            },
        }
    }
}

/// Two mixes a layer, one of them on IPv6, and two gateways.
pub(crate) struct Network {
    pub(crate) nodes: Vec<TestNode>,
}

/// A packet on its way between nodes.
pub(crate) struct InFlight {
    pub(crate) next: SocketAddr,
    pub(crate) packet: Vec<u8>,
}

/// What came out at the last hop, and what was seen on the way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) destination: [u8; 32],
    pub(crate) delivery: Vec<u8>,
    pub(crate) ack: Option<(SocketAddr, Vec<u8>)>,
    pub(crate) delays: Vec<Duration>,
    /// Node ids in the order passed, the last one being the gateway.
    pub(crate) passed: Vec<u32>,
}

impl Arrived {
    pub(crate) fn ack_in_flight(&self) -> InFlight {
        let (next, packet) = self.ack.clone().expect("the packet carried an ack");
        InFlight { next, packet }
    }
}

impl Network {
    pub(crate) fn new() -> Self {
        let node = |(id, layer): (u32, Option<u8>)| {
            let mut rng = rng(100 + id as u8);
            let text = if id % 2 == 0 {
                format!("[::1]:{}", 10_000 + id)
            } else {
                format!("127.0.0.1:{}", 10_000 + id)
            };
            TestNode {
                id,
                layer,
                address: text.parse().unwrap(),
                signing: SigningKey::generate(&mut rng),
                sphinx: EncryptionSecret::generate(&mut rng),
            }
        };
        let layers = [
            Some(1),
            Some(1),
            Some(2),
            Some(2),
            Some(3),
            Some(3),
            None,
            None,
        ];
        Self {
            nodes: (1..).zip(layers).map(node).collect(),
        }
    }

    pub(crate) fn gateways(&self) -> impl Iterator<Item = &TestNode> {
        self.nodes.iter().filter(|node| node.layer.is_none())
    }

    pub(crate) fn in_layer(&self, layer: u8) -> impl Iterator<Item = &TestNode> {
        self.nodes
            .iter()
            .filter(move |node| node.layer == Some(layer))
    }

    /// Two clients, each at a gateway of its own.
    pub(crate) fn parties(&self) -> (Party, Party) {
        let mut gateways = self.gateways();
        let mut party = |seed| Party::new(seed, gateways.next().unwrap().identity());
        (party(1), party(2))
    }

    /// One node of each layer and the gateway, as a client's route has them.
    pub(crate) fn route(&self, gateway: IdentityKey) -> Vec<Hop> {
        let mixes = (1..=3).map(|layer| self.in_layer(layer).next().unwrap());
        let last = self
            .gateways()
            .find(|node| node.identity() == gateway)
            .unwrap();
        mixes.chain([last]).map(TestNode::hop).collect()
    }

    pub(crate) fn rewarded_set(&self) -> CachedEpochRewardedSet {
        let ids = |layer| {
            self.nodes
                .iter()
                .filter(|n| n.layer == layer)
                .map(|n| n.id)
                .collect()
        };
        CachedEpochRewardedSet {
            epoch_id: EPOCH,
            entry_gateways: ids(None),
            layer1: ids(Some(1)),
            layer2: ids(Some(2)),
            layer3: ids(Some(3)),
            ..Default::default()
        }
    }

    /// The official route provider, set as official clients set it.
    pub(crate) fn provider(&self) -> NymRouteProvider {
        let metadata = NymTopologyMetadata::new(ROTATION, EPOCH, time::OffsetDateTime::UNIX_EPOCH);
        let nodes = self.nodes.iter().map(TestNode::routing_node).collect();
        let topology = NymTopology::new(metadata, self.rewarded_set(), nodes);
        NymRouteProvider::new(Arc::new(topology), true)
    }

    pub(crate) fn at(&self, address: SocketAddr) -> &TestNode {
        self.nodes
            .iter()
            .find(|node| node.address == address)
            .expect("the hop is a known node")
    }

    /// Sends a packet through nodes that run our code.
    pub(crate) fn pass_ours(&self, mut in_flight: InFlight) -> Arrived {
        let (mut delays, mut passed) = (Vec::new(), Vec::new());
        loop {
            let node = self.at(in_flight.next);
            passed.push(node.id);
            match node::unwrap(&in_flight.packet, &node.sphinx).unwrap().hop {
                node::Hop::Forward {
                    next,
                    delay,
                    packet,
                } => {
                    delays.push(delay);
                    in_flight = InFlight {
                        next: next.0,
                        packet,
                    };
                }
                node::Hop::Final {
                    destination,
                    delivery,
                    ack,
                } => {
                    let ack = ack.map(|(next, packet)| (next.0, packet));
                    return Arrived {
                        destination,
                        delivery,
                        ack,
                        delays,
                        passed,
                    };
                }
            }
        }
    }

    /// Sends a packet through nodes that run the official code, in our v8 frames, and checks that
    /// every hop sees Sphinx version 259.
    pub(crate) fn pass_theirs(&self, in_flight: InFlight) -> Arrived {
        self.pass_theirs_as(259, in_flight)
    }

    /// The same with another Sphinx version.
    pub(crate) fn pass_theirs_as(&self, version: u16, mut in_flight: InFlight) -> Arrived {
        let (mut delays, mut passed) = (Vec::new(), Vec::new());
        loop {
            let node = self.at(in_flight.next);
            passed.push(node.id);
            match process(node, version, in_flight.packet) {
                MixProcessingResultData::ForwardHop { packet, delay } => {
                    delays.push(delay.unwrap().to_duration());
                    in_flight = InFlight {
                        next: packet.next_hop_address(),
                        packet: packet.into_packet().to_bytes().unwrap(),
                    };
                }
                MixProcessingResultData::FinalHop { final_hop_data } => {
                    return arrived(final_hop_data, delays, passed);
                }
            }
        }
    }
}

/// What an official node does with one packet: codec, partial unwrapping, finishing.
fn process(node: &TestNode, expected: u16, packet: Vec<u8>) -> MixProcessingResultData {
    let frame = NodeFrame {
        rotation: KeyRotation::from_id(ROTATION),
        packet,
    };
    let mut bytes = bytes::BytesMut::from(frame.encode(Framing::V8).unwrap().as_slice());
    let framed: FramedNymPacket = NymCodec.decode(&mut bytes).unwrap().unwrap();
    assert!(
        bytes.is_empty(),
        "the frame was longer than the official codec thinks"
    );
    let partial = PartiallyUnwrappedPacket::new(framed, node.their_sphinx_key().inner())
        .map_err(|(_, error)| error)
        .unwrap();
    let result = partial.finalise_unwrapping().unwrap();
    let MixPacketVersion::Sphinx(version) = result.packet_version else {
        panic!("not a Sphinx packet");
    };
    assert_eq!(version.value(), expected);
    result.processing_data
}

fn arrived(last: ProcessedFinalHop, delays: Vec<Duration>, passed: Vec<u32>) -> Arrived {
    let ack = last.forward_ack.map(|ack| {
        (
            ack.next_hop_address(),
            ack.into_packet().to_bytes().unwrap(),
        )
    });
    Arrived {
        destination: *last.destination.as_bytes_ref(),
        delivery: last.message,
        ack,
        delays,
        passed,
    }
}
