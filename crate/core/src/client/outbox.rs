//! Messages on their way out, and which of their fragments is where.

use super::progress::{DeliveryState, FailReason, MessageId};
use super::record::{Outcome, Recipient, SentMessage};
use super::retransmission::{FragmentEvent, FragmentState, next};
use crate::envelope;
use crate::fragment::{Fragment, FragmentId, MAX_SET, SetId, Split};
use crate::message::SenderTag;
use crate::packet::PacketSize;
use crate::time::Time;
use litemap::LiteMap;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// The most fragments of one message that may be on their way at once: half of what may be
/// altogether, so that a long message to a dead gateway leaves room for the others.
const WINDOW: usize = 128;

/// A message that rested for longer is sent from the start again: its recipient may have thrown
/// the first pieces away. The official client does after 30 minutes, which leaves ten for the rest.
const PIECES_KEPT: Duration = Duration::from_secs(20 * 60);

/// The same for an envelope, as Sotto keeps pieces for two days.
const PIECES_KEPT_BY_SOTTO: Duration = Duration::from_secs(24 * 3600);

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
    /// Anything but at the gateway: then it is not here.
    outcome: Outcome,
    /// When it was paused, if it was; forgotten with a restart, as the acks are.
    paused_at: Time,
}

impl Outgoing {
    /// Plans a message; `None` if the sets do not fit it.
    fn new(message: SentMessage, purpose: Purpose) -> Option<Self> {
        let head_len = message.head.len();
        let wire = [message.head, message.body].concat();
        let split = Split::new(wire.len(), PacketSize::Regular, message.sets).ok()?;
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
            outcome: message.outcome,
            paused_at: Time::default(),
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

    /// Whether it was given up.
    const fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    /// Whether a user wrote it and its packets leave, or are to.
    fn is_moving_message(&self) -> bool {
        self.purpose == Purpose::Message && self.outcome.is_moving()
    }

    /// Whether it rests for so long that its first pieces may be gone at the recipient.
    fn is_stale(&self, now: Time) -> bool {
        let body = self.wire.get(self.head_len..);
        let kept = match body.is_some_and(|body| body.starts_with(&envelope::MAGIC)) {
            true => PIECES_KEPT_BY_SOTTO,
            false => PIECES_KEPT,
        };
        now.saturating_since(self.paused_at) > kept
    }

    /// Fragments that left at least once, or were about to, and whose turn it is again.
    fn overdue(&self) -> impl Iterator<Item = FragmentId> {
        let departed = self.fragments.iter().take(self.departed);
        let waits = |state: &FragmentState| matches!(state, FragmentState::Waiting { .. });
        let overdue = departed.enumerate().filter(move |(_, state)| waits(state));
        overdue.filter_map(|(index, _)| self.split.id(index))
    }

    /// Whether so many fragments are on their way that the next ones have to wait for acks.
    const fn is_window_full(&self) -> bool {
        self.departed >= self.acked + WINDOW
    }

    /// Where the message is, if nothing keeps it from leaving.
    fn state(&self) -> DeliveryState {
        let (acked, total) = (self.acked, self.split.count());
        match (self.outcome, self.departed) {
            (Outcome::Failed(reason), _) => DeliveryState::Failed(reason),
            (Outcome::Paused { .. }, _) => DeliveryState::Paused { acked, total },
            (_, 0) => DeliveryState::Queued { waiting: None },
            (_, departed) if departed == total => DeliveryState::Sent,
            _ => DeliveryState::Sending { acked, total },
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
    Finished(Box<SentMessage>, Purpose),
}

/// Messages on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: LiteMap<MessageId, Outgoing>,
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
        let given_up = |message: &&Outgoing| message.is_failed();
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
        if outgoing.outcome.is_moving() {
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

    /// Lets a message rest that is on its way, as it is to be written.
    pub(super) fn pause(&mut self, now: Time, id: MessageId) -> Option<SentMessage> {
        let message = self.messages.get_mut(&id)?;
        if message.purpose != Purpose::Message {
            return None;
        }
        message.outcome = message.outcome.paused(now, message.created_at)?;
        message.paused_at = now;
        self.turns.retain(|turn| *turn != id);
        Some(message.to_message(message.outcome))
    }

    /// Lets a message go on that rests, as it is to be written: what has not left takes its turn
    /// behind the others. `leaves` says which fragments are about to leave in another way.
    pub(super) fn resume(
        &mut self,
        now: Time,
        id: MessageId,
        leaves: impl Fn(FragmentId) -> bool,
    ) -> Option<SentMessage> {
        let message = self.messages.get_mut(&id)?;
        message.outcome = message.outcome.resumed(now)?;
        if message.is_stale(now) {
            return self.start_over(id);
        }
        let sets = message.split.sets();
        self.again.retain(|fragment| !sets.contains(&fragment.set));
        let overdue = message.overdue().filter(|fragment| !leaves(*fragment));
        self.again.extend(overdue);
        if message.departed < message.split.count() {
            self.turns.push_back(id);
        }
        Some(message.to_message(message.outcome))
    }

    /// Sends every fragment again, as the same fragments.
    fn start_over(&mut self, id: MessageId) -> Option<SentMessage> {
        let outcome = self.messages.get(&id)?.outcome;
        let message = self.remove(id, outcome)?;
        self.insert(message.clone(), Purpose::Message);
        Some(message)
    }

    /// Puts a failed message on its way again, as it is to be written.
    pub(super) fn retry(&mut self, now: Time, id: MessageId) -> Option<SentMessage> {
        if !self.messages.get(&id)?.is_failed() {
            return None;
        }
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
            let since = message.outcome.tried_since(message.created_at);
            message.purpose == Purpose::Message
                && since.is_some_and(|since| now.saturating_since(since) > patience)
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
    pub(super) fn answers(&self) -> LiteMap<SenderTag, usize> {
        let mut answers = LiteMap::new();
        for message in self.messages.values() {
            if let (Recipient::Anonymous(tag), true) = (message.to, message.is_moving_message()) {
                *answers.entry(tag).or_insert(0) += message.split.count() - message.acked;
            }
        }
        answers
    }

    /// Answers of users on their way to that correspondent.
    pub(super) fn answers_to(&self, tag: SenderTag) -> Vec<MessageId> {
        let to = Recipient::Anonymous(tag);
        let answer = |message: &&Outgoing| message.to == to && message.is_moving_message();
        self.messages
            .values()
            .filter(answer)
            .map(|message| message.id)
            .collect()
    }

    /// Whether a fragment is still on its way, even if it rests.
    pub(super) fn holds(&self, id: FragmentId) -> bool {
        self.place(id)
            .is_some_and(|(message, _)| !message.is_failed())
    }

    /// Whether a fragment is still on its way, and does not rest.
    pub(super) fn may_leave(&self, id: FragmentId) -> bool {
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
    /// given up rests, as one does that was paused.
    fn find(&self, id: FragmentId) -> Option<(&Outgoing, usize)> {
        self.place(id)
            .filter(|(message, _)| message.outcome.is_moving())
    }

    /// The message of a fragment, and the fragment's place in it.
    fn place(&self, id: FragmentId) -> Option<(&Outgoing, usize)> {
        let (message, place) = self.sets.get(&id.set)?;
        let index = place * usize::from(MAX_SET) + usize::from(id.number) - 1;
        Some((self.messages.get(message)?, index))
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
                        AckOutcome::Finished(Box::new(message), purpose)
                    })
            }
        }
    }

    /// The clock was set back: nothing was written later than now.
    pub(super) fn clock_was_set(&mut self, now: Time) {
        for (_, message) in &mut self.messages {
            message.created_at = message.created_at.min(now);
            message.outcome = message.outcome.no_later_than(now);
            message.paused_at = message.paused_at.min(now);
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
            AckOutcome::Finished(done.into(), Purpose::Message)
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

    const ID: MessageId = MessageId([1; 16]);

    fn resume(outbox: &mut Outbox, now: Time) -> Option<SentMessage> {
        outbox.resume(now, ID, |_| false)
    }

    /// The numbers of the fragments that leave until none does.
    fn leaving(outbox: &mut Outbox, now: Time) -> Vec<u8> {
        let mut numbers = Vec::new();
        while let Some(ready) = outbox.next(|_, _| true) {
            let id = ready.fragment.id();
            outbox.left(now, id, DELAY);
            numbers.push(id.number);
        }
        numbers
    }

    #[test]
    fn a_paused_message_stays_where_it_is_and_its_acks_count() {
        // Departures and acks before the pause, and whether the rest is overdue when it ends;
        // what leaves then.
        let table: [(usize, usize, bool, &[u8]); 7] = [
            (0, 0, false, &[1, 2, 3]),
            (1, 0, false, &[2, 3]),
            (1, 0, true, &[1, 2, 3]),
            (2, 1, false, &[3]),
            (2, 1, true, &[2, 3]),
            (3, 2, false, &[]),
            (3, 2, true, &[3]),
        ];
        for (departures, acks, overdue, expected) in table {
            let case = format!("{departures} {acks} {overdue}");
            let mut outbox = Outbox::default();
            outbox.insert(message(1, 4000), Purpose::Message);
            let left: Vec<_> = (0..departures).map(|_| leave(&mut outbox, NOW)).collect();
            assert!(outbox.pause(NOW, ID).is_some(), "{case}");
            assert_eq!(outbox.pause(NOW, ID), None, "{case}");
            let later = NOW + Duration::from_secs(if overdue { 60 } else { 0 });
            outbox.expire(later);
            assert!(outbox.next(|_, _| true).is_none(), "{case}");
            assert!(!outbox.has_waiting(|_| true), "{case}");
            for id in &left[..acks] {
                assert_eq!(outbox.acked(*id), AckOutcome::Progress(ID), "{case}");
            }
            let state = DeliveryState::Paused {
                acked: acks,
                total: 3,
            };
            assert_eq!(outbox.state(ID), Some(state), "{case}");
            assert!(resume(&mut outbox, later).is_some(), "{case}");
            assert_eq!(resume(&mut outbox, later), None, "{case}");
            assert_eq!(leaving(&mut outbox, later), expected, "{case}");
        }
    }

    #[test]
    fn after_a_long_rest_every_piece_leaves_again_as_the_first_may_be_gone() {
        let plain = message(1, 3000);
        let mut to_sotto = message(1, 3000);
        to_sotto.body[..6].copy_from_slice(&envelope::MAGIC);
        let hour = Duration::from_secs(3600);
        let table = [
            (&plain, hour / 3, vec![2]),
            (&plain, hour / 2, vec![1, 2]),
            (&to_sotto, hour * 24, vec![2]),
            (&to_sotto, hour * 25, vec![1, 2]),
        ];
        for (message, rest, expected) in table {
            let mut outbox = Outbox::default();
            outbox.insert(message.clone(), Purpose::Message);
            let [first, _] = [(); 2].map(|()| leave(&mut outbox, NOW));
            outbox.acked(first);
            outbox.pause(NOW, ID).unwrap();
            outbox.expire(NOW + rest);
            let resumed = resume(&mut outbox, NOW + rest).unwrap();
            assert_eq!(resumed.sets, message.sets, "{rest:?}");
            assert_eq!(leaving(&mut outbox, NOW + rest), expected, "{rest:?}");
            assert_eq!(outbox.awaiting(), expected.len(), "{rest:?}");
        }
    }

    #[test]
    fn the_last_ack_finishes_a_paused_message() {
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 10), Purpose::Message);
        let only = leave(&mut outbox, NOW);
        outbox.pause(NOW, ID).unwrap();
        assert!(matches!(
            outbox.acked(only),
            AckOutcome::Finished(_, Purpose::Message)
        ));
        assert_eq!(resume(&mut outbox, NOW), None);
    }

    #[test]
    fn a_pause_does_not_count_against_the_patience_over_any_restart() {
        let second = Duration::from_secs(1);
        let (patience, day) = (second * 10, second * 86_400);
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 10), Purpose::Message);
        let paused = outbox.pause(NOW + second * 9, ID).unwrap();
        let again = |message: SentMessage| {
            let record = message.to_record();
            let mut outbox = Outbox::default();
            outbox.insert(
                SentMessage::from_record(&ID.0, &record).unwrap(),
                Purpose::Message,
            );
            outbox
        };
        for mut outbox in [outbox, again(paused)] {
            assert_eq!(outbox.expired(NOW + day, patience), []);
            assert!(outbox.next(|_, _| true).is_none());
            let resumed = resume(&mut outbox, NOW + day).unwrap();
            for outbox in [outbox, again(resumed)] {
                assert_eq!(outbox.expired(NOW + day + second, patience), []);
                assert_eq!(outbox.expired(NOW + day + second * 2, patience), [ID]);
            }
        }
    }

    #[test]
    fn others_keep_their_order_while_one_rests() {
        let mut outbox = Outbox::default();
        for id in 1..=3 {
            outbox.insert(message(id, 3000), Purpose::Message);
        }
        let turn = |outbox: &mut Outbox| leave(outbox, NOW).set.get() / 100;
        assert_eq!(turn(&mut outbox), 1);
        outbox.pause(NOW, ID).unwrap();
        assert_eq!([(); 2].map(|()| turn(&mut outbox)), [2, 3]);
        resume(&mut outbox, NOW).unwrap();
        assert_eq!([(); 3].map(|()| turn(&mut outbox)), [2, 3, 1]);
        assert!(outbox.next(|_, _| true).is_none());
    }

    #[test]
    fn what_leaves_in_another_way_is_not_lined_up_again() {
        let mut outbox = Outbox::default();
        outbox.insert(message(1, 3000), Purpose::Message);
        // As for a SURB: taken, and not yet gone.
        let taken = outbox.next(|_, _| true).unwrap().fragment.id();
        outbox.pause(NOW, ID).unwrap();
        assert!(outbox.holds(taken) && !outbox.may_leave(taken));
        outbox.resume(NOW, ID, |id| id == taken).unwrap();
        assert!(outbox.may_leave(taken));
        assert_eq!(leaving(&mut outbox, NOW), [2]);
        outbox.pause(NOW, ID).unwrap();
        resume(&mut outbox, NOW).unwrap();
        assert_eq!(leaving(&mut outbox, NOW), [1], "it did not leave after all");
    }

    #[test]
    fn only_what_is_on_its_way_can_be_paused_and_nothing_that_no_user_wrote() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.pause(NOW, ID), None);
        outbox.insert(message(1, 10), Purpose::SurbRequest);
        assert_eq!(outbox.pause(NOW, ID), None);
        outbox.remove(ID, Outcome::Pending);
        outbox.insert(message(1, 10), Purpose::Message);
        assert_eq!(resume(&mut outbox, NOW), None, "it does not rest");
        outbox.fail(ID, FailReason::Expired).unwrap();
        assert_eq!(outbox.pause(NOW, ID), None);
        outbox.retry(NOW, ID).unwrap();
        outbox.pause(NOW, ID).unwrap();
        assert_eq!(outbox.retry(NOW, ID), None, "it has not failed");
        let cancelled = outbox.remove(ID, Outcome::Failed(FailReason::Cancelled));
        assert!(cancelled.is_some(), "it can be taken back");
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
