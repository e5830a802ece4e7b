//! Holding each packet for the time its sender drew.

use super::NodeCore;
use futures_util::StreamExt;
use sotto_core::address::NodeAddress;
use sotto_core::packet::KeyRotation;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::time::DelayQueue;

/// Packets that one node holds at a time, 40 MB of regular size. More are dropped: the senders'
/// retransmission slows down by itself, an overfull node does not.
const MAX_HELD: usize = 16_384;

/// A packet on hold.
pub(crate) struct Delayed {
    pub(crate) next: NodeAddress,
    pub(crate) rotation: KeyRotation,
    pub(crate) packet: Vec<u8>,
    pub(crate) delay: Duration,
}

/// The queue of packets on hold.
pub(crate) struct Delays(mpsc::Sender<Delayed>);

impl Delays {
    /// Starts the task that lets packets go when their time has come.
    pub(crate) fn start(core: &Arc<NodeCore>) -> Self {
        let (sender, receiver) = mpsc::channel(256);
        core.tasks.spawn(run(core.clone(), receiver));
        Self(sender)
    }

    pub(crate) async fn hold(&self, delayed: Delayed) {
        // It fails only while the node stops, when packets on hold are lost anyway.
        let _ = self.0.send(delayed).await;
    }
}

async fn run(core: Arc<NodeCore>, mut arriving: mpsc::Receiver<Delayed>) {
    let mut held = DelayQueue::new();
    loop {
        tokio::select! {
            () = core.tasks.stopped() => return,
            Some(due) = held.next() => {
                let Delayed { next, rotation, packet, .. } = due.into_inner();
                core.forward(next, rotation, packet);
            }
            Some(delayed) = arriving.recv() => {
                if held.len() < MAX_HELD {
                    let delay = delayed.delay;
                    held.insert(delayed, delay);
                } else {
                    core.counters.overflowed.increase();
                }
            }
        }
    }
}
