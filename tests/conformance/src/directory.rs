//! The directory's JSON and what a client makes of it (protocol.md 9.2, 9.3; pitfalls 6 and 28).

use crate::fixture::{EPOCH, Network, ROTATION, TestNode, rng};
use nym_api_requests::models::described::type_translation::DeclaredRolesV1;
use nym_api_requests::models::{KeyRotationDetails, KeyRotationInfoResponse, RewardedSetResponse};
use nym_api_requests::nym_nodes::{
    BasicEntryInformation, NodeRole, PaginatedCachedNodesResponseV2, SemiSkimmedNodeV1,
    SkimmedNodeV1,
};
use nym_crypto::asymmetric::ed25519;
use nym_mixnet_contract_common::KeyRotationState as TheirRotationState;
use nym_mixnet_contract_common::reward_params::Performance as TheirPerformance;
use nym_topology::{EpochRewardedSet, NymRouteProvider, NymTopology, NymTopologyMetadata};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sotto_core::packet::KeyRotation;
use sotto_core::topology::directory::{
    Entry, EpochDuration, KeyRotationInfo, KeyRotationState, Metadata, Page, Pagination,
    Performance, Reply, RewardedSet, Role, RotationProgress, SemiSkimmedNode, SkimmedNode,
    SupportedRoles,
};
use sotto_core::topology::{DirectoryReplies, Topology, TopologyError, WebSocketPolicy};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-05-23 07:41:02.756283766 UTC);

fn through<T: DeserializeOwned>(value: &impl Serialize) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

// --- what official directories send -------------------------------------------------------------

fn their_node(node: &TestNode) -> SkimmedNodeV1 {
    let entry = BasicEntryInformation {
        hostname: node.hostname(),
        ws_port: 9000,
        wss_port: node.hostname().map(|_| 9001),
    };
    let is_gateway = node.layer.is_none();
    SkimmedNodeV1 {
        node_id: node.id,
        ed25519_identity_pubkey: ed25519::PublicKey::from_bytes(node.identity().as_bytes())
            .unwrap(),
        ip_addresses: vec![node.address.ip(), "10.0.0.1".parse().unwrap()],
        mix_port: node.address.port(),
        x25519_sphinx_pubkey: node.their_sphinx_key().public_key(),
        role: node
            .layer
            .map_or(NodeRole::EntryGateway, |layer| NodeRole::Mixnode { layer }),
        supported_roles: DeclaredRolesV1 {
            mixnode: !is_gateway,
            entry: is_gateway,
            exit_nr: false,
            exit_ipr: false,
        },
        entry: is_gateway.then_some(entry),
        performance: TheirPerformance::from_percentage_value(98).unwrap(),
    }
}

fn their_reply<'a>(
    nodes: impl Iterator<Item = &'a TestNode>,
) -> PaginatedCachedNodesResponseV2<SkimmedNodeV1> {
    PaginatedCachedNodesResponseV2::new_full(EPOCH, ROTATION, NOW, nodes.map(their_node).collect())
}

fn their_rewarded_set(network: &Network) -> RewardedSetResponse {
    EpochRewardedSet::from(network.rewarded_set()).into()
}

pub(crate) fn their_replies(network: &Network) -> DirectoryReplies {
    let mixes = network.nodes.iter().filter(|node| node.layer.is_some());
    DirectoryReplies {
        rewarded_set: serde_json::to_vec(&their_rewarded_set(network)).unwrap(),
        mixnodes: serde_json::to_vec(&their_reply(mixes)).unwrap(),
        entry_gateways: serde_json::to_vec(&their_reply(network.gateways())).unwrap(),
    }
}

#[test]
fn our_types_keep_everything_that_an_official_directory_sends() {
    let network = Network::new();
    let theirs = serde_json::to_value(their_reply(network.nodes.iter())).unwrap();
    let ours: Reply = through(&theirs);
    assert_eq!(serde_json::to_value(&ours).unwrap(), theirs);
    let theirs = serde_json::to_value(their_rewarded_set(&network)).unwrap();
    let ours: RewardedSet = through(&theirs);
    assert_eq!(serde_json::to_value(&ours).unwrap(), theirs);
}

#[test]
fn every_role_is_read_and_written_alike() {
    let roles = [
        (Role::Inactive, NodeRole::Inactive),
        (Role::Standby, NodeRole::Standby),
        (Role::EntryGateway, NodeRole::EntryGateway),
        (Role::ExitGateway, NodeRole::ExitGateway),
        (Role::Mixnode { layer: 3 }, NodeRole::Mixnode { layer: 3 }),
    ];
    for (ours, theirs) in roles {
        let json = serde_json::to_value(&theirs).unwrap();
        assert_eq!(serde_json::to_value(ours).unwrap(), json);
        assert_eq!(through::<Role>(&json), ours);
    }
    for older in ["entry", "gateway", "exit"] {
        let theirs: NodeRole = through(&older);
        let json = serde_json::to_value(theirs).unwrap();
        assert_eq!(serde_json::to_value(through::<Role>(&older)).unwrap(), json);
    }
}

