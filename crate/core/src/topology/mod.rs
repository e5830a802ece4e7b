//! The network as the directory describes it, and routes through it (protocol.md 2.5, 9).

pub mod directory;

use crate::address::NodeAddress;
use crate::crypto::choose;
use crate::keys::{EncryptionKey, IdentityKey};
use crate::packet::{Hop, KeyRotation};
use directory::{Performance, Reply, RewardedSet, SkimmedNode};
use litemap::LiteMap;
use rand_core::CryptoRng;
use std::net::SocketAddr;

/// Path of the role assignment below the directory's base address.
pub const REWARDED_SET_PATH: &str = "v1/nym-nodes/rewarded-set";
/// Path of the active mix nodes below the directory's base address.
pub const ACTIVE_MIXNODES_PATH: &str = "v2/unstable/nym-nodes/skimmed/mixnodes/active?page=0";
/// Path of the entry-capable gateways below the directory's base address.
pub const ENTRY_GATEWAYS_PATH: &str = "v2/unstable/nym-nodes/skimmed/entry-gateways?page=0";

/// Nodes that the directory measured below this are not used.
const MINIMUM_PERFORMANCE: Performance = Performance::percent(50);

/// The most characters of the parser's words in an error. It quotes what it does not like.
const MAX_DETAIL: usize = 200;

/// A directory's answers, as fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryReplies {
    /// The body of [`REWARDED_SET_PATH`].
    pub rewarded_set: Vec<u8>,
    /// The body of [`ACTIVE_MIXNODES_PATH`].
    pub mixnodes: Vec<u8>,
    /// The body of [`ENTRY_GATEWAYS_PATH`].
    pub entry_gateways: Vec<u8>,
}

impl DirectoryReplies {
    /// The three bodies, in the order of their fields.
    pub const fn bodies(&self) -> [&Vec<u8>; 3] {
        [&self.rewarded_set, &self.mixnodes, &self.entry_gateways]
    }
}

/// Why a directory's answers make no usable network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// One answer is not the JSON that was asked for.
    #[error("its answer about {what} is not what a Nym directory sends ({detail})")]
    NotJson {
        /// Which answer.
        what: &'static str,
        /// The parser's words: a position and what was expected there.
        detail: String,
    },
    /// The answers are of different epochs, as happens when they were fetched around a change.
    #[error("its answers are of different epochs; asking again usually helps")]
    EpochMismatch,
    /// A layer has no usable mix node.
    #[error("it lists no usable mix node in layer {0}")]
    EmptyLayer(u8),
    /// There is no gateway at all.
    #[error("it lists no gateway")]
    NoGateway,
}

/// A gateway as clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name, the third part of its clients' addresses.
    pub identity: IdentityKey,
    /// Its place in the mixnet.
    pub hop: Hop,
    /// Where clients connect; `None` if it takes none.
    pub websocket: Option<WebSocket>,
    /// Whether the directory measured it well enough to be chosen anew.
    pub qualifies: bool,
}

impl Gateway {
    /// Where to connect to the gateway, if it takes clients and the policy allows it.
    pub fn url(&self, policy: WebSocketPolicy) -> Option<&str> {
        self.websocket.as_ref()?.url(policy)
    }
}

/// The addresses of a gateway's websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocket {
    /// `ws://host:port`.
    plain: String,
    /// Whether `plain` leads to this machine.
    loopback: bool,
    /// `wss://hostname:port`, if the gateway has a certificate.
    secure: Option<String>,
}

/// Which websockets a client may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebSocketPolicy {
    /// `wss://` where there is one, else `ws://`. The packets are encrypted either way.
    #[default]
    Any,
    /// As browsers allow it: `wss://`, and `ws://` on this machine only.
    SecureOrLoopback,
}

impl WebSocket {
    /// The address to connect to, if the policy allows any.
    pub fn url(&self, policy: WebSocketPolicy) -> Option<&str> {
        let plain_allowed = policy == WebSocketPolicy::Any || self.loopback;
        self.secure
            .as_deref()
            .or(plain_allowed.then_some(self.plain.as_str()))
    }
}

