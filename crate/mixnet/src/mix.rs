//! A mix node: unwraps, refuses replays, waits, hands on.

use crate::counters::Counters;
use crate::node::{Delayed, Delays, Handler, NodeCore, NodeKeys, Shared, Tasks, serve};
use sotto_core::node::Hop;
use sotto_core::packet::KeyRotation;
use std::sync::Arc;
use tokio::net::TcpListener;

struct Mix {
    core: Arc<NodeCore>,
    delays: Delays,
}

impl Handler for Mix {
    async fn handle(&self, rotation: KeyRotation, hop: Hop) {
        let Hop::Forward {
            next,
            delay,
            packet,
        } = hop
        else {
            // No client is connected to a mix node.
            self.core.counters.refused.increase();
            return;
        };
        let faults = &self.core.shared.faults;
        if faults.loses() {
            self.core.counters.lost.increase();
            return;
        }
        let delay = delay + faults.extra_delay();
        self.delays
            .hold(Delayed {
                next,
                rotation,
                packet,
                delay,
            })
            .await;
    }
}

/// Starts a mix node on an open socket.
pub(crate) fn start(
    listener: TcpListener,
    keys: Arc<NodeKeys>,
    counters: Arc<Counters>,
    shared: Shared,
) -> Tasks {
    let core = NodeCore::start(keys, counters, shared);
    let mix = Arc::new(Mix {
        delays: Delays::start(&core),
        core: core.clone(),
    });
    core.tasks.spawn(serve(listener, core.clone(), mix));
    core.tasks.clone()
}
