//! Faults on request, while the mixnet runs: `POST /faults`, `POST /nodes/3/stop`, `.../start`,
//! `.../restart`, and `POST /epochs/skip`.
//!
//! Listens on loopback only. It takes JSON only and refuses foreign host names, so that no page
//! in a browser on the same machine can reach it.

use crate::error::MixnetError;
use crate::faults::FaultSettings;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;

/// What the admin endpoint controls.
pub(crate) trait Control: Send + Sync + 'static {
    fn faults(&self) -> FaultSettings;
    fn set_faults(&self, settings: FaultSettings);
    fn stop_node(&self, id: u32) -> impl Future<Output = Result<(), MixnetError>> + Send;
    fn start_node(&self, id: u32) -> impl Future<Output = Result<(), MixnetError>> + Send;
    fn restart_node(&self, id: u32) -> impl Future<Output = Result<(), MixnetError>> + Send;
    fn skip_epochs(&self, count: u32) -> impl Future<Output = Result<(), MixnetError>> + Send;
}

pub(crate) fn admin_router<C: Control>(control: Arc<C>) -> Router {
    Router::new()
        .route("/faults", get(faults::<C>).post(set_faults::<C>))
        .route("/nodes/{id}/stop", post(stop::<C>))
        .route("/nodes/{id}/start", post(start::<C>))
        .route("/nodes/{id}/restart", post(restart::<C>))
        .route("/epochs/skip", post(skip_epochs::<C>))
        .layer(middleware::from_fn(local_only))
        .with_state(control)
}

/// Refuses requests that a page could have made: those under a foreign name (DNS rebinding) and
/// those that a browser marks with an origin.
async fn local_only(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host
        .and_then(|host| host.rsplit_once(':'))
        .map(|(name, _)| name);
    let local = matches!(name, Some("127.0.0.1" | "localhost" | "[::1]"));
    if !local || request.headers().contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "for programs on this machine only").into_response();
    }
    next.run(request).await
}

async fn faults<C: Control>(State(control): State<Arc<C>>) -> Json<FaultSettings> {
    Json(control.faults())
}

async fn set_faults<C: Control>(
    State(control): State<Arc<C>>,
    Json(settings): Json<FaultSettings>,
) -> Json<FaultSettings> {
    control.set_faults(settings);
    Json(control.faults())
}

async fn stop<C: Control>(State(control): State<Arc<C>>, Path(id): Path<u32>) -> Response {
    answer(control.stop_node(id).await)
}

async fn start<C: Control>(State(control): State<Arc<C>>, Path(id): Path<u32>) -> Response {
    answer(control.start_node(id).await)
}

async fn restart<C: Control>(State(control): State<Arc<C>>, Path(id): Path<u32>) -> Response {
    answer(control.restart_node(id).await)
}

/// How far to go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    /// Epochs, which is one unless said otherwise.
    #[serde(default = "one")]
    count: u32,
}

const fn one() -> u32 {
    1
}

async fn skip_epochs<C: Control>(
    State(control): State<Arc<C>>,
    Json(Skip { count }): Json<Skip>,
) -> Response {
    answer(control.skip_epochs(count).await)
}

fn answer(result: Result<(), MixnetError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error @ MixnetError::NoSuchNode(_)) => {
            (StatusCode::NOT_FOUND, error.to_string()).into_response()
        }
        Err(error) => (StatusCode::CONFLICT, error.to_string()).into_response(),
    }
}