/// A checked, usable network: three layers of mix nodes, and gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    epoch: u32,
    rotation_id: u32,
    layers: [Vec<Hop>; 3],
    gateways: LiteMap<IdentityKey, Gateway>,
}

impl Topology {
    /// Reads and checks the directory's answers.
    ///
    /// # Errors
    /// [`TopologyError`] says what makes them unusable.
    pub fn from_directory(replies: &DirectoryReplies) -> Result<Self, TopologyError> {
        let rewarded: RewardedSet = parse("the rewarded set", &replies.rewarded_set)?;
        let mixnodes: Reply = parse("mix nodes", &replies.mixnodes)?;
        let gateways: Reply = parse("gateways", &replies.entry_gateways)?;
        let (a, b) = (&mixnodes.metadata, &gateways.metadata);
        let same = (a.absolute_epoch_id, a.rotation_id) == (b.absolute_epoch_id, b.rotation_id);
        if !same || a.absolute_epoch_id != rewarded.epoch_id {
            return Err(TopologyError::EpochMismatch);
        }
        let topology = Self {
            epoch: rewarded.epoch_id,
            rotation_id: a.rotation_id,
            layers: layers(&rewarded, &mixnodes.nodes.data),
            gateways: self::gateways(&gateways.nodes.data),
        };
        topology.check()
    }

    fn check(self) -> Result<Self, TopologyError> {
        for (number, layer) in (1..).zip(&self.layers) {
            if layer.is_empty() {
                return Err(TopologyError::EmptyLayer(number));
            }
        }
        if self.gateways.is_empty() {
            return Err(TopologyError::NoGateway);
        }
        Ok(self)
    }

    /// The directory's epoch, a running number.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The rotation whose Sphinx keys the nodes are listed with.
    pub const fn rotation(&self) -> KeyRotation {
        KeyRotation::from_id(self.rotation_id)
    }

    /// The running number of that rotation.
    pub const fn rotation_id(&self) -> u32 {
        self.rotation_id
    }

    /// The gateway of that name.
    pub fn gateway(&self, identity: &IdentityKey) -> Option<&Gateway> {
        self.gateways.get(identity)
    }

    /// Mix nodes that can be used.
    pub fn mix_nodes(&self) -> usize {
        self.layers.iter().map(Vec::len).sum()
    }

    /// All gateways.
    pub fn gateways(&self) -> usize {
        self.gateways.len()
    }

    /// The gateways that can be connected to and perform well enough, but for one.
    fn candidates(
        &self,
        policy: WebSocketPolicy,
        except: Option<IdentityKey>,
    ) -> impl Iterator<Item = &Gateway> {
        self.gateways.values().filter(move |gateway| {
            let wanted = except != Some(gateway.identity);
            wanted && gateway.qualifies && gateway.url(policy).is_some()
        })
    }

    /// The names of the gateways that can be connected to and perform well enough.
    pub fn gateways_for(&self, policy: WebSocketPolicy) -> Vec<IdentityKey> {
        let candidates = self.candidates(policy, None);
        candidates.map(|gateway| gateway.identity).collect()
    }

    /// Draws one of the gateways that can be connected to and perform well enough, but for one.
    pub fn choose_gateway(
        &self,
        rng: &mut impl CryptoRng,
        policy: WebSocketPolicy,
        except: Option<IdentityKey>,
    ) -> Option<&Gateway> {
        let candidates: Vec<_> = self.candidates(policy, except).collect();
        choose(rng, &candidates).copied()
    }

    /// Draws some of these gateways, each at most once, in random order.
    pub fn draw_gateways(
        &self,
        rng: &mut impl CryptoRng,
        policy: WebSocketPolicy,
        except: Option<IdentityKey>,
        count: usize,
    ) -> Vec<&Gateway> {
        let mut candidates: Vec<_> = self.candidates(policy, except).collect();
        let mut drawn = Vec::new();
        while drawn.len() < count
            && let Some(gateway) = choose(rng, &candidates).copied()
        {
            candidates.retain(|candidate| candidate.identity != gateway.identity);
            drawn.push(gateway);
        }
        drawn
    }

