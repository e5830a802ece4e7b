//! Messages on their way out, and which of their fragments is where.

use super::progress::{DeliveryState, FailReason, MessageId};
use super::record::{Outcome, Recipient, SentMessage};
use super::retransmission::{FragmentEvent, FragmentState, next};
use crate::fragment::{Fragment, FragmentId, MAX_SET, SetId, Split};
use crate::message::SenderTag;
use crate::packet::PacketSize;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// The most fragments of one message that may be on their way at once: half of what may be
/// altogether, so that a long message to a dead gateway leaves room for the others.
const WINDOW: usize = 128;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A user wrote it: kept on disk and told of.
    Message,
    /// It asks a correspondent for SURBs, through one of the last.
    SurbRequest,
    /// It brings SURBs to someone who asked.
    MoreSurbs,
}

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    id: MessageId,
    to: Recipient,
    purpose: Purpose,
    created_at: Time,
    surbs: u16,
    /// The message as it is cut into fragments: head, then body.
    wire: Vec<u8>,
    head_len: usize,
    split: Split,
    fragments: Vec<FragmentState>,
    /// Fragments that left at least once; they leave in order.
    departed: usize,
    acked: usize,
    failed: Option<FailReason>,
}

impl Outgoing {
    /// Plans a message; `None` if the sets do not fit it.
    fn new(message: SentMessage, purpose: Purpose) -> Option<Self> {
        let head_len = message.head.len();
        let wire = [message.head, message.body].concat();
        let split = Split::new(wire.len(), PacketSize::Regular, message.sets).ok()?;
        let failed = match message.outcome {
            Outcome::Failed(reason) => Some(reason),
            Outcome::Pending | Outcome::AtGateway => None,
        };
        Some(Self {
            id: message.id,
            to: message.to,
            purpose,
            created_at: message.created_at,
            surbs: message.surbs,
            head_len,
            fragments: vec![FragmentState::Waiting { departures: 0 }; split.count()],
            wire,
            split,
            departed: 0,
            acked: 0,
            failed,
        })
    }

    /// What is written to disk about the message.
    fn to_message(&self, outcome: Outcome) -> SentMessage {
        SentMessage {
            id: self.id,
            to: self.to,
            created_at: self.created_at,
            outcome,
            sets: self.split.sets().to_vec(),
            surbs: self.surbs,
            head: self.wire.get(..self.head_len).unwrap_or_default().to_vec(),
            body: self.wire.get(self.head_len..).unwrap_or_default().to_vec(),
        }
    }

    /// Whether so many fragments are on their way that the next ones have to wait for acks.
    const fn is_window_full(&self) -> bool {
        self.departed >= self.acked + WINDOW
    }

    /// Where the message is, if nothing keeps it from leaving.
    fn state(&self) -> DeliveryState {
        let total = self.split.count();
        match (self.failed, self.departed) {
            (Some(reason), _) => DeliveryState::Failed(reason),
            (None, 0) => DeliveryState::Queued { waiting: None },
            (None, departed) if departed == total => DeliveryState::Sent,
            _ => DeliveryState::Sending {
                acked: self.acked,
                total,
            },
        }
    }
}

/// A fragment whose turn it is to leave.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) to: Recipient,
    pub(super) fragment: Fragment,
    /// Whether it left before.
    pub(super) repeated: bool,
}

/// What an ack meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AckOutcome {
    /// It belongs to nothing on its way.
    Stray,
    /// The message is not all there yet.
    Progress(MessageId),
    /// That was the last one: the message is off this list, and as it is to be remembered.
    Finished(SentMessage, Purpose),
}

/// Messages on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: BTreeMap<MessageId, Outgoing>,
    /// Messages with fragments that never left, in turns so that a short one need not wait for a
    /// long one.
    turns: VecDeque<MessageId>,
    /// Fragments whose ack did not come.
    again: VecDeque<FragmentId>,
    sets: HashMap<SetId, (MessageId, usize)>,
    timers: BTreeSet<(Time, FragmentId)>,
    /// Fragments whose ack may well come.
    hopeful: usize,
    bytes: usize,
}

