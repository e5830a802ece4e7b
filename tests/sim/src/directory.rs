//! What the directory answers.

use crate::gateway::Gateway;
use crate::world::World;
use serde_json::{Value, json};
use sotto_core::address::NodeAddress;
use sotto_core::keys::{EncryptionSecret, SigningKey};
use sotto_core::topology::DirectoryReplies;
use std::collections::HashMap;

/// How the directory answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// With the truth.
    Honest,
    /// Not at all.
    Dead,
    /// With something that is no topology.
    Nonsense,
}

impl World {
    /// What the directory answers.
    pub fn replies(&self) -> Option<DirectoryReplies> {
        match self.directory {
            Directory::Dead => None,
            Directory::Nonsense => Some(DirectoryReplies::default()),
            Directory::Honest => Some(self.honest_replies()),
        }
    }

    fn honest_replies(&self) -> DirectoryReplies {
        let mut layers: HashMap<usize, Vec<u16>> = HashMap::new();
        let mut mixnodes = Vec::new();
        for (address, mix) in self.mixes.iter().filter(|(_, mix)| mix.up) {
            let id = address.0.port();
            layers.entry(mix.layer).or_default().push(id);
            let role = json!({"Mixnode": {"layer": mix.layer + 1}});
            mixnodes.push(described(
                *address,
                &mix.identity,
                &mix.secret,
                role,
                Value::Null,
            ));
        }
        let up = || self.gateways.iter().filter(|gateway| gateway.up);
        let entry = |g: &Gateway| json!({"hostname": null, "ws_port": g.port, "wss_port": null});
        let gateways = up()
            .map(|g| {
                described(
                    g.address,
                    &g.identity,
                    &g.secret,
                    json!("EntryGateway"),
                    entry(g),
                )
            })
            .collect();
        let rewarded = json!({
            "epoch_id": self.epoch, "exit_gateways": [], "standby": [],
            "entry_gateways": up().map(|g| g.address.0.port()).collect::<Vec<_>>(),
            "layer1": layers[&0], "layer2": layers[&1], "layer3": layers[&2],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: self.page(mixnodes),
            entry_gateways: self.page(gateways),
        }
    }

    fn page(&self, nodes: Vec<Value>) -> Vec<u8> {
        let size = nodes.len();
        json!({
            "metadata": {"status": null, "absolute_epoch_id": self.epoch, "rotation_id": self.rotation,
                         "refreshed_at": "2026-05-23 07:41:02.7 +00:00:00"},
            "nodes": {"pagination": {"total": size, "page": 0, "size": size}, "data": nodes},
        })
        .to_string()
        .into_bytes()
    }
}

fn described(
    address: NodeAddress,
    identity: &SigningKey,
    secret: &EncryptionSecret,
    role: Value,
    entry: Value,
) -> Value {
    json!({
        "node_id": address.0.port(), "ip_addresses": ["127.0.0.1"],
        "mix_port": address.0.port(), "role": role, "entry": entry, "performance": "1",
        "ed25519_identity_pubkey": identity.identity_key().to_string(),
        "x25519_sphinx_pubkey": secret.public_key().to_string(),
    })
}
