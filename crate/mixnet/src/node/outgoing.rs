//! Connections to other nodes: one each, kept while in use, bounded (protocol.md 3.1).

use super::Tasks;
use crate::counters::Counters;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Frames that wait for one peer. More are dropped and counted.
const QUEUE: usize = 2048;

/// Peers with a connection at a time.
const MAX_PEERS: usize = 512;

/// Bytes written at once.
const BATCH: usize = 64 * 1024;

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// A connection that carried nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(120);
/// After a failed attempt frames for the peer are dropped for so long, so that a dead node costs
/// one attempt at a time.
const BACK_OFF: Duration = Duration::from_millis(250);

/// Hands frames to other nodes.
#[derive(Clone)]
pub(crate) struct Outgoing(Arc<Inner>);

struct Inner {
    peers: Mutex<HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>>,
    counters: Arc<Counters>,
    tasks: Tasks,
}

impl Outgoing {
    pub(crate) fn new(counters: Arc<Counters>, tasks: Tasks) -> Self {
        Self(Arc::new(Inner {
            peers: Mutex::default(),
            counters,
            tasks,
        }))
    }

    /// Queues a frame for `peer`. Never waits: what does not fit is dropped and counted, as the
    /// network has no way to tell a sender to slow down.
    pub(crate) fn send(&self, peer: SocketAddr, frame: Vec<u8>) {
        let mut peers = self.0.peers.lock();
        if peers.len() >= MAX_PEERS && !peers.contains_key(&peer) {
            self.0.counters.overflowed.increase();
            return;
        }
        let queue = peers.entry(peer).or_insert_with(|| self.start(peer));
        if queue.try_send(frame).is_err() {
            self.0.counters.overflowed.increase();
        }
    }

    fn start(&self, peer: SocketAddr) -> mpsc::Sender<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let this = self.clone();
        self.0.tasks.spawn(async move {
            tokio::select! {
                () = this.0.tasks.stopped() => {}
                () = this.serve(peer, receiver) => {}
            }
        });
        sender
    }

    /// Carries frames to one peer until none come any more.
    async fn serve(&self, peer: SocketAddr, mut frames: mpsc::Receiver<Vec<u8>>) {
        loop {
            match timeout(IDLE, frames.recv()).await {
                Ok(Some(first)) => self.carry(peer, first, &mut frames).await,
                Ok(None) | Err(_) if self.forget(peer, &frames) => return,
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// Drops the queue of an idle peer; not if a frame slipped in at the last moment.
    fn forget(&self, peer: SocketAddr, frames: &mpsc::Receiver<Vec<u8>>) -> bool {
        let mut peers = self.0.peers.lock();
        let idle = frames.is_empty();
        if idle {
            peers.remove(&peer);
        }
        idle
    }

    /// Opens a connection and writes frames, beginning with `first`, until it ends.
    async fn carry(&self, peer: SocketAddr, first: Vec<u8>, frames: &mut mpsc::Receiver<Vec<u8>>) {
        let Ok(Ok(stream)) = timeout(CONNECT_LIMIT, TcpStream::connect(peer)).await else {
            tracing::debug!(%peer, "cannot reach a node");
            return self.refuse(frames).await;
        };
        // Packets must not wait for the peer's TCP to acknowledge the one before.
        let _ = stream.set_nodelay(true);
        self.write(stream, first, frames).await;
    }

    /// Drops what is meant for a peer that cannot be reached, for a moment.
    async fn refuse(&self, frames: &mut mpsc::Receiver<Vec<u8>>) {
        self.0.counters.overflowed.increase();
        let dropping = async {
            while frames.recv().await.is_some() {
                self.0.counters.overflowed.increase();
            }
        };
        let _ = timeout(BACK_OFF, dropping).await;
    }

    async fn write(
        &self,
        mut stream: TcpStream,
        first: Vec<u8>,
        frames: &mut mpsc::Receiver<Vec<u8>>,
    ) {
        let (mut reading, mut writing) = stream.split();
        let mut next = Some(first);
        // A peer never answers: anything that can be read is its farewell.
        let mut farewell = [0; 1];
        while let Some(frame) = next {
            let batch = self.batch(frame, frames);
            let written = timeout(WRITE_LIMIT, writing.write_all(&batch)).await;
            if !matches!(written, Ok(Ok(()))) {
                return;
            }
            next = tokio::select! {
                biased;
                _ = reading.read(&mut farewell) => None,
                frame = timeout(IDLE, frames.recv()) => frame.ok().flatten(),
            };
        }
    }

    /// Puts waiting frames together for one write.
    fn batch(&self, mut bytes: Vec<u8>, frames: &mut mpsc::Receiver<Vec<u8>>) -> Vec<u8> {
        let mut count = 1;
        while bytes.len() < BATCH {
            let Ok(frame) = frames.try_recv() else { break };
            bytes.extend_from_slice(&frame);
            count += 1;
        }
        self.0.counters.forwarded.add(count);
        bytes
    }
}