impl Outbox {
    /// Bytes of all messages that are kept.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Fragments whose ack is awaited, without those that have left often and in vain.
    pub(super) const fn awaiting(&self) -> usize {
        self.hopeful
    }

    /// Messages on their way, messages given up, and entries about fragments.
    pub(super) fn footprint(&self) -> (usize, usize, usize) {
        let given_up = |message: &&Outgoing| message.failed.is_some();
        let failed = self.messages.values().filter(given_up).count();
        let fragments = self.turns.len() + self.again.len() + self.timers.len();
        (self.messages.len() - failed, failed, fragments)
    }

    /// Whether any fragment waits for its turn to leave, for a recipient that can be reached.
    pub(super) fn has_waiting(&self, reachable: impl Fn(&Recipient) -> bool) -> bool {
        let again = self
            .again
            .iter()
            .filter_map(|fragment| self.find(*fragment));
        let turns = self.turns.iter().filter_map(|id| self.messages.get(id));
        again
            .map(|(message, _)| message)
            .chain(turns)
            .any(|message| reachable(&message.to))
    }

    /// When the next ack is overdue.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.timers.first().map(|(time, _)| *time)
    }

    /// Whether any fragment of the set is on its way.
    pub(super) fn uses(&self, set: SetId) -> bool {
        self.sets.contains_key(&set)
    }

    /// Whether the message is here.
    pub(super) fn contains(&self, id: MessageId) -> bool {
        self.messages.contains_key(&id)
    }

    /// Every message with its state and recipient.
    pub(super) fn states(&self) -> impl Iterator<Item = (MessageId, Recipient, DeliveryState)> {
        self.messages
            .values()
            .filter(|message| message.purpose == Purpose::Message)
            .map(|message| (message.id, message.to, message.state()))
    }

    /// The message's state, if it is here.
    #[cfg(test)]
    fn state(&self, id: MessageId) -> Option<DeliveryState> {
        self.messages.get(&id).map(Outgoing::state)
    }

    /// Takes a message in; `false` if its sets do not fit it.
    pub(super) fn insert(&mut self, message: SentMessage, purpose: Purpose) -> bool {
        let Some(outgoing) = Outgoing::new(message, purpose) else {
            return false;
        };
        let id = outgoing.id;
        self.bytes += outgoing.wire.len();
        for (place, set) in outgoing.split.sets().iter().enumerate() {
            self.sets.insert(*set, (id, place));
        }
        if outgoing.failed.is_none() {
            self.turns.push_back(id);
        }
        self.messages.insert(id, outgoing);
        true
    }

    /// Takes a message out; it is never sent again.
    pub(super) fn remove(&mut self, id: MessageId, outcome: Outcome) -> Option<SentMessage> {
        let outgoing = self.messages.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(outgoing.wire.len());
        for set in outgoing.split.sets() {
            self.sets.remove(set);
        }
        let hopeful = outgoing.fragments.iter().filter(|state| state.is_hopeful());
        self.hopeful = self.hopeful.saturating_sub(hopeful.count());
        self.timers
            .retain(|(_, fragment)| self.sets.contains_key(&fragment.set));
        self.again
            .retain(|fragment| self.sets.contains_key(&fragment.set));
        self.turns.retain(|turn| *turn != id);
        Some(outgoing.to_message(outcome))
    }

    /// Gives a message up, keeping it for a retry; as it is to be written.
    pub(super) fn fail(&mut self, id: MessageId, reason: FailReason) -> Option<SentMessage> {
        let message = self.remove(id, Outcome::Failed(reason))?;
        self.insert(message.clone(), Purpose::Message);
        Some(message)
    }

    /// Puts a failed message on its way again, as it is to be written.
    pub(super) fn retry(&mut self, now: Time, id: MessageId) -> Option<SentMessage> {
        self.messages.get(&id)?.failed?;
        let message = self.remove(id, Outcome::Pending)?;
        let message = SentMessage {
            created_at: now,
            ..message
        };
        self.insert(message.clone(), Purpose::Message);
        Some(message)
    }

    /// Messages of users that have been on their way for longer than `patience`.
    pub(super) fn expired(&self, now: Time, patience: Duration) -> Vec<MessageId> {
        let old = |message: &&Outgoing| {
            message.purpose == Purpose::Message
                && message.failed.is_none()
                && now.saturating_since(message.created_at) > patience
        };
        self.messages
            .values()
            .filter(old)
            .map(|message| message.id)
            .collect()
    }

    /// Drops what was not written by users and has been on its way for longer than `patience`:
    /// the need for it will show again.
    pub(super) fn drop_expired_service(&mut self, now: Time, patience: Duration) {
        let old = |message: &&Outgoing| {
            message.purpose != Purpose::Message
                && now.saturating_since(message.created_at) > patience
        };
        let old: Vec<_> = self
            .messages
            .values()
            .filter(old)
            .map(|message| message.id)
            .collect();
        for id in old {
            self.remove(id, Outcome::Failed(FailReason::Expired));
        }
    }

    /// Correspondents with answers on their way, each with the fragments whose ack has not come.
    pub(super) fn answers(&self) -> BTreeMap<SenderTag, usize> {
        let mut answers = BTreeMap::new();
        for message in self.messages.values() {
            if let (Recipient::Anonymous(tag), None, Purpose::Message) =
                (message.to, message.failed, message.purpose)
            {
                *answers.entry(tag).or_insert(0) += message.split.count() - message.acked;
            }
        }
        answers
    }

    /// Answers of users on their way to that correspondent.
    pub(super) fn answers_to(&self, tag: SenderTag) -> Vec<MessageId> {
        let to = Recipient::Anonymous(tag);
        let answer = |message: &&Outgoing| {
            message.to == to && message.failed.is_none() && message.purpose == Purpose::Message
        };
        self.messages
            .values()
            .filter(answer)
            .map(|message| message.id)
            .collect()
    }

    /// Whether a fragment is still on its way.
    pub(super) fn holds(&self, id: FragmentId) -> bool {
        self.find(id).is_some()
    }

    /// The next fragment that may leave for a recipient that can be reached.
    pub(super) fn next(
        &mut self,
        reachable: impl Fn(&Recipient, Purpose) -> bool,
    ) -> Option<Ready> {
        self.next_repetition(&reachable)
            .or_else(|| self.next_departure(&reachable))
    }

    fn next_repetition(
        &mut self,
        reachable: &impl Fn(&Recipient, Purpose) -> bool,
    ) -> Option<Ready> {
        for _ in 0..self.again.len() {
            let id = self.again.pop_front()?;
            let Some((message, index)) = self.find(id) else {
                continue;
            };
            let waits = matches!(
                message.fragments.get(index),
                Some(FragmentState::Waiting { .. })
            );
            if waits && reachable(&message.to, message.purpose) {
                let fragment = message.split.fragment(&message.wire, index)?;
                return Some(Ready {
                    to: message.to,
                    fragment,
                    repeated: true,
                });
            }
            if waits {
                self.again.push_back(id);
            }
        }
        None
    }

    fn next_departure(
        &mut self,
        reachable: &impl Fn(&Recipient, Purpose) -> bool,
    ) -> Option<Ready> {
        for _ in 0..self.turns.len() {
            let id = self.turns.pop_front()?;
            let Some(message) = self.messages.get_mut(&id) else {
                continue;
            };
            if !reachable(&message.to, message.purpose) || message.is_window_full() {
                self.turns.push_back(id);
                continue;
            }
            let fragment = message.split.fragment(&message.wire, message.departed)?;
            message.departed += 1;
            if message.departed < message.split.count() {
                self.turns.push_back(id);
            }
            return Some(Ready {
                to: message.to,
                fragment,
                repeated: false,
            });
        }
        None
    }

    /// A fragment could not leave after all.
    pub(super) fn put_back(&mut self, id: FragmentId) {
        self.again.push_back(id);
    }

    /// The message of a fragment that may leave, and the fragment's place in it. One that was
    /// given up rests.
    fn find(&self, id: FragmentId) -> Option<(&Outgoing, usize)> {
        let (message, place) = self.sets.get(&id.set)?;
        let index = place * usize::from(MAX_SET) + usize::from(id.number) - 1;
        let message = self.messages.get(message)?;
        message.failed.is_none().then_some((message, index))
    }

    /// Moves a fragment on: its state before and after, and its message.
    fn step(
        &mut self,
        id: FragmentId,
        event: FragmentEvent,
    ) -> Option<(FragmentState, FragmentState, &mut Outgoing)> {
        let (message, place) = self.sets.get(&id.set)?;
        let index = place * usize::from(MAX_SET) + usize::from(id.number) - 1;
        let message = self.messages.get_mut(message)?;
        let state = message.fragments.get_mut(index)?;
        let before = *state;
        *state = next(before, event);
        let after = *state;
        self.hopeful += usize::from(after.is_hopeful());
        self.hopeful -= usize::from(before.is_hopeful());
        if let FragmentState::Awaiting { deadline, .. } = before {
            self.timers.remove(&(deadline, id));
        }
        if let FragmentState::Awaiting { deadline, .. } = after {
            self.timers.insert((deadline, id));
        }
        Some((before, after, message))
    }

    /// A fragment was given to the gateway; gives its message.
    pub(super) fn left(
        &mut self,
        now: Time,
        id: FragmentId,
        expected: Duration,
    ) -> Option<MessageId> {
        self.step(id, FragmentEvent::Left { now, expected })
            .map(|(.., message)| message.id)
    }

    /// An ack came.
    pub(super) fn acked(&mut self, id: FragmentId) -> AckOutcome {
        match self.step(id, FragmentEvent::Ack) {
            None | Some((FragmentState::Acked, ..)) => AckOutcome::Stray,
            Some((_, _, message)) => {
                message.acked += 1;
                let id = message.id;
                if message.acked < message.split.count() {
                    return AckOutcome::Progress(id);
                }
                let purpose = message.purpose;
                self.remove(id, Outcome::AtGateway)
                    .map_or(AckOutcome::Stray, |message| {
                        AckOutcome::Finished(message, purpose)
                    })
            }
        }
    }

    /// The clock was set back: nothing was written later than now.
    pub(super) fn clock_was_set(&mut self, now: Time) {
        for message in self.messages.values_mut() {
            message.created_at = message.created_at.min(now);
        }
    }

    /// Lines overdue fragments up to leave again; gives how often the most travelled of them
    /// left.
    pub(super) fn expire(&mut self, now: Time) -> u32 {
        let mut most = 0;
        while let Some((_, id)) = self
            .timers
            .first()
            .copied()
            .filter(|(time, _)| *time <= now)
        {
            if let Some((_, FragmentState::Waiting { departures }, _)) =
                self.step(id, FragmentEvent::Tick { now })
            {
                most = most.max(departures);
                self.again.push_back(id);
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::keys::ClientKeys;
    use rand_core::SeedableRng;

    const NOW: Time = Time::from_millis(10_000);
    const DELAY: Duration = Duration::from_millis(90);

    fn message(id: u8, len: usize) -> SentMessage {
        let keys = ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([1; 32]));
        let identity = keys.signing.identity_key();
        let encryption = keys.encryption.public_key();
        let sets = Split::sets_needed(len + 1, PacketSize::Regular);
        SentMessage {
            id: MessageId([id; 16]),
            to: Recipient::Address(Address {
                identity,
                encryption,
                gateway: identity,
            }),
            surbs: 0,
            head: vec![0],
            created_at: NOW,
            outcome: Outcome::Pending,
            sets: (u32::from(id) * 100..)
                .map_while(SetId::new)
                .take(sets)
                .collect(),
            body: vec![7; len],
        }
    }

    fn leave(outbox: &mut Outbox, now: Time) -> FragmentId {
        let id = outbox.next(|_, _| true).unwrap().fragment.id();
        outbox.left(now, id, DELAY);
        id
    }

    #[test]
    fn short_messages_do_not_wait_for_long_ones() {
        let mut outbox = Outbox::default();
        assert!(outbox.insert(message(1, 10_000), Purpose::Message));
        assert!(outbox.insert(message(2, 10), Purpose::Message));
        let sets: Vec<_> = (0..4).map(|_| leave(&mut outbox, NOW).set.get()).collect();
        assert_eq!(sets, [100, 200, 100, 100]);
        assert_eq!(outbox.state(MessageId([2; 16])), Some(DeliveryState::Sent));
        let sending = DeliveryState::Sending { acked: 0, total: 7 };
        assert_eq!(outbox.state(MessageId([1; 16])), Some(sending));
    }

    #[test]
    fn a_message_is_finished_by_its_last_ack_and_no_ack_counts_twice() {
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 3000), Purpose::Message);
        let [first, second] = [(); 2].map(|()| leave(&mut outbox, NOW));
        assert_eq!(
            outbox.acked(first),
            AckOutcome::Progress(MessageId([1; 16]))
        );
        assert_eq!(outbox.acked(first), AckOutcome::Stray);
        let done = SentMessage {
            outcome: Outcome::AtGateway,
            ..message(1, 3000)
        };
        assert_eq!(
            outbox.acked(second),
            AckOutcome::Finished(done, Purpose::Message)
        );
        assert_eq!(outbox.acked(second), AckOutcome::Stray);
        assert_eq!(
            (outbox.awaiting(), outbox.bytes(), outbox.deadline()),
            (0, 0, None)
        );
    }

    #[test]
    fn an_overdue_fragment_leaves_again_as_the_same_fragment() {
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 10), Purpose::Message);
        let first = outbox.next(|_, _| true).unwrap();
        outbox.left(NOW, first.fragment.id(), DELAY);
        let deadline = outbox.deadline().unwrap();
        assert_eq!(outbox.expire(NOW), 0);
        assert!(outbox.next(|_, _| true).is_none());
        assert_eq!(outbox.expire(deadline), 1);
        assert!(
            outbox.next(|_, _| false).is_none(),
            "the recipient cannot be reached"
        );
        let again = outbox.next(|_, _| true).unwrap();
        assert!(again.repeated && !first.repeated);
        assert_eq!(again.fragment, first.fragment);
    }

    #[test]
    fn an_ack_that_comes_late_spares_the_repetition() {
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 3000), Purpose::Message);
        let [first, _] = [(); 2].map(|()| leave(&mut outbox, NOW));
        outbox.expire(NOW + Duration::from_secs(60));
        assert_eq!(
            outbox.acked(first),
            AckOutcome::Progress(MessageId([1; 16]))
        );
        let again = outbox.next(|_, _| true).unwrap();
        assert_eq!(again.fragment.id().number, 2);
        assert!(outbox.next(|_, _| true).is_none());
    }

    #[test]
    fn a_failed_message_rests_until_it_is_tried_again() {
        let mut outbox = Outbox::default();
        let id = MessageId([1; 16]);
        outbox.insert(message(1, 10), Purpose::Message);
        let fragment = leave(&mut outbox, NOW);
        let patience = Duration::from_secs(5);
        assert_eq!(outbox.expired(NOW + patience, patience), []);
        let later = NOW + Duration::from_secs(6);
        assert_eq!(outbox.expired(later, patience), [id]);
        outbox.fail(id, FailReason::Expired).unwrap();
        assert_eq!(outbox.expired(later, patience), []);
        assert!(outbox.next(|_, _| true).is_none());
        assert!(!outbox.holds(fragment), "a SURB may have been taken for it");
        outbox.put_back(fragment);
        assert!(outbox.next(|_, _| true).is_none());
        assert!(
            !outbox.has_waiting(|_| true),
            "or a paced client never rests"
        );
        assert_eq!(outbox.awaiting(), 0);
        assert_eq!(outbox.retry(later, id).unwrap().outcome, Outcome::Pending);
        assert!(outbox.next(|_, _| true).is_some());
        assert_eq!(outbox.retry(later, id), None, "it did not fail again");
    }
}