#[test]
fn the_official_topology_and_ours_have_the_same_nodes_in_the_same_places() {
    let network = Network::new();
    let ours = Topology::from_directory(&their_replies(&network)).unwrap();
    let skimmed: Vec<_> = network.nodes.iter().map(their_node).collect();
    let metadata = NymTopologyMetadata::new(ROTATION, EPOCH, NOW);
    let theirs = NymTopology::new(metadata, network.rewarded_set(), vec![]);
    let theirs = NymRouteProvider::new(Arc::new(theirs.with_skimmed_nodes(&skimmed)), true);
    assert_eq!(ours.epoch(), theirs.absolute_epoch_id());
    assert_eq!(
        ours.rotation(),
        KeyRotation::from_id(theirs.current_key_rotation())
    );
    for gateway in network.gateways() {
        let identity = ed25519::PublicKey::from_bytes(gateway.identity().as_bytes()).unwrap();
        let mut rng = rng(40);
        let (mut seen_by_us, mut seen_by_them) = (HashSet::new(), HashSet::new());
        for _ in 0..200 {
            let route = ours.route(&mut rng, &gateway.identity()).unwrap();
            let hops = route
                .iter()
                .map(|hop| (hop.address.padded_32(), *hop.key.as_bytes()));
            seen_by_us.insert(hops.collect::<Vec<_>>());
            let route = theirs.random_route_to_egress(&mut rng, identity).unwrap();
            let hops = route
                .iter()
                .map(|node| (*node.address.as_bytes(), node.pub_key.to_bytes()));
            seen_by_them.insert(hops.collect::<Vec<_>>());
        }
        // Two mixes a layer: eight routes, and both draw all of them.
        assert_eq!(seen_by_us.len(), 8);
        assert_eq!(seen_by_us, seen_by_them);
    }
}

#[test]
fn websocket_addresses_are_the_official_ones() {
    let network = Network::new();
    let ours = Topology::from_directory(&their_replies(&network)).unwrap();
    for node in network.gateways() {
        let theirs = nym_topology::RoutingNode::try_from(&their_node(node)).unwrap();
        let socket = ours
            .gateway(&node.identity())
            .unwrap()
            .websocket
            .clone()
            .unwrap();
        let url = socket.url(WebSocketPolicy::Any).map(str::to_owned);
        assert_eq!(url, theirs.ws_entry_address(false));
    }
}

#[test]
fn answers_around_a_change_of_epoch_or_rotation_are_refused() {
    let network = Network::new();
    let changes: [fn(&mut DirectoryReplies); 3] = [
        |replies| {
            change(&mut replies.rewarded_set, |v| {
                v["epoch_id"] = json!(EPOCH + 1)
            })
        },
        |replies| {
            change(&mut replies.mixnodes, |v| {
                v["metadata"]["absolute_epoch_id"] = json!(EPOCH + 1)
            });
        },
        |replies| {
            change(&mut replies.entry_gateways, |v| {
                v["metadata"]["rotation_id"] = json!(5)
            });
        },
    ];
    for damage in changes {
        let mut replies = their_replies(&network);
        damage(&mut replies);
        assert_eq!(
            Topology::from_directory(&replies),
            Err(TopologyError::EpochMismatch)
        );
    }
}

fn change(bytes: &mut Vec<u8>, with: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(bytes).unwrap();
    with(&mut value);
    *bytes = serde_json::to_vec(&value).unwrap();
}

proptest! {
    /// The official client compares whole per cents, and cuts what is behind the point.
    #[test]
    fn performances_are_cut_alike(thousandths in 0..=1000_u32) {
        let text = json!(format!("{}.{:03}", thousandths / 1000, thousandths % 1000));
        let theirs = through::<TheirPerformance>(&text).round_to_integer();
        prop_assert_eq!(through::<Performance>(&text), Performance::percent(theirs));
    }

    #[test]
    fn both_refuse_the_same_performances(
        text in prop_oneof!["[0-9.+-]{0,6}", "0\\.[0-9]{1,18}", Just("1e-1".to_owned()), Just("inf".to_owned()), Just("NaN".to_owned())],
    ) {
        let theirs = serde_json::from_value::<TheirPerformance>(json!(text)).ok();
        let ours = serde_json::from_value::<Performance>(json!(text)).ok();
        // What only we take is a number all the same, such as ".5" or "+1".
        if let Some(theirs) = theirs {
            prop_assert_eq!(ours, Some(Performance::percent(theirs.round_to_integer())));
        }
    }
}

// --- what our directory sends -------------------------------------------------------------------

