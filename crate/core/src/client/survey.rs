//! Finding the gateway that answers fastest.
//!
//! A few gateways, drawn at random, are connected to at once and asked for their protocol
//! version. What is measured is the time from that question to its answer, so that neither name
//! lookup nor the websocket's opening count.

use super::ConnectionId;
use super::session::Tools;
use crate::gateway::message::{ClientMessage, ServerMessage};
use crate::keys::IdentityKey;
use crate::time::Time;
use std::time::Duration;

/// Gateways that are asked.
const CANDIDATES: usize = 6;

/// How long they have.
const PATIENCE: Duration = Duration::from_secs(4);

/// How far a candidate has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Opening,
    AskedAt(Time),
    Took(Duration),
    Failed,
}

#[derive(Debug)]
struct Candidate {
    connection: ConnectionId,
    gateway: IdentityKey,
    url: String,
    progress: Progress,
}

/// Gateways that are being measured.
#[derive(Debug)]
pub(super) struct Survey {
    deadline: Time,
    candidates: Vec<Candidate>,
}

impl Survey {
    /// Opens a websocket to each candidate; `None` if there is no gateway to choose from.
    pub(super) fn begin(tools: &mut Tools<'_>, avoid: Option<IdentityKey>) -> Option<Self> {
        let policy = tools.config.websockets;
        let topology = tools.atlas.topology()?;
        let drawn = topology.draw_gateways(tools.rng, policy, avoid, CANDIDATES);
        let drawn: Vec<_> = drawn
            .into_iter()
            .filter_map(|gateway| Some((gateway.identity, gateway.url(policy)?.to_owned())))
            .collect();
        let candidates = drawn.into_iter().map(|(gateway, url)| Candidate {
            connection: tools.open(url.clone()),
            gateway,
            url,
            progress: Progress::Opening,
        });
        let candidates: Vec<_> = candidates.collect();
        (!candidates.is_empty()).then_some(Self {
            deadline: tools.now + PATIENCE,
            candidates,
        })
    }

    pub(super) const fn deadline(&self) -> Time {
        self.deadline
    }

    pub(super) fn owns(&self, connection: ConnectionId) -> bool {
        self.candidates.iter().any(|c| c.connection == connection)
    }

    fn candidate(&mut self, connection: ConnectionId) -> Option<&mut Candidate> {
        let mut candidates = self.candidates.iter_mut();
        candidates.find(|c| c.connection == connection)
    }

    /// Whether every candidate has answered or failed, or time is up.
    pub(super) fn is_over(&self, now: Time) -> bool {
        let done = |c: &Candidate| matches!(c.progress, Progress::Took(_) | Progress::Failed);
        now >= self.deadline || self.candidates.iter().all(done)
    }

    pub(super) fn opened(&mut self, tools: &mut Tools<'_>, connection: ConnectionId) {
        if let Some(candidate) = self.candidate(connection) {
            candidate.progress = Progress::AskedAt(tools.now);
            tools.say(connection, &ClientMessage::SupportedProtocol {});
        }
    }

    pub(super) fn failed(&mut self, connection: ConnectionId) {
        if let Some(candidate) = self.candidate(connection) {
            candidate.progress = Progress::Failed;
        }
    }

    /// Only an answer that makes sense counts.
    pub(super) fn answered(&mut self, tools: &mut Tools<'_>, connection: ConnectionId, text: &str) {
        let message = ServerMessage::from_json(text);
        let sense = matches!(message, Ok(ServerMessage::SupportedProtocol { .. }));
        let now = tools.now;
        let Some(candidate) = self.candidate(connection) else {
            return;
        };
        match candidate.progress {
            Progress::AskedAt(at) if sense => {
                candidate.progress = Progress::Took(now.saturating_since(at));
            }
            _ => {
                candidate.progress = Progress::Failed;
                tools.close(connection);
            }
        }
    }

    /// Closes all websockets: the fastest gateway and its address, if any has answered.
    pub(super) fn end(self, tools: &mut Tools<'_>) -> Option<(IdentityKey, String)> {
        let open = |c: &&Candidate| c.progress != Progress::Failed;
        for candidate in self.candidates.iter().filter(open) {
            tools.close(candidate.connection);
        }
        let answered = self
            .candidates
            .into_iter()
            .filter_map(|c| match c.progress {
                Progress::Took(took) => Some((took, c)),
                _ => None,
            });
        // The first of equals: the candidates were drawn in random order.
        let fastest = answered.min_by_key(|(took, _)| *took);
        fastest.map(|(_, candidate)| (candidate.gateway, candidate.url))
    }
}
