//! What a gateway pushed to a client, and how far it got there.
//!
//! A browser answers a gateway's ping by itself, whatever its worker does. Then the gateway
//! launches acks and deletes stored messages. So a worker that dies before its commit is durable
//! is robbed of what the browser had confirmed for it; nothing in a client can prevent that.

use sotto_core::client::{CommitId, ConnectionId};
use std::collections::VecDeque;

/// How far a frame got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// On its way, or in the browser's queue.
    Queued,
    /// The client took it and has not asked for a commit since.
    Taken,
    /// It is part of a commit.
    Committing(CommitId),
}

/// One push.
struct Frame {
    number: u64,
    connection: ConnectionId,
    delivery: Vec<u8>,
    /// The browser has told the gateway that it has it.
    confirmed: bool,
    stage: Stage,
}

/// What was pushed and is not durable.
#[derive(Default)]
pub(crate) struct Frames {
    frames: VecDeque<Frame>,
    /// Pushes that the browser confirmed and that never became durable.
    pub(crate) robbed: Vec<Vec<u8>>,
}

impl Frames {
    pub(crate) fn pushed(&mut self, number: u64, connection: ConnectionId, delivery: &[u8]) {
        self.frames.push_back(Frame {
            number,
            connection,
            delivery: delivery.to_vec(),
            confirmed: false,
            stage: Stage::Queued,
        });
    }

    /// The browser answers a ping behind the frame of that number.
    pub(crate) fn confirmed(&mut self, connection: ConnectionId, behind: u64) {
        let covered = |frame: &&mut Frame| frame.connection == connection && frame.number <= behind;
        let frames = self.frames.iter_mut().filter(covered);
        frames.for_each(|frame| frame.confirmed = true);
    }

    /// The client took the next frame of a connection.
    pub(crate) fn taken(&mut self, connection: ConnectionId) {
        let next =
            |frame: &&mut Frame| frame.connection == connection && frame.stage == Stage::Queued;
        if let Some(frame) = self.frames.iter_mut().find(next) {
            frame.stage = Stage::Taken;
        }
    }

    /// The client asked for a commit.
    pub(crate) fn committing(&mut self, id: CommitId) {
        self.replace(Stage::Taken, Stage::Committing(id));
    }

    pub(crate) fn failed(&mut self, id: CommitId) {
        self.replace(Stage::Committing(id), Stage::Taken);
    }

    pub(crate) fn durable(&mut self, id: CommitId) {
        self.forget(Stage::Committing(id));
    }

    /// The client has nothing to write: what it took needed no disk.
    pub(crate) fn nothing_to_write(&mut self) {
        self.forget(Stage::Taken);
    }

    /// The websocket is closed: the browser drops what the client has not taken.
    pub(crate) fn closed(&mut self, connection: ConnectionId) {
        self.lose(|frame| frame.connection == connection && frame.stage == Stage::Queued);
    }

    /// The worker is dead.
    pub(crate) fn killed(&mut self) {
        self.lose(|_| true);
    }

    fn lose(&mut self, which: impl Fn(&Frame) -> bool) {
        let (lost, kept): (VecDeque<_>, _) = self.frames.drain(..).partition(which);
        self.frames = kept;
        let robbed = lost.into_iter().filter(|frame| frame.confirmed);
        self.robbed.extend(robbed.map(|frame| frame.delivery));
    }

    fn replace(&mut self, from: Stage, to: Stage) {
        let frames = self.frames.iter_mut().filter(|frame| frame.stage == from);
        frames.for_each(|frame| frame.stage = to);
    }

    fn forget(&mut self, stage: Stage) {
        self.frames.retain(|frame| frame.stage != stage);
    }
}