    /// Draws a route: one mix node of each layer, then the gateway. `None` if the gateway is not
    /// in this topology.
    pub fn route(&self, rng: &mut impl CryptoRng, gateway: &IdentityKey) -> Option<Vec<Hop>> {
        let last = self.gateways.get(gateway)?.hop;
        let mut route: Vec<_> = self
            .layers
            .iter()
            .filter_map(|layer| choose(rng, layer))
            .copied()
            .collect();
        route.push(last);
        Some(route)
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    what: &'static str,
    bytes: &[u8],
) -> Result<T, TopologyError> {
    serde_json::from_slice(bytes).map_err(|error| TopologyError::NotJson {
        what,
        detail: error.to_string().chars().take(MAX_DETAIL).collect(),
    })
}

/// The usable members of the three layers, by their ids. Members without details are skipped.
fn layers(rewarded: &RewardedSet, nodes: &[SkimmedNode]) -> [Vec<Hop>; 3] {
    let usable = |id: u32| {
        let node = nodes.iter().rfind(|node| node.node_id == id)?;
        hop(node).filter(|_| node.performance >= MINIMUM_PERFORMANCE)
    };
    [&rewarded.layer1, &rewarded.layer2, &rewarded.layer3].map(|layer| {
        // As a map: whoever is named twice is not to be drawn twice as often.
        let mut members = LiteMap::new_vec();
        for id in layer {
            if let Some(hop) = usable(*id) {
                members.insert(*id, hop);
            }
        }
        members.into_iter().map(|(_, hop)| hop).collect()
    })
}

/// The usable gateways by their names.
fn gateways(nodes: &[SkimmedNode]) -> LiteMap<IdentityKey, Gateway> {
    let mut gateways = LiteMap::new_vec();
    for (identity, gateway) in nodes.iter().filter_map(gateway) {
        gateways.insert(identity, gateway);
    }
    gateways
}

/// The node's first address and its Sphinx key; `None` if either makes no sense.
fn hop(node: &SkimmedNode) -> Option<Hop> {
    let ip = node.ip_addresses.first()?;
    let key: EncryptionKey = node.x25519_sphinx_pubkey.parse().ok()?;
    Some(Hop {
        address: NodeAddress(SocketAddr::new(*ip, node.mix_port)),
        key,
    })
}

fn gateway(node: &SkimmedNode) -> Option<(IdentityKey, Gateway)> {
    let identity = node.ed25519_identity_pubkey.parse().ok()?;
    let gateway = Gateway {
        identity,
        hop: hop(node)?,
        websocket: websocket(node),
        qualifies: node.performance >= MINIMUM_PERFORMANCE,
    };
    Some((identity, gateway))
}

/// Whether the text can stand for a host in a URL and for nothing else: a gateway says of itself
/// what its name is, and is not to choose path, port or user name by it.
fn is_host_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !text.is_empty() && text.bytes().all(allowed)
}

/// Host name before ip address; `wss` needs both a host name and a port (protocol.md 9.3). `None`
/// if the name is none.
fn websocket(node: &SkimmedNode) -> Option<WebSocket> {
    let entry = node.entry.as_ref()?;
    if !entry.hostname.as_deref().is_none_or(is_host_name) {
        return None;
    }
    let ip = node.ip_addresses.first()?;
    let plain = match &entry.hostname {
        Some(hostname) => format!("ws://{hostname}:{}", entry.ws_port),
        None => format!("ws://{}", SocketAddr::new(*ip, entry.ws_port)),
    };
    let secure = entry
        .hostname
        .as_ref()
        .zip(entry.wss_port)
        .map(|(hostname, port)| format!("wss://{hostname}:{port}"));
    let loopback = entry.hostname.is_none() && ip.is_loopback();
    Some(WebSocket {
        plain,
        loopback,
        secure,
    })
}

#[cfg(test)]
mod tests;
