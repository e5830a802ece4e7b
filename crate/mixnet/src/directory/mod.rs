//! The directory: nym-api's own paths and JSON, so that any Nym client or node can use it
//! (protocol.md 9), and a status page for people.

mod admin;
mod announcement;
mod described;
mod registry;
mod reply;
mod status;
mod watch;

pub(crate) use admin::{Control, admin_router};
pub(crate) use announcement::{Announcer, announcements};
pub(crate) use registry::{Origin, Registry};
pub(crate) use watch::run as watch;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use reply::Selection;
use serde::{Deserialize, Serialize};
use sotto_core::topology::directory as json;
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use tower_http::cors::CorsLayer;

/// What the directory's handlers share.
pub(crate) type Directory = Arc<Registry>;

/// Everything the directory answers. Any site may ask: there is nothing secret in it.
pub(crate) fn router(registry: Directory) -> Router {
    let skimmed = "/v2/unstable/nym-nodes/skimmed";
    Router::new()
        .route("/v1/nym-nodes/rewarded-set", get(rewarded_set))
        .route("/v1/epoch/key-rotation-info", get(key_rotation_info))
        .route("/v1/nym-nodes/refresh-described", post(refresh_described))
        .route("/v1/unstable/nym-nodes/by-addresses", post(by_addresses))
        .route("/v2/unstable/nym-nodes/semi-skimmed", get(semi_skimmed))
        .route(skimmed, get(|d| list(d, Selection::All)))
        .route(
            &format!("{skimmed}/mixnodes/active"),
            get(|d| list(d, Selection::Mixes)),
        )
        .route(
            &format!("{skimmed}/mixnodes/all"),
            get(|d| list(d, Selection::Mixes)),
        )
        .route(
            &format!("{skimmed}/entry-gateways"),
            get(|d| list(d, Selection::EntryGateways)),
        )
        .route(
            &format!("{skimmed}/exit-gateways"),
            get(|d| list(d, Selection::ExitGateways)),
        )
        .merge(described::routes())
        .merge(status::routes())
        .with_state(registry)
        .layer(CorsLayer::permissive())
}

async fn rewarded_set(State(directory): State<Directory>) -> Json<json::RewardedSet> {
    let epoch = directory.epochs().now();
    Json(reply::rewarded_set(epoch, &directory.offers(epoch)))
}

async fn list(State(directory): State<Directory>, selection: Selection) -> Json<json::Reply> {
    let epoch = directory.epochs().now();
    Json(reply::skimmed(epoch, &directory.offers(epoch), selection))
}

async fn semi_skimmed(
    State(directory): State<Directory>,
) -> Json<json::Reply<json::SemiSkimmedNode>> {
    let epoch = directory.epochs().now();
    Json(reply::semi_skimmed(epoch, &directory.offers(epoch)))
}

async fn key_rotation_info(State(directory): State<Directory>) -> Json<json::KeyRotationInfo> {
    let epoch = directory.epochs().now();
    Json(reply::key_rotation_info(directory.epochs(), epoch))
}

/// Official nodes ask to be looked at again. They expect the unit type, which is null. Anybody may
/// ask: it costs a request to each node that the user listed.
async fn refresh_described(State(directory): State<Directory>) -> Json<()> {
    directory.asked_to_look.notify_one();
    Json(())
}

#[derive(Deserialize)]
struct Addresses {
    addresses: HashSet<IpAddr>,
}

#[derive(Serialize)]
struct Existence {
    existence: BTreeMap<IpAddr, Option<u32>>,
}

/// Which addresses belong to nodes.
async fn by_addresses(
    State(directory): State<Directory>,
    Json(asked): Json<Addresses>,
) -> Json<Existence> {
    let nodes = directory.nodes();
    let find = |ip: IpAddr| {
        nodes
            .iter()
            .find(|(_, e)| e.descriptor.mix_address.ip() == ip)
            .map(|(id, _)| *id)
    };
    Json(Existence {
        existence: asked
            .addresses
            .into_iter()
            .map(|ip| (ip, find(ip)))
            .collect(),
    })
}
