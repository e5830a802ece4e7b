//! A small network: a mix node in each layer, and two gateways.

use crate::source::rng;
use serde_json::{Value, json};
use sotto_core::address::NodeAddress;
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::node::{self, Hop};
use sotto_core::packet;
use sotto_core::topology::DirectoryReplies;
use std::sync::LazyLock;

/// Mix nodes, which come first in [`Network::nodes`].
const MIXES: usize = 3;

/// Gateways, which come after them.
pub(super) const GATEWAYS: usize = 2;

/// The port of the first gateway's websocket.
const WEBSOCKET: usize = 9000;

/// Its keys are the same in every run.
pub(super) static NETWORK: LazyLock<Network> = LazyLock::new(Network::new);

pub(super) struct Network {
    nodes: Vec<(EncryptionSecret, SigningKey)>,
}

fn address(place: usize) -> NodeAddress {
    let port = 10_000 + u16::try_from(place).unwrap();
    NodeAddress(([127, 0, 0, 1], port).into())
}

/// What has come to the gateway.
pub(super) struct Arrived {
    /// Which one.
    pub(super) gateway: usize,
    pub(super) destination: [u8; 32],
    pub(super) delivery: Vec<u8>,
    pub(super) ack: Option<(NodeAddress, Vec<u8>)>,
}

impl Network {
    fn new() -> Self {
        let mut rng = rng();
        let node = |_| {
            (
                EncryptionSecret::generate(&mut rng),
                SigningKey::generate(&mut rng),
            )
        };
        Self {
            nodes: (0..MIXES + GATEWAYS).map(node).collect(),
        }
    }

    pub(super) fn gateway(&self, gateway: usize) -> &SigningKey {
        &self.nodes[MIXES + gateway].1
    }

    /// The gateway whose websocket has that address.
    pub(super) fn at(&self, url: &str) -> Option<usize> {
        (0..GATEWAYS).find(|gateway| url == format!("ws://127.0.0.1:{}", WEBSOCKET + gateway))
    }

    /// A gateway as the only hop of a route.
    pub(super) fn last_hop(&self) -> packet::Hop {
        packet::Hop {
            address: address(MIXES),
            key: self.nodes[MIXES].0.public_key(),
        }
    }

    /// Carries a packet from `next` to where it ends; `None` if a node refuses it.
    pub(super) fn carry(&self, mut next: NodeAddress, mut packet: Vec<u8>) -> Option<Arrived> {
        loop {
            let place = (0..MIXES + GATEWAYS).find(|place| address(*place) == next)?;
            match node::unwrap(&packet, &self.nodes[place].0).ok()?.hop {
                Hop::Forward {
                    next: after,
                    packet: inner,
                    ..
                } => (next, packet) = (after, inner),
                Hop::Final {
                    destination,
                    delivery,
                    ack,
                } => {
                    return Some(Arrived {
                        gateway: place.checked_sub(MIXES)?,
                        destination,
                        delivery,
                        ack,
                    });
                }
            }
        }
    }

    /// What an honest directory answers, with one of the gateways left out if it is `gone`.
    pub(super) fn replies(&self, epoch: u32, gone: Option<usize>) -> DirectoryReplies {
        let mixnodes = (0..MIXES)
            .map(|place| {
                let role = json!({"Mixnode": {"layer": place + 1}});
                self.described(place, role, Value::Null)
            })
            .collect();
        let listed = (0..GATEWAYS).filter(|gateway| Some(*gateway) != gone);
        let gateways = listed.map(|gateway| {
            let port = WEBSOCKET + gateway;
            let entry = json!({"hostname": null, "ws_port": port, "wss_port": null});
            self.described(MIXES + gateway, json!("EntryGateway"), entry)
        });
        let rewarded = json!({
            "epoch_id": epoch, "exit_gateways": [], "standby": [], "entry_gateways": [],
            "layer1": [0], "layer2": [1], "layer3": [2],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: page(epoch, mixnodes),
            entry_gateways: page(epoch, gateways.collect()),
        }
    }

    fn described(&self, place: usize, role: Value, entry: Value) -> Value {
        let (secret, identity) = &self.nodes[place];
        json!({
            "node_id": place, "ip_addresses": ["127.0.0.1"], "mix_port": address(place).0.port(),
            "role": role, "entry": entry, "performance": "1",
            "ed25519_identity_pubkey": identity.identity_key().to_string(),
            "x25519_sphinx_pubkey": secret.public_key().to_string(),
        })
    }
}

/// Rotations last a day of epochs.
fn page(epoch: u32, nodes: Vec<Value>) -> Vec<u8> {
    let size = nodes.len();
    json!({
        "metadata": {"status": null, "absolute_epoch_id": epoch, "rotation_id": epoch / 24,
                     "refreshed_at": "2026-05-23 07:41:02.7 +00:00:00"},
        "nodes": {"pagination": {"total": size, "page": 0, "size": size}, "data": nodes},
    })
    .to_string()
    .into_bytes()
}
