//! The page for people.

use super::Directory;
use crate::clock;
use crate::counters::Counts;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::net::SocketAddr;

pub(super) fn routes() -> Router<Directory> {
    Router::new()
        .route("/", get(page))
        .route("/status.json", get(status))
}

/// One file without a foreign resource, so that it works offline.
async fn page() -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                  connect-src 'self'; base-uri 'none'; form-action 'none'";
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        Html(include_str!("status.html")),
    )
}

#[derive(Serialize)]
struct Status {
    version: &'static str,
    epoch: u32,
    rotation: u32,
    /// Seconds until the next epoch.
    epoch_ends_in: u64,
    /// Epochs until nodes change their keys, this one included.
    rotation_ends_in: u32,
    nodes: Vec<Node>,
}

#[derive(Serialize)]
struct Node {
    id: u32,
    role: &'static str,
    layer: Option<u8>,
    mix_address: SocketAddr,
    websocket: Option<String>,
    identity: String,
    running: bool,
    counts: Counts,
}

async fn status(State(directory): State<Directory>) -> Json<Status> {
    let now = clock::now();
    let epoch = directory.epochs().at(now);
    let nodes = directory.nodes().into_iter().map(|(id, entry)| Node {
        id,
        role: if entry.descriptor.websocket().is_some() {
            "gateway"
        } else {
            "mix"
        },
        layer: entry.descriptor.role.layer(),
        mix_address: entry.descriptor.mix_address,
        websocket: entry.descriptor.websocket(),
        identity: entry.descriptor.identity.to_string(),
        running: entry.running,
        counts: entry.counts(),
    });
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        epoch: epoch.id,
        rotation: epoch.rotation_id,
        epoch_ends_in: (epoch.start + epoch.duration).saturating_sub(now.as_seconds()),
        rotation_ends_in: (epoch.rotation_end - epoch.id).saturating_add(1),
        nodes: nodes.collect(),
    })
}
