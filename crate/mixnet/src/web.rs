//! Serving HTTP until told to stop.

use crate::node::Tasks;
use axum::Router;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// How long requests under way have to finish.
const FINISH_LIMIT: Duration = Duration::from_secs(1);

/// Serves `router` as one of `tasks`.
pub(crate) fn serve(listener: TcpListener, router: Router, tasks: &Tasks) {
    let own = tasks.clone();
    tasks.spawn(async move {
        let stop = own.clone();
        let graceful = async move { stop.stopped().await };
        let serving = axum::serve(listener, router).with_graceful_shutdown(graceful);
        let serving = async move { serving.await };
        tokio::pin!(serving);
        tokio::select! {
            _ = &mut serving => {}
            () = own.stopped() => drop(timeout(FINISH_LIMIT, serving).await),
        }
    });
}
