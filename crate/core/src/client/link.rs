//! One websocket to the gateway, from opening to being signed in.

use super::event::ConnectionId;
use super::problem::Step;
use crate::gateway::SharedKey;
use crate::gateway::binary::PacketVersion;
use crate::gateway::handshake::Initiator;
use crate::keys::IdentityKey;
use crate::time::Time;
use std::time::Duration;

/// How long each step may take until the gateway counts as silent.
pub(super) const STEP_PATIENCE: Duration = Duration::from_secs(15);

/// After so long without a word, the gateway is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);

/// Below this many bytes more bandwidth is claimed, as the official client does.
const LOW_BANDWIDTH: i64 = 40_000_000;

/// After a refused claim, so long until the next.
const CLAIM_AGAIN: Duration = Duration::from_secs(300);

/// Where a link is on its way.
#[derive(Debug)]
pub(super) enum Stage {
    /// The websocket is being opened.
    Opening,
    /// The gateway was asked for its protocol version.
    Probing,
    /// The first handshake message is out.
    AwaitingSecond(Box<Initiator>),
    /// The agreed key is on its way to disk; then this reply leaves.
    StoringKey {
        /// The third handshake message.
        reply: Vec<u8>,
    },
    /// The third handshake message is out.
    AwaitingFourth,
    /// The gateway accepted; its summary is still to come.
    AwaitingRegister,
    /// The confirmed registration is on its way to disk.
    StoringRegistration,
    /// The timestamp is on its way to disk; then the request leaves.
    StoringTimestamp,
    /// The authentication request is out.
    Authenticating,
    /// Signed in.
    Online,
}

/// What is known of the bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// No question is open.
    None,
    /// More was asked for.
    Pending,
    /// The gateway gave no more.
    RefusedUntil(Time),
}

/// One websocket to the gateway.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: ConnectionId,
    pub(super) gateway: IdentityKey,
    pub(super) stage: Stage,
    /// When the current step has taken too long, or the gateway has been quiet for too long.
    pub(super) deadline: Time,
    pub(super) version: u8,
    pub(super) key: Option<SharedKey>,
    pub(super) bandwidth: i64,
    pub(super) claim: Claim,
    /// Packets that the gateway has not answered yet.
    pub(super) unanswered: usize,
    /// Whether the quiet gateway was asked for a sign of life.
    pub(super) probed: bool,
}

/// What a link's deadline means when it comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The gateway is to be asked for a sign of life.
    Probe,
    /// The gateway is silent.
    Silent,
}

impl Link {
    pub(super) fn new(now: Time, connection: ConnectionId, gateway: IdentityKey) -> Self {
        Self {
            connection,
            gateway,
            stage: Stage::Opening,
            deadline: now + STEP_PATIENCE,
            version: 0,
            key: None,
            bandwidth: 0,
            claim: Claim::None,
            unanswered: 0,
            probed: false,
        }
    }

    /// Goes to the next stage, which has a deadline of its own.
    pub(super) fn enter(&mut self, now: Time, stage: Stage) {
        self.stage = stage;
        self.deadline = now + STEP_PATIENCE;
    }

    /// The gateway gave a sign of life.
    pub(super) fn heard(&mut self, now: Time) {
        if self.is_online() {
            self.probed = false;
            self.deadline = now + QUIET;
        }
    }

    /// What to do if the deadline has come.
    pub(super) fn overdue(&mut self, now: Time) -> Option<Overdue> {
        if now < self.deadline {
            return None;
        }
        if !self.is_online() || self.probed {
            return Some(Overdue::Silent);
        }
        self.probed = true;
        self.deadline = now + STEP_PATIENCE;
        Some(Overdue::Probe)
    }

    pub(super) const fn is_online(&self) -> bool {
        matches!(self.stage, Stage::Online)
    }

    /// The step that a person is told of.
    pub(super) const fn step(&self) -> Step {
        match self.stage {
            Stage::Opening | Stage::Probing => Step::Gateway,
            Stage::AwaitingSecond(_)
            | Stage::StoringKey { .. }
            | Stage::AwaitingFourth
            | Stage::AwaitingRegister
            | Stage::StoringRegistration => Step::Registering,
            Stage::StoringTimestamp | Stage::Authenticating | Stage::Online => Step::Authenticating,
        }
    }

    pub(super) const fn packet_version(&self) -> PacketVersion {
        PacketVersion::for_protocol(self.version)
    }

    /// Whether more bandwidth is to be claimed now.
    pub(super) fn wants_bandwidth(&self, now: Time) -> bool {
        let may_ask = match self.claim {
            Claim::None => true,
            Claim::Pending => false,
            Claim::RefusedUntil(time) => now >= time,
        };
        self.is_online() && may_ask && self.bandwidth < LOW_BANDWIDTH
    }

    /// The gateway said how much is left.
    pub(super) const fn set_bandwidth(&mut self, available: i64) {
        self.bandwidth = available;
        if available >= LOW_BANDWIDTH {
            self.claim = Claim::None;
        }
    }

    /// The gateway gave no more bandwidth.
    pub(super) fn claim_refused(&mut self, now: Time) {
        self.claim = Claim::RefusedUntil(now + CLAIM_AGAIN);
    }

    /// When something is due by itself.
    pub(super) fn next_deadline(&self) -> Time {
        match self.claim {
            Claim::RefusedUntil(time) => time.min(self.deadline),
            Claim::None | Claim::Pending => self.deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;

    const NOW: Time = Time::from_millis(1000);

    fn link() -> Link {
        let keys = ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([1; 32]));
        Link::new(NOW, ConnectionId(1), keys.signing.identity_key())
    }

    #[test]
    fn a_quiet_gateway_is_asked_before_it_counts_as_silent() {
        let mut link = link();
        assert_eq!(link.overdue(NOW), None);
        assert_eq!(link.overdue(NOW + STEP_PATIENCE), Some(Overdue::Silent));
        link.enter(NOW, Stage::Online);
        link.heard(NOW);
        let quiet = NOW + QUIET;
        assert_eq!(link.overdue(quiet), Some(Overdue::Probe));
        assert_eq!(link.overdue(quiet), None);
        assert_eq!(link.overdue(quiet + STEP_PATIENCE), Some(Overdue::Silent));
        link.heard(quiet);
        assert_eq!(link.overdue(quiet + STEP_PATIENCE), None);
    }

    #[test]
    fn bandwidth_is_claimed_when_it_runs_low_and_not_at_once_after_a_refusal() {
        let mut link = link();
        assert!(!link.wants_bandwidth(NOW), "not before it is online");
        link.enter(NOW, Stage::Online);
        assert!(link.wants_bandwidth(NOW));
        link.claim = Claim::Pending;
        assert!(!link.wants_bandwidth(NOW));
        link.claim_refused(NOW);
        assert!(!link.wants_bandwidth(NOW));
        assert!(link.wants_bandwidth(NOW + CLAIM_AGAIN));
        link.claim = Claim::None;
        link.bandwidth = LOW_BANDWIDTH;
        assert!(!link.wants_bandwidth(NOW));
    }
}
