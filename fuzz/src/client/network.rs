//! The smallest network: a mix node in each layer, and one gateway.

use crate::source::rng;
use serde_json::{Value, json};
use sotto_core::address::NodeAddress;
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::node::{self, Hop};
use sotto_core::packet;
use sotto_core::topology::DirectoryReplies;
use std::sync::LazyLock;

/// Places of the mix nodes, then of the gateway, in [`Network::nodes`].
const GATEWAY: usize = 3;

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
            nodes: (0..=GATEWAY).map(node).collect(),
        }
    }

    pub(super) fn gateway(&self) -> &SigningKey {
        &self.nodes[GATEWAY].1
    }

    /// The gateway as the only hop of a route.
    pub(super) fn last_hop(&self) -> packet::Hop {
        packet::Hop {
            address: address(GATEWAY),
            key: self.nodes[GATEWAY].0.public_key(),
        }
    }

    /// Carries a packet from `next` to where it ends; `None` if a node refuses it.
    pub(super) fn carry(&self, mut next: NodeAddress, mut packet: Vec<u8>) -> Option<Arrived> {
        loop {
            let place = (0..=GATEWAY).find(|place| address(*place) == next)?;
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
                        destination,
                        delivery,
                        ack,
                    });
                }
            }
        }
    }

    /// What an honest directory answers.
    pub(super) fn replies(&self, epoch: u32, rotation: u32) -> DirectoryReplies {
        let mixnodes = (0..GATEWAY)
            .map(|place| {
                self.described(place, json!({"Mixnode": {"layer": place + 1}}), Value::Null)
            })
            .collect();
        let entry = json!({"hostname": null, "ws_port": 9000, "wss_port": null});
        let gateway = self.described(GATEWAY, json!("EntryGateway"), entry);
        let rewarded = json!({
            "epoch_id": epoch, "exit_gateways": [], "standby": [], "entry_gateways": [GATEWAY],
            "layer1": [0], "layer2": [1], "layer3": [2],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: page(epoch, rotation, mixnodes),
            entry_gateways: page(epoch, rotation, vec![gateway]),
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

fn page(epoch: u32, rotation: u32, nodes: Vec<Value>) -> Vec<u8> {
    let size = nodes.len();
    json!({
        "metadata": {"status": null, "absolute_epoch_id": epoch, "rotation_id": rotation,
                     "refreshed_at": "2026-05-23 07:41:02.7 +00:00:00"},
        "nodes": {"pagination": {"total": size, "page": 0, "size": size}, "data": nodes},
    })
    .to_string()
    .into_bytes()
}
