//! What the directory answers.

use crate::gateway::Gateway;
use crate::node::Node;
use crate::world::World;
use serde_json::{Value, json};
use sotto_core::address::NodeAddress;
use sotto_core::topology::DirectoryReplies;

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
        let (now, lag) = (self.now, self.directory_lag);
        let mut layers: [Vec<u16>; 3] = Default::default();
        let mut mixnodes = Vec::new();
        for (address, mix) in &self.mixes {
            if mix.node.is_listed(now, lag) {
                layers[mix.layer].push(address.0.port());
                let role = json!({"Mixnode": {"layer": mix.layer + 1}});
                mixnodes.push(described(*address, &mix.node, role, Value::Null));
            }
        }
        let listed = || self.gateways.iter().filter(|g| g.node.is_listed(now, lag));
        let entry = |g: &Gateway| json!({"hostname": null, "ws_port": g.port, "wss_port": null});
        let gateways =
            listed().map(|g| described(g.address, &g.node, json!("EntryGateway"), entry(g)));
        let rewarded = json!({
            "epoch_id": self.epoch, "exit_gateways": [], "standby": [],
            "entry_gateways": listed().map(|g| g.address.0.port()).collect::<Vec<_>>(),
            "layer1": layers[0], "layer2": layers[1], "layer3": layers[2],
        });
        DirectoryReplies {
            rewarded_set: rewarded.to_string().into_bytes(),
            mixnodes: self.page(mixnodes),
            entry_gateways: self.page(gateways.collect()),
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

fn described(address: NodeAddress, node: &Node, role: Value, entry: Value) -> Value {
    json!({
        "node_id": address.0.port(), "ip_addresses": ["127.0.0.1"],
        "mix_port": address.0.port(), "role": role, "entry": entry, "performance": "1",
        "ed25519_identity_pubkey": node.identity.identity_key().to_string(),
        "x25519_sphinx_pubkey": node.secret().public_key().to_string(),
    })
}
