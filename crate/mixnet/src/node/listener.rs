//! Frames from other nodes (protocol.md 3.1, 3.2).

use super::NodeCore;
use super::keys::Refusal;
use crate::ports::accept;
use sotto_core::node::{Hop, Unwrapped};
use sotto_core::packet::KeyRotation;
use sotto_core::packet::frame::{self, FrameError, NodeFrame};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections from other nodes at a time.
const MAX_CONNECTIONS: usize = 1024;

/// A peer that sends nothing for so long is dropped; it connects again when it has something.
const IDLE: Duration = Duration::from_secs(600);

/// What a node of one kind does with a packet after its layer is off.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, rotation: KeyRotation, hop: Hop) -> impl Future<Output = ()> + Send;
}

/// Accepts connections until the node stops.
pub(crate) async fn serve(listener: TcpListener, core: Arc<NodeCore>, handler: Arc<impl Handler>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let stream = tokio::select! {
            () = core.tasks.stopped() => return,
            stream = accept(&listener) => stream,
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            continue;
        };
        let (task_core, handler) = (core.clone(), handler.clone());
        core.tasks.spawn(async move {
            tokio::select! {
                () = task_core.tasks.stopped() => {}
                ended = receive(stream, &task_core, &*handler) => if let Err(error) = ended {
                    task_core.counters.refused.increase();
                    tracing::debug!(%error, "closed a connection with a malformed frame");
                }
            }
            drop(slot);
        });
    }
}

/// Reads one connection to its end.
async fn receive(
    mut stream: TcpStream,
    core: &Arc<NodeCore>,
    handler: &impl Handler,
) -> Result<(), FrameError> {
    let mut buffer = Vec::with_capacity(8 * 1024);
    while let Ok(Ok(1..)) = timeout(IDLE, stream.read_buf(&mut buffer)).await {
        let (frames, error) = take_frames(&mut buffer);
        for (rotation, hop) in unwrap_all(core, frames).await {
            handler.handle(rotation, hop).await;
        }
        error?;
    }
    Ok(())
}

/// All whole frames at the front of the buffer, and what is wrong with the next one.
fn take_frames(buffer: &mut Vec<u8>) -> (Vec<NodeFrame>, Result<(), FrameError>) {
    let (mut frames, mut used) = (Vec::new(), 0);
    let result = loop {
        match frame::decode(buffer.get(used..).unwrap_or_default()) {
            Ok(Some((frame, len))) => {
                frames.push(frame);
                used += len;
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    buffer.drain(..used);
    (frames, result)
}

/// Unwraps a batch on another thread and counts what is dropped.
async fn unwrap_all(core: &Arc<NodeCore>, frames: Vec<NodeFrame>) -> Vec<(KeyRotation, Hop)> {
    if frames.is_empty() {
        return Vec::new();
    }
    core.counters.received.add(frames.len());
    let keys = core.keys.clone();
    let unwrap = move |frame: NodeFrame| (frame.rotation, keys.unwrap(&frame));
    let work = move || frames.into_iter().map(unwrap).collect::<Vec<_>>();
    let results = core.shared.cpu.run(work).await.unwrap_or_default();
    results
        .into_iter()
        .filter_map(|(rotation, result)| keep(core, rotation, result))
        .collect()
}

fn keep(
    core: &NodeCore,
    rotation: KeyRotation,
    result: Result<Unwrapped, Refusal>,
) -> Option<(KeyRotation, Hop)> {
    match result {
        Ok(unwrapped) => return Some((rotation, unwrapped.hop)),
        Err(Refusal::Replay) => core.counters.replayed.increase(),
        Err(Refusal::Bad(error)) => {
            core.counters.refused.increase();
            tracing::debug!(%error, "dropped a packet");
        }
    }
    None
}
