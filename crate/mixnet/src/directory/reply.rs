//! The directory's answers, in nym-api's JSON (protocol.md 9.2).

use super::registry::Offer;
use crate::descriptor::Role;
use crate::epoch::{Epoch, Epochs};
use sotto_core::topology::directory as json;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The nodes of one answer, by number.
pub(crate) type Nodes = BTreeMap<u32, Offer>;

/// Which nodes a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Every node.
    All,
    /// Mix nodes.
    Mixes,
    /// Gateways that clients connect to.
    EntryGateways,
    /// Gateways that lead out of the mixnet. There are none here.
    ExitGateways,
}

impl Selection {
    const fn holds(self, role: &Role) -> bool {
        match self {
            Self::All => true,
            Self::Mixes => matches!(role, Role::Mix { .. }),
            Self::EntryGateways => matches!(role, Role::Gateway { .. }),
            Self::ExitGateways => false,
        }
    }
}

/// Who has which part.
pub(crate) fn rewarded_set(epoch: Epoch, nodes: &Nodes) -> json::RewardedSet {
    let ids = |wanted: &dyn Fn(&Role) -> bool| {
        let members = nodes
            .iter()
            .filter(|(_, offer)| wanted(&offer.descriptor.role));
        members.map(|(id, _)| *id).collect::<Vec<u32>>()
    };
    let layer = |number| ids(&|role| role.layer() == Some(number));
    json::RewardedSet {
        epoch_id: epoch.id,
        entry_gateways: ids(&|role| matches!(role, Role::Gateway { .. })),
        exit_gateways: Vec::new(),
        layer1: layer(1),
        layer2: layer(2),
        layer3: layer(3),
        standby: Vec::new(),
    }
}

/// A list of nodes as clients want it.
pub(crate) fn skimmed(epoch: Epoch, nodes: &Nodes, selection: Selection) -> json::Reply {
    let selected = nodes
        .iter()
        .filter(|(_, offer)| selection.holds(&offer.descriptor.role));
    page(
        epoch,
        selected.map(|(id, offer)| node(*id, offer)).collect(),
    )
}

/// A list of nodes as nodes want it. No Noise keys: one key on an address would make every node
/// demand Noise of all peers on that address (protocol.md 3.4).
pub(crate) fn semi_skimmed(epoch: Epoch, nodes: &Nodes) -> json::Reply<json::SemiSkimmedNode> {
    let semi = |(id, offer): (&u32, &Offer)| json::SemiSkimmedNode {
        basic: node(*id, offer),
        x25519_noise_versioned_key: None,
    };
    page(epoch, nodes.iter().map(semi).collect())
}

pub(super) fn page<Node>(epoch: Epoch, data: Vec<Node>) -> json::Reply<Node> {
    json::Reply {
        metadata: json::Metadata {
            status: None,
            absolute_epoch_id: epoch.id,
            rotation_id: epoch.rotation_id,
            refreshed_at: refreshed_at(epoch.start),
        },
        nodes: json::Page {
            pagination: json::Pagination {
                total: data.len(),
                page: 0,
                size: data.len(),
            },
            data,
        },
    }
}

pub(super) fn node(id: u32, offer: &Offer) -> json::SkimmedNode {
    let descriptor = &offer.descriptor;
    json::SkimmedNode {
        node_id: id,
        ed25519_identity_pubkey: descriptor.identity.to_string(),
        ip_addresses: vec![descriptor.mix_address.ip()],
        mix_port: descriptor.mix_address.port(),
        x25519_sphinx_pubkey: offer.sphinx.to_string(),
        role: role(&descriptor.role),
        supported_roles: supported_roles(&descriptor.role),
        entry: clients_entry(&descriptor.role),
        performance: json::Performance::percent(100),
    }
}

/// What a node is able to be: nobody leads out of this mixnet.
pub(super) fn supported_roles(role: &Role) -> json::SupportedRoles {
    let is_mix = matches!(role, Role::Mix { .. });
    json::SupportedRoles {
        mixnode: is_mix,
        entry: !is_mix,
        ..json::SupportedRoles::default()
    }
}

fn role(role: &Role) -> json::Role {
    match role {
        Role::Mix { layer: Some(layer) } => json::Role::Mixnode { layer: *layer },
        Role::Mix { layer: None } => json::Role::Inactive,
        Role::Gateway { .. } => json::Role::EntryGateway,
    }
}

pub(super) fn clients_entry(role: &Role) -> Option<json::Entry> {
    match role {
        Role::Mix { .. } => None,
        Role::Gateway {
            websocket_port,
            hostname,
            tls_port,
        } => Some(json::Entry {
            hostname: hostname.clone(),
            ws_port: *websocket_port,
            wss_port: *tls_port,
        }),
    }
}

/// The state of the key rotation.
pub(crate) fn key_rotation_info(epochs: Epochs, epoch: Epoch) -> json::KeyRotationInfo {
    json::KeyRotationInfo {
        key_rotation_state: json::KeyRotationState {
            validity_epochs: epochs.rotation(),
            initial_epoch_id: 0,
        },
        current_absolute_epoch_id: epoch.id,
        current_epoch_start: humantime::format_rfc3339_seconds(time(epoch.start)).to_string(),
        epoch_duration: json::EpochDuration {
            secs: epoch.duration,
            nanos: 0,
        },
        progress: json::RotationProgress {
            current_key_rotation_id: epoch.rotation_id,
            current_rotation_starting_epoch: epoch.rotation_start,
            current_rotation_ending_epoch: epoch.rotation_end,
        },
    }
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The form that official clients parse: `2026-05-23 07:41:02.000 +00:00:00`.
pub(super) fn refreshed_at(seconds: u64) -> String {
    let text = humantime::format_rfc3339_millis(time(seconds)).to_string();
    text.replace('T', " ").replace('Z', " +00:00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_refreshing_has_the_official_form() {
        assert_eq!(
            refreshed_at(1_779_522_062),
            "2026-05-23 07:41:02.000 +00:00:00"
        );
    }
}
