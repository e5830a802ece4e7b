//! What nym-api says about nodes beyond what clients need, and about itself: asked for by official
//! nodes and tools. `tests/conformance` reads all of it into the official types.

use super::Directory;
use super::registry::Offer;
use super::reply::{self, Nodes, refreshed_at};
use crate::descriptor::RotatingKey;
use crate::epoch::Epoch;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sotto_core::topology::directory as nym;
use std::collections::BTreeMap;

/// Port that a mix node gives for clients, which it has none of.
const NO_PORT: u16 = 0;

pub(super) fn routes() -> Router<Directory> {
    Router::new()
        .route("/v1/nym-nodes/described", get(described))
        .route("/v2/nym-nodes/described", get(described))
        .route("/v3/unstable/nym-nodes/semi-skimmed", get(semi_skimmed))
        .route("/v1/api-status/health", get(health))
        .route("/v1/api-status/build-information", get(build))
        .route("/v1/network/details", get(network))
}

/// What nodes say of themselves. The second version differs by a field that may be absent.
async fn described(State(directory): State<Directory>) -> Json<Value> {
    let epoch = directory.epochs().now();
    let nodes = directory.offers(epoch);
    let data: Vec<_> = nodes
        .iter()
        .map(|(id, node)| description(epoch, *id, node))
        .collect();
    let pagination = nym::Pagination {
        total: data.len(),
        page: 0,
        size: data.len(),
    };
    Json(json!({ "pagination": pagination, "data": data }))
}

fn description(epoch: Epoch, id: u32, node: &Offer) -> Value {
    let role = &node.descriptor.role;
    let entry = reply::clients_entry(role);
    json!({
        "node_id": id,
        "contract_node_type": "nym_node",
        "description": {
            "last_polled": refreshed_at(epoch.start),
            "host_information": {
                "ip_address": [node.descriptor.mix_address.ip()],
                "hostname": entry.as_ref().and_then(|entry| entry.hostname.clone()),
                "keys": keys(epoch, node),
            },
            "declared_role": reply::supported_roles(role),
            "auxiliary_details": {
                "location": null,
                "announce_ports": {
                    "verloc_port": null,
                    "mix_port": node.descriptor.mix_address.port(),
                },
                "accepted_operator_terms_and_conditions": true,
            },
            "build_information": build_information(),
            "network_requester": null,
            "ip_packet_router": null,
            "authenticator": null,
            "wireguard": null,
            "mixnet_websockets": {
                "ws_port": entry.as_ref().map_or(NO_PORT, |entry| entry.ws_port),
                "wss_port": entry.and_then(|entry| entry.wss_port),
            },
            "lewes_protocol": null,
        },
    })
}

fn keys(epoch: Epoch, node: &Offer) -> Value {
    let key = |RotatingKey { rotation, key }| json!({ "rotation_id": rotation, "public_key": key.to_string() });
    let current = RotatingKey {
        rotation: epoch.rotation_id,
        key: node.sphinx,
    };
    json!({
        "ed25519": node.descriptor.identity.to_string(),
        "x25519": node.sphinx.to_string(),
        "current_x25519_sphinx_key": key(current),
        "pre_announced_x25519_sphinx_key": node.announced.map(key),
        "x25519_versioned_noise": null,
    })
}

/// The list for nodes of version 2.0.0, which would tell of Lewes protocol endpoints.
async fn semi_skimmed(State(directory): State<Directory>) -> Json<nym::Reply<Value>> {
    let epoch = directory.epochs().now();
    let nodes: Nodes = directory.offers(epoch);
    let semi = |(id, node): (&u32, &Offer)| {
        json!({
            "basic": reply::node(*id, node),
            "noise_key": null,
            "build_version": env!("CARGO_PKG_VERSION"),
            "lp": null,
        })
    };
    Json(reply::page(epoch, nodes.iter().map(semi).collect()))
}

/// There is no chain, of which one could say whether it goes on.
async fn health(State(directory): State<Directory>) -> Json<Value> {
    let uptime = directory.uptime().as_secs();
    Json(json!({ "status": "up", "chain_status": "unknown", "uptime": uptime }))
}

async fn build() -> Json<BTreeMap<&'static str, &'static str>> {
    Json(build_information())
}

/// In the form in which official programs tell of theirs.
fn build_information() -> BTreeMap<&'static str, &'static str> {
    let known = [
        ("binary_name", env!("CARGO_PKG_NAME")),
        ("build_version", env!("CARGO_PKG_VERSION")),
    ];
    let unknown = [
        "build_timestamp",
        "commit_sha",
        "commit_timestamp",
        "commit_branch",
        "rustc_version",
        "rustc_channel",
        "cargo_profile",
        "cargo_triple",
    ];
    let unknown = unknown.map(|name| (name, "unknown"));
    known.into_iter().chain(unknown).collect()
}

/// The network as a client's configuration: this directory and no chain.
async fn network(headers: HeaderMap) -> Json<Value> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let url = format!("http://{}/", host.unwrap_or("127.0.0.1"));
    let denomination = |base: &str, display: &str| json!({ "base": base, "display": display, "display_exponent": 6 });
    Json(json!({
        "network": {
            "network_name": "sotto-local",
            "chain_details": {
                "bech32_account_prefix": "n",
                "mix_denom": denomination("unym", "nym"),
                "stake_denom": denomination("unyx", "nyx"),
            },
            "endpoints": [{ "nyxd_url": url, "websocket_url": null, "api_url": url }],
            "contracts": {
                "mixnet_contract_address": null,
                "vesting_contract_address": null,
                "ecash_contract_address": null,
                "group_contract_address": null,
                "multisig_contract_address": null,
                "coconut_dkg_contract_address": null,
            },
            "nym_api_urls": [{ "url": url, "front_hosts": null }],
            "nym_vpn_api_url": null,
            "nym_vpn_api_urls": null,
        },
    }))
}
