//! What mix nodes and gateways have in common: keys, frames in, frames out.

mod cpu;
mod delays;
mod keys;
mod listener;
mod outgoing;
mod replay;
mod ring;
mod rotation;
mod routing;

pub(crate) use cpu::Cpu;
pub(crate) use delays::{Delayed, Delays};
pub(crate) use keys::NodeKeys;
#[cfg(test)]
pub(crate) use keys::tests::keys as test_keys;
pub(crate) use listener::{Handler, serve};
pub(crate) use outgoing::Outgoing;
pub(crate) use routing::KnownNodes;

use crate::counters::Counters;
use crate::epoch::Calendar;
use crate::faults::Faults;
use sotto_core::address::NodeAddress;
use sotto_core::packet::KeyRotation;
use sotto_core::packet::frame::{Framing, NodeFrame};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all nodes of one process share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) cpu: Cpu,
    pub(crate) faults: Arc<Faults>,
    pub(crate) known: Arc<KnownNodes>,
    pub(crate) calendar: Arc<Calendar>,
}

/// The parts of one running node that its tasks share.
pub(crate) struct NodeCore {
    pub(crate) keys: Arc<NodeKeys>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shared: Shared,
    pub(crate) tasks: Tasks,
    pub(crate) outgoing: Outgoing,
}

impl NodeCore {
    /// The common part of a node, changing its keys in time until it stops.
    pub(crate) fn start(keys: Arc<NodeKeys>, counters: Arc<Counters>, shared: Shared) -> Arc<Self> {
        let tasks = Tasks::new();
        let outgoing = Outgoing::new(counters.clone(), tasks.clone());
        let core = Arc::new(Self {
            keys,
            counters,
            shared,
            tasks,
            outgoing,
        });
        core.tasks.spawn(rotation::run(core.clone()));
        core
    }

    /// Hands a packet to the next node, unless the routing filter refuses it.
    pub(crate) fn forward(&self, next: NodeAddress, rotation: KeyRotation, packet: Vec<u8>) {
        if !self.shared.known.allows(next.0.ip()) {
            self.counters.refused.increase();
            return;
        }
        match (NodeFrame { rotation, packet }).encode(Framing::V8) {
            Ok(bytes) => self.outgoing.send(next.0, bytes),
            Err(_) => self.counters.refused.increase(),
        }
    }
}

/// The tasks of one node, ended together.
#[derive(Clone)]
pub(crate) struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
    /// Acks are launched by the thread of the database, which is none of the runtime's.
    runtime: Handle,
}

impl Tasks {
    /// Tasks of the runtime that this is called in.
    pub(crate) fn new() -> Self {
        Self {
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
            runtime: Handle::current(),
        }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn_on(task, &self.runtime);
    }

    /// Resolves when the node is to stop.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Asks all tasks to end and waits until they have.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