fn our_node(id: u32, role: Role) -> SkimmedNode {
    let node = &Network::new().nodes[id as usize - 1];
    SkimmedNode {
        node_id: id,
        ed25519_identity_pubkey: node.identity().to_string(),
        ip_addresses: vec![node.address.ip()],
        mix_port: node.address.port(),
        x25519_sphinx_pubkey: node.sphinx.public_key().to_string(),
        role,
        supported_roles: SupportedRoles {
            entry: true,
            ..SupportedRoles::default()
        },
        entry: Some(Entry {
            hostname: None,
            ws_port: 9000,
            wss_port: None,
        }),
        performance: Performance::percent(100),
    }
}

fn our_reply<Node>(nodes: Vec<Node>) -> Reply<Node> {
    let len = nodes.len();
    Reply {
        metadata: Metadata {
            status: None,
            absolute_epoch_id: EPOCH,
            rotation_id: ROTATION,
            refreshed_at: "2026-05-23 07:41:02.756283766 +00:00:00".into(),
        },
        nodes: Page {
            pagination: Pagination {
                total: len,
                page: 0,
                size: len,
            },
            data: nodes,
        },
    }
}

#[test]
fn official_types_read_everything_that_our_directory_sends() {
    let reply = our_reply(vec![
        our_node(1, Role::Mixnode { layer: 1 }),
        our_node(7, Role::EntryGateway),
    ]);
    let theirs: PaginatedCachedNodesResponseV2<SkimmedNodeV1> = through(&reply);
    assert_eq!(theirs.metadata.refreshed_at(), NOW);
    assert!(
        theirs
            .metadata
            .consistency_check(&their_reply([].into_iter()).metadata)
    );
    for (theirs, ours) in theirs.nodes.data.iter().zip(&reply.nodes.data) {
        let routing = nym_topology::RoutingNode::try_from(theirs).unwrap();
        let mix_host = SocketAddr::new(ours.ip_addresses[0], ours.mix_port);
        assert_eq!(routing.mix_host, mix_host);
        assert_eq!(
            routing.identity_key.to_base58_string(),
            ours.ed25519_identity_pubkey
        );
        assert_eq!(
            routing.sphinx_key.to_base58_string(),
            ours.x25519_sphinx_pubkey
        );
        assert!(routing.supported_roles.mixnet_entry);
        assert_eq!(theirs.performance.round_to_integer(), 100);
    }
    assert_eq!(
        serde_json::to_value(&theirs).unwrap(),
        serde_json::to_value(&reply).unwrap()
    );
}

#[test]
fn official_nodes_read_our_semi_skimmed_reply() {
    let node = SemiSkimmedNode {
        basic: our_node(2, Role::Mixnode { layer: 1 }),
        x25519_noise_versioned_key: None,
    };
    let reply = our_reply(vec![node]);
    let theirs: PaginatedCachedNodesResponseV2<SemiSkimmedNodeV1> = through(&reply);
    assert!(theirs.nodes.data[0].x25519_noise_versioned_key.is_none());
    assert_eq!(
        serde_json::to_value(&theirs).unwrap(),
        serde_json::to_value(&reply).unwrap()
    );
}

#[test]
fn official_types_read_our_rewarded_set() {
    let ours = RewardedSet {
        epoch_id: EPOCH,
        entry_gateways: vec![7],
        exit_gateways: vec![8],
        layer1: vec![1, 2],
        layer2: vec![3, 4],
        layer3: vec![5, 6],
        standby: vec![9],
    };
    let theirs: RewardedSetResponse = through(&ours);
    assert_eq!(
        serde_json::to_value(&theirs).unwrap(),
        serde_json::to_value(&ours).unwrap()
    );
}

#[test]
fn key_rotation_info_is_read_in_both_directions() {
    let state = TheirRotationState {
        validity_epochs: 24,
        initial_epoch_id: 0,
    };
    let details = KeyRotationDetails {
        key_rotation_state: state,
        current_absolute_epoch_id: EPOCH,
        current_epoch_start: datetime!(2026-05-23 07:00:00 UTC),
        epoch_duration: Duration::from_secs(3600),
    };
    let theirs = serde_json::to_value(KeyRotationInfoResponse::from(details)).unwrap();
    let ours = KeyRotationInfo {
        key_rotation_state: KeyRotationState {
            validity_epochs: 24,
            initial_epoch_id: 0,
        },
        current_absolute_epoch_id: EPOCH,
        current_epoch_start: "2026-05-23T07:00:00Z".into(),
        epoch_duration: EpochDuration {
            secs: 3600,
            nanos: 0,
        },
        progress: RotationProgress {
            current_key_rotation_id: ROTATION,
            current_rotation_starting_epoch: 96,
            current_rotation_ending_epoch: 119,
        },
    };
    assert_eq!(serde_json::to_value(&ours).unwrap(), theirs);
    assert_eq!(through::<KeyRotationInfo>(&theirs), ours);
    let read: KeyRotationInfoResponse = through(&ours);
    assert_eq!(serde_json::to_value(read).unwrap(), theirs);
}
