//! Whether packets get through at all: one loop packet, and how long it takes to come back.

use super::{Client, ConnectionId, Output};
use crate::cover::Token;
use crate::crypto::random_bytes;
use crate::prepare::prepare_probe;
use crate::time::Time;
use std::time::Duration;

/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a probe has not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// There is no connection to the gateway, or it was lost meanwhile.
    #[error("There is no connection to the gateway.")]
    Disconnected,
    /// It was not seen again within 30 seconds.
    #[error(
        "The packet has not come back within 30 seconds. The mixnet loses packets, or your \
         gateway forwards none."
    )]
    Lost,
}

impl ProbeError {
    /// A name that stays the same from version to version.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Disconnected => "probe.disconnected",
            Self::Lost => "probe.lost",
        }
    }
}

/// A probe under way.
#[derive(Debug)]
pub(super) struct Probe {
    /// The connection that it leaves, or left, over.
    connection: ConnectionId,
    /// When it counts as lost.
    pub(super) deadline: Time,
    /// When it left, and what it is recognised by.
    left: Option<(Time, Token)>,
}

impl Client {
    /// Sends one packet to ourselves, over the whole way that packets take, and tells with
    /// [`Output::Probe`] when it is back, or that it is not. It leaves as soon as the pace
    /// allows, in the place of cover if there is any: who watches sees nothing of it. While one
    /// is under way this does nothing, and its result is for both.
    pub fn probe(&mut self, now: Time) {
        if self.probe.is_none() {
            self.start_probe(now);
        }
        self.advance(now);
    }

    fn start_probe(&mut self, now: Time) {
        match self.online_connection() {
            None => self.tell_probe(Err(ProbeError::Disconnected)),
            Some(connection) => {
                self.probe = Some(Probe {
                    connection,
                    deadline: now + PATIENCE,
                    left: None,
                });
            }
        }
    }

    fn online_connection(&self) -> Option<ConnectionId> {
        let link = self.sessions.own.link.as_ref();
        link.filter(|link| link.is_online())
            .map(|link| link.connection)
    }

    /// Gives a probe up that cannot come back any more.
    pub(super) fn watch_probe(&mut self, now: Time) {
        let Some(probe) = &self.probe else {
            return;
        };
        if self.online_connection() != Some(probe.connection) {
            self.tell_probe(Err(ProbeError::Disconnected));
        } else if now >= probe.deadline {
            self.tell_probe(Err(ProbeError::Lost));
        }
    }

    /// Whether a probe waits for its turn to leave.
    pub(super) fn probe_waits(&self) -> bool {
        self.probe
            .as_ref()
            .is_some_and(|probe| probe.left.is_none())
    }

    /// Lets the probe leave that waits; `false` if there is none.
    pub(super) fn send_probe(&mut self, now: Time) -> bool {
        if !self.probe_waits() {
            return false;
        }
        let token = random_bytes(&mut self.rng);
        let prepared = self
            .with_sender(|rng, topology, sender| prepare_probe(rng, topology, sender, &token).ok());
        let (Some(prepared), Some(probe)) = (prepared, &mut self.probe) else {
            return false;
        };
        probe.left = Some((now, token));
        self.statistics.cover_sent += 1;
        self.give_to_gateway(&prepared);
        true
    }

    /// Something came back that only a probe carries. It may be one that was given up.
    pub(super) fn probe_returned(&mut self, now: Time, token: Token) {
        self.statistics.cover += 1;
        let left = self.probe.as_ref().and_then(|probe| probe.left);
        if let Some((at, _)) = left.filter(|(_, expected)| *expected == token) {
            self.tell_probe(Ok(now.saturating_since(at)));
        }
    }

    fn tell_probe(&mut self, result: Result<Duration, ProbeError>) {
        self.probe = None;
        self.outputs.push_back(Output::Probe(result));
    }
}
