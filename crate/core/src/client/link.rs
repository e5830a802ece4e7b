//! One websocket to the gateway, from opening to being signed in.

use super::event::ConnectionId;
use super::problem::Step;
use crate::gateway::SharedKey;
use crate::gateway::binary::PacketVersion;
use crate::gateway::handshake::Initiator;
use crate::keys::IdentityKey;
use crate::packet::PacketSize;
use crate::time::Time;
use std::time::Duration;

/// How long each step may take until the gateway counts as silent.
pub(super) const STEP_PATIENCE: Duration = Duration::from_secs(15);

/// After so long without a word, the gateway is asked whether it is still there. After so long
/// without an answer to a packet, it counts as silent.
const QUIET: Duration = Duration::from_secs(30);

/// Below this many bytes more bandwidth is claimed, as the official client does.
const LOW_BANDWIDTH: i64 = 40_000_000;

/// Of a claim that gave less than that, a fifth: more is claimed when the rest is spent, not at
/// once and for ever.
const LOW_SHARE: i64 = 5;

/// Bytes that a packet costs.
const PACKET_COST: i64 = PacketSize::Regular.packet_len() as i64;

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
    /// More was asked for, and the answer is due by then.
    PendingUntil(Time),
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
    /// What the last claim gave.
    granted: Option<i64>,
    /// Packets that the gateway has not answered yet.
    pub(super) unanswered: usize,
    /// When the next of these answers is due.
    answer_due: Option<Time>,
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
            granted: None,
            unanswered: 0,
            answer_due: None,
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
        if self.answer_is_late(now) {
            return Some(Overdue::Silent);
        }
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

    /// The gateway answered a packet.
    pub(super) const fn answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.answer_due = None;
    }

    fn answer_is_late(&mut self, now: Time) -> bool {
        self.unanswered > 0 && now >= *self.answer_due.get_or_insert(now + QUIET)
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
            Claim::PendingUntil(_) => false,
            Claim::RefusedUntil(time) => now >= time,
        };
        self.is_online() && may_ask && self.is_low()
    }

    /// Whether so little bandwidth is left that more is to be claimed.
    pub(super) fn is_low(&self) -> bool {
        let low = self
            .granted
            .map_or(LOW_BANDWIDTH, |granted| granted / LOW_SHARE);
        self.bandwidth < low.clamp(PACKET_COST, LOW_BANDWIDTH)
    }

    /// More bandwidth was asked for.
    pub(super) fn claimed(&mut self, now: Time) {
        self.claim = Claim::PendingUntil(now + STEP_PATIENCE);
    }

    pub(super) const fn is_claiming(&self) -> bool {
        matches!(self.claim, Claim::PendingUntil(_))
    }

    /// Whether a claim has gone without answer for too long.
    pub(super) fn claim_is_late(&self, now: Time) -> bool {
        matches!(self.claim, Claim::PendingUntil(time) if now >= time)
    }

    /// The gateway answered a claim. `false` if what it gave is not even enough for a packet.
    pub(super) fn claim_granted(&mut self, now: Time, available: i64) -> bool {
        self.bandwidth = available;
        self.granted = Some(available);
        self.claim = Claim::None;
        let enough = available >= PACKET_COST;
        if !enough {
            self.claim_refused(now);
        }
        enough
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
        let claim = match self.claim {
            Claim::RefusedUntil(time) | Claim::PendingUntil(time) => time,
            Claim::None => self.deadline,
        };
        let answer = self.answer_due.unwrap_or(self.deadline);
        self.deadline.min(claim).min(answer)
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
        link.claimed(NOW);
        assert!(!link.wants_bandwidth(NOW));
        assert!(!link.claim_is_late(NOW));
        assert!(link.claim_is_late(NOW + STEP_PATIENCE));
        link.claim_refused(NOW);
        assert!(!link.wants_bandwidth(NOW));
        assert!(link.wants_bandwidth(NOW + CLAIM_AGAIN));
        assert!(link.claim_granted(NOW, LOW_BANDWIDTH));
        assert!(!link.wants_bandwidth(NOW));
    }

    #[test]
    fn a_small_grant_is_spent_before_the_next_claim_and_a_useless_one_counts_as_none() {
        let mut link = link();
        link.enter(NOW, Stage::Online);
        assert!(link.claim_granted(NOW, 100_000));
        assert!(!link.wants_bandwidth(NOW));
        link.set_bandwidth(19_999);
        assert!(link.wants_bandwidth(NOW));
        assert!(link.claim_granted(NOW, PACKET_COST));
        assert!(!link.wants_bandwidth(NOW));
        link.set_bandwidth(0);
        assert!(link.wants_bandwidth(NOW));
        assert!(!link.claim_granted(NOW, PACKET_COST - 1));
        assert!(!link.wants_bandwidth(NOW));
        assert!(link.wants_bandwidth(NOW + CLAIM_AGAIN));
    }

    #[test]
    fn a_gateway_that_answers_no_packet_counts_as_silent_though_it_talks() {
        let mut link = link();
        link.enter(NOW, Stage::Online);
        link.heard(NOW);
        link.unanswered = 2;
        assert_eq!(link.overdue(NOW), None);
        let due = NOW + QUIET;
        assert_eq!(link.next_deadline(), due);
        link.heard(due);
        assert_eq!(link.overdue(due), Some(Overdue::Silent));
        link.answered();
        assert_eq!(link.overdue(due), None);
        link.answered();
        assert_eq!((link.unanswered, link.answer_due), (0, None));
        link.heard(due);
        assert!(link.next_deadline() > due);
    }

    #[test]
    fn only_a_signed_in_gateway_puts_its_deadline_off_by_talking() {
        let mut link = link();
        let later = NOW + Duration::from_secs(5);
        link.enter(NOW, Stage::Probing);
        link.heard(later);
        assert_eq!(link.next_deadline(), NOW + STEP_PATIENCE);
        link.enter(NOW, Stage::Online);
        link.heard(later);
        assert_eq!(link.next_deadline(), later + QUIET);
    }

    #[test]
    fn a_link_wakes_for_whatever_is_due_first() {
        let mut link = link();
        link.enter(NOW, Stage::Online);
        link.heard(NOW);
        link.claimed(NOW);
        assert!(link.is_claiming());
        assert_eq!(link.next_deadline(), NOW + STEP_PATIENCE);
        link.claim_refused(NOW);
        assert!(!link.is_claiming());
        assert_eq!(link.next_deadline(), NOW + QUIET);
        link.heard(NOW + CLAIM_AGAIN);
        assert_eq!(link.next_deadline(), NOW + CLAIM_AGAIN);
        assert!(!link.claim_is_late(NOW + CLAIM_AGAIN), "it is answered");
    }

    #[test]
    fn a_claim_is_over_once_there_is_enough() {
        let mut link = link();
        link.enter(NOW, Stage::Online);
        link.claim_refused(NOW);
        link.set_bandwidth(LOW_BANDWIDTH - 1);
        assert!(!link.wants_bandwidth(NOW), "still refused");
        link.set_bandwidth(LOW_BANDWIDTH);
        link.set_bandwidth(0);
        assert!(link.wants_bandwidth(NOW));
    }

    #[test]
    fn a_person_is_told_of_three_steps() {
        let mut link = link();
        let mut step = |stage| {
            link.enter(NOW, stage);
            link.step()
        };
        let reply = Vec::new();
        let table = [
            (Stage::Opening, Step::Gateway),
            (Stage::Probing, Step::Gateway),
            (Stage::StoringKey { reply }, Step::Registering),
            (Stage::AwaitingFourth, Step::Registering),
            (Stage::AwaitingRegister, Step::Registering),
            (Stage::StoringRegistration, Step::Registering),
            (Stage::StoringTimestamp, Step::Authenticating),
            (Stage::Authenticating, Step::Authenticating),
        ];
        for (stage, expected) in table {
            assert_eq!(step(stage), expected);
        }
    }

    #[test]
    fn packets_are_laid_out_as_the_gateway_s_version_has_them() {
        let mut link = link();
        for (version, layout) in [(4, PacketVersion::V1), (5, PacketVersion::V2)] {
            link.version = version;
            assert_eq!(link.packet_version(), layout);
        }
    }
}
