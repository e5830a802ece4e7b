//! Messages on their way out: from `send` to packets, and back from acks.

use super::anonymous::sets_needed;
use super::answering::Answer;
use super::outbox::{AckOutcome, Purpose};
use super::progress::{DeliveryState, FailReason, MessageId};
use super::record::{Outcome, Recipient, SentMessage};
use super::schedule::{Congestion, Stream};
use super::{After, Client, Output, Pacing, Problem, SendError, Store};
use crate::ChaCha20Rng;
use crate::address::Address;
use crate::crypto::random_bytes;
use crate::fragment::{FragmentId, SetId};
use crate::gateway::binary;
use crate::message::NymMessage;
use crate::packet::PacketSize;
use crate::prepare::{Prepared, Sender, prepare, prepare_cover, prepare_reply};
use crate::time::Time;
use crate::topology::Topology;
use std::time::Duration;

/// The most bytes that one message may have.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// The most bytes of messages that may wait at once.
pub const MAX_OUTBOX_BYTES: usize = 64 << 20;

/// The most packets that the gateway may owe an answer for. Keeps the websocket's buffer short,
/// and with it the time until an ack.
const MAX_UNANSWERED: usize = 32;

/// The most fragments whose ack may be awaited.
const MAX_AWAITING: usize = 256;

/// The most packets made in one go, about 40 ms of work in a browser, so that other events get
/// their turn.
const BURST: usize = 16;

/// After so many departures of a fragment, the topology is doubted.
const DOUBT_AFTER: u32 = 2;

/// Of a message's packets, a hundredth is worth telling of.
const STEPS_TOLD: usize = 100;

/// When the next packets may leave.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// More packets could have been made than one burst holds.
    more_at: Option<Time>,
    /// Real packets, and cover where there is none.
    main: Stream,
    /// Cover alone.
    cover: Stream,
    congestion: Congestion,
}

impl Schedule {
    pub(super) fn deadline(&self) -> Option<Time> {
        [self.more_at, self.main.deadline(), self.cover.deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}

impl Client {
    /// Takes a message to be sent. It counts as queued when its commit is durable, which
    /// [`Output::Delivery`] tells.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn send(&mut self, now: Time, to: &Address, body: Vec<u8>) -> Result<MessageId, SendError> {
        let id = self.next_message_id();
        self.send_with_id(now, id, to, body)
    }

    /// As [`Client::send`], under an id that [`Client::next_message_id`] gave for this message.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn send_with_id(
        &mut self,
        now: Time,
        id: MessageId,
        to: &Address,
        body: Vec<u8>,
    ) -> Result<MessageId, SendError> {
        self.check_new(id, &body)?;
        let mut message = SentMessage {
            id,
            to: Recipient::Address(*to),
            surbs: 0,
            created_at: now,
            outcome: Outcome::Pending,
            sets: Vec::new(),
            head: NymMessage::encode_plain(&[]),
            body,
        };
        message.sets = self.draw_sets(sets_needed(&message));
        self.ledger.put(Store::Outbox, id.0, message.to_record());
        self.ledger.then(After::Enqueue(message));
        self.advance(now);
        Ok(id)
    }

    /// Takes a message for whomever it is, under an id that [`Client::next_message_id`] gave for it.
    /// With `surbs` whoever has the address gets so many single-use ways back, and does not learn who
    /// we are ([`Client::send_anonymous`]); an answer to a tag ([`Client::reply`]) gives none.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn send_to(
        &mut self,
        now: Time,
        id: MessageId,
        to: Recipient,
        surbs: Option<u16>,
        body: Vec<u8>,
    ) -> Result<MessageId, SendError> {
        match (to, surbs) {
            (Recipient::Address(to), None) => self.send_with_id(now, id, &to, body),
            (Recipient::Address(to), Some(surbs)) => {
                self.send_anonymous_with_id(now, id, &to, body, surbs)
            }
            (Recipient::Anonymous(tag), _) => self.reply_with_id(now, id, tag, body),
        }
    }

    /// Whether a message can be sent at all, and kept until then.
    pub(super) fn check_new(&self, id: MessageId, body: &[u8]) -> Result<(), SendError> {
        if body.is_empty() {
            return Err(SendError::Empty);
        }
        if self.outbox.contains(id) || self.unsaved().any(|message| message.id == id) {
            return Err(SendError::IdTaken);
        }
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(SendError::TooLarge {
                limit: MAX_MESSAGE_BYTES,
            });
        }
        let waiting = self.outbox.bytes() + self.unsaved_bytes() + body.len();
        if waiting > MAX_OUTBOX_BYTES {
            return Err(SendError::OutboxFull);
        }
        Ok(())
    }

    /// Bytes of messages that are on their way to the disk, or wait for their SURBs.
    fn unsaved_bytes(&self) -> usize {
        self.unsaved().map(|message| message.body.len()).sum()
    }

    /// Messages that are on their way to the disk, or wait for their SURBs.
    fn unsaved(&self) -> impl Iterator<Item = &SentMessage> {
        let unsaved = self.ledger.waiting().filter_map(|after| match after {
            After::Enqueue(message) | After::Prepare(message) => Some(message),
            _ => None,
        });
        unsaved.chain(&self.unprepared)
    }

    /// Puts a failed message on its way again.
    pub fn retry(&mut self, now: Time, id: MessageId) {
        if let Some(message) = self.outbox.retry(now, id) {
            if let Recipient::Anonymous(tag) = message.to {
                self.surbs.waits_from(now, tag);
            }
            self.ledger.put(Store::Outbox, id.0, message.to_record());
        }
        self.advance(now);
    }

    /// Lets a message rest that is on its way: no packet of it leaves until [`Client::resume`].
    /// What has left has left, and its acks count; if they are the last, the message has
    /// arrived. The time does not count against [`Config::give_up_after`](super::Config).
    pub fn pause(&mut self, now: Time, id: MessageId) {
        match self.outbox.pause(now, id) {
            Some(message) => self.ledger.put(Store::Outbox, id.0, message.to_record()),
            None => self.change_early(id, |outcome, at| outcome.paused(now, at)),
        }
        self.advance(now);
    }

    /// Lets a message go on that was paused, behind those that are on their way now.
    pub fn resume(&mut self, now: Time, id: MessageId) {
        let held = self.fragments_with_surbs();
        match self.outbox.resume(now, id, |id| held.contains(&id)) {
            Some(message) => {
                if let Recipient::Anonymous(tag) = message.to {
                    self.surbs.waits_from(now, tag);
                }
                self.ledger.put(Store::Outbox, id.0, message.to_record());
            }
            None => self.change_early(id, |outcome, _| outcome.resumed(now)),
        }
        self.advance(now);
    }

    /// Changes what becomes of a message that is not in the outbox yet: on its way to disk, or
    /// without its SURBs. `change` is given the outcome and when the message was written.
    fn change_early(&mut self, id: MessageId, change: impl Fn(Outcome, Time) -> Option<Outcome>) {
        let unprepared = self.take_back_unprepared(id);
        let Some(mut message) = unprepared.or_else(|| self.take_back_unsaved(id)) else {
            return;
        };
        if let Some(outcome) = change(message.outcome, message.created_at) {
            message.outcome = outcome;
            self.ledger.put(Store::Outbox, id.0, message.to_record());
        }
        self.ledger.then(if message.is_prepared() {
            After::Enqueue(message)
        } else {
            After::Prepare(message)
        });
    }

    /// Takes a message back. What has left has left: if all packets did, the recipient has the
    /// message all the same; if only some did, it has pieces that it throws away in time.
    pub fn cancel(&mut self, now: Time, id: MessageId) {
        let outcome = Outcome::Failed(FailReason::Cancelled);
        let message = self.outbox.remove(id, outcome);
        let message = message.or_else(|| self.take_back_unsaved(id));
        if let Some(message) = message.or_else(|| self.take_back_unprepared(id)) {
            let message = SentMessage { outcome, ..message };
            self.finish(&message, DeliveryState::Failed(FailReason::Cancelled));
        }
        self.advance(now);
    }

    /// Takes a message back that is still on its way to disk.
    fn take_back_unsaved(&mut self, id: MessageId) -> Option<SentMessage> {
        let it = |after: &After| matches!(after, After::Enqueue(message) | After::Prepare(message) if message.id == id);
        match self.ledger.take_back(it)? {
            After::Enqueue(message) | After::Prepare(message) => Some(message),
            _ => None,
        }
    }

    /// Takes an anonymous message back that has no SURBs yet.
    fn take_back_unprepared(&mut self, id: MessageId) -> Option<SentMessage> {
        let place = self
            .unprepared
            .iter()
            .position(|message| message.id == id)?;
        Some(self.unprepared.remove(place))
    }

    pub(super) fn draw_sets(&mut self, count: usize) -> Vec<SetId> {
        let mut sets: Vec<SetId> = Vec::with_capacity(count);
        while sets.len() < count {
            let drawn = SetId::draw(&mut self.rng, None);
            if !sets.contains(&drawn) && !self.outbox.uses(drawn) {
                sets.push(drawn);
            }
        }
        sets
    }

    /// A new message is on disk: it is told of and may leave.
    pub(super) fn enqueue(&mut self, message: SentMessage) {
        self.tell_queued(message.id);
        self.outbox.insert(message, Purpose::Message);
    }

    /// A message is done with: in one commit it leaves the outbox and is remembered.
    fn finish(&mut self, message: &SentMessage, state: DeliveryState) {
        let id = message.id;
        self.told.remove(&id);
        self.ledger.delete(Store::Outbox, id.0);
        self.ledger.put(Store::Sent, id.0, message.to_record());
        self.ledger
            .then(After::Tell(Output::Delivery { id, state }));
    }

    /// A message is hopeless: it rests in the outbox until a retry.
    pub(super) fn give_up(&mut self, id: MessageId, reason: FailReason) {
        if let Some(message) = self.outbox.fail(id, reason) {
            self.ledger.put(Store::Outbox, id.0, message.to_record());
        }
    }

    pub(super) fn receive_ack(&mut self, id: FragmentId) {
        match self.outbox.acked(id) {
            AckOutcome::Stray => self.statistics.stray_acks += 1,
            AckOutcome::Progress(_) => self.statistics.acks += 1,
            AckOutcome::Finished(message, purpose) => {
                self.statistics.acks += 1;
                if purpose == Purpose::Message {
                    self.finish(&message, DeliveryState::AtGateway);
                }
            }
        }
    }

    /// Lets leave what is due.
    pub(super) fn send_packets(&mut self, now: Time) {
        if self.outbox.expire(now) >= DOUBT_AFTER || self.somebody_is_missing() {
            self.atlas.doubt();
        }
        self.schedule.more_at = None;
        if !self.may_send() {
            self.schedule.main.stop();
            self.schedule.cover.stop();
            return;
        }
        self.send_cover_stream(now);
        match self.config.pacing {
            Pacing::Off => {
                self.send_probe(now);
                self.send_burst(now);
            }
            Pacing::Poisson { mean } => self.send_main_stream(now, mean),
        }
    }

    /// As many packets as one burst holds.
    fn send_burst(&mut self, now: Time) {
        for _ in 0..BURST {
            if !self.may_send() || !self.send_packet(now) {
                return;
            }
        }
        self.schedule.more_at = Some(now);
    }

    /// One packet for each tick that is due.
    fn send_main_stream(&mut self, now: Time, mean: Duration) {
        let unanswered = self
            .sessions
            .own
            .link
            .as_ref()
            .map_or(0, |link| link.unanswered);
        self.schedule.congestion = self.schedule.congestion.next(now, unanswered);
        let nothing = !self.has_something_to_send();
        if !self.config.cover.fill_ticks && nothing {
            // Without cover nothing happens at a tick: then the process can rest.
            return self.schedule.main.stop();
        }
        let mean = mean * self.schedule.congestion.factor();
        for _ in 0..BURST {
            if !self.may_send() || !self.schedule.main.tick(now, &mut self.rng, mean) {
                return;
            }
            let sent = self.send_probe(now) || self.send_packet(now);
            if !sent && self.config.cover.fill_ticks {
                self.send_cover();
            }
        }
    }

    /// Whether a packet could leave that is no cover. An answer that waits for a SURB is none.
    fn has_something_to_send(&self) -> bool {
        let reachable = |to: &Recipient| matches!(to, Recipient::Address(_)) && self.is_listed(to);
        self.probe_waits() || self.ready_answers() > 0 || self.outbox.has_waiting(reachable)
    }

    /// One cover packet for each tick of the second stream that is due.
    fn send_cover_stream(&mut self, now: Time) {
        let Some(mean) = self.config.cover.stream else {
            return;
        };
        for _ in 0..BURST {
            if !self.may_send() || !self.schedule.cover.tick(now, &mut self.rng, mean) {
                return;
            }
            self.send_cover();
        }
    }

    fn send_cover(&mut self) {
        let prepared =
            self.with_sender(|rng, topology, sender| prepare_cover(rng, topology, sender).ok());
        if let Some(prepared) = prepared {
            self.statistics.cover_sent += 1;
            self.give_to_gateway(&prepared);
        }
    }

    /// Whether a message waits for a gateway that the topology does not list.
    fn somebody_is_missing(&self) -> bool {
        let own = self.own_gateway();
        let rests = |state: &DeliveryState| {
            matches!(
                state,
                DeliveryState::Failed(_) | DeliveryState::Paused { .. }
            )
        };
        self.outbox
            .states()
            .any(|(_, to, state)| !(rests(&state) || self.is_listed(&to) && self.atlas.lists(own)))
    }

    /// Whether the recipient's gateway, as far as it is known, is in the topology.
    fn is_listed(&self, to: &Recipient) -> bool {
        match to {
            Recipient::Address(to) => self.atlas.lists(Some(to.gateway)),
            Recipient::Anonymous(_) => true,
        }
    }

    /// Whether gateway and mixnet can take another packet.
    pub(super) fn may_send(&self) -> bool {
        let cost = i64::try_from(PacketSize::Regular.packet_len()).unwrap_or(i64::MAX);
        let own = self.own_gateway();
        let listed = self.atlas.lists(own);
        let taken = self.sessions.own.link.as_ref().is_some_and(|link| {
            link.is_online() && link.unanswered < MAX_UNANSWERED && link.bandwidth >= cost
        });
        listed && taken
    }

    /// Sends one packet; `false` if there is none.
    fn send_packet(&mut self, now: Time) -> bool {
        if self.outbox.awaiting() >= MAX_AWAITING {
            return false;
        }
        let Some((id, repeated, prepared)) = self.next_answer().or_else(|| self.next_fragment())
        else {
            return false;
        };
        self.outbox.left(now, id, prepared.expected_delay);
        self.statistics.packets_sent += 1;
        self.statistics.packets_repeated += u64::from(repeated);
        self.give_to_gateway(&prepared);
        true
    }

    /// The next fragment for the owner of an address, packed.
    fn next_fragment(&mut self) -> Option<(FragmentId, bool, Prepared)> {
        let atlas = &self.atlas;
        let reachable = |to: &Recipient, _| match to {
            Recipient::Address(to) => atlas.lists(Some(to.gateway)),
            Recipient::Anonymous(_) => false,
        };
        let ready = self.outbox.next(reachable)?;
        let id = ready.fragment.id();
        let Recipient::Address(to) = ready.to else {
            return None;
        };
        let prepared = self.with_sender(|rng, topology, sender| {
            prepare(rng, topology, sender, &to, &ready.fragment).ok()
        });
        if prepared.is_none() {
            self.outbox.put_back(id);
        }
        prepared.map(|prepared| (id, ready.repeated, prepared))
    }

    /// The next fragment of an answer whose SURB is gone from disk, packed.
    fn next_answer(&mut self) -> Option<(FragmentId, bool, Prepared)> {
        let outbox = &self.outbox;
        self.answers
            .retain(|answer| outbox.holds(answer.fragment.id()));
        let may_leave = |answer: &Answer| outbox.may_leave(answer.fragment.id());
        let place = self.answers.iter().position(may_leave)?;
        let Answer {
            fragment,
            repeated,
            held,
        } = self.answers.remove(place)?;
        let prepared = self.with_sender(|rng, topology, sender| {
            prepare_reply(rng, topology, sender, held.surb, held.parity, &fragment).ok()
        });
        if prepared.is_none() {
            self.outbox.put_back(fragment.id());
        }
        prepared.map(|prepared| (fragment.id(), repeated, prepared))
    }

    /// Calls `pack` with what every packet of ours is made from.
    pub(super) fn with_sender(
        &mut self,
        pack: impl FnOnce(&mut ChaCha20Rng, &Topology, Sender<'_>) -> Option<Prepared>,
    ) -> Option<Prepared> {
        let address = self.address()?;
        let sender = Sender {
            address: &address,
            ack_key: &self.keys.ack,
            packet_delay: self.config.average_packet_delay,
            ack_delay: self.config.average_ack_delay,
        };
        pack(&mut self.rng, self.atlas.topology()?, sender)
    }

    pub(super) fn give_to_gateway(&mut self, prepared: &Prepared) {
        let Some((link, key)) = self
            .sessions
            .own
            .link
            .as_mut()
            .and_then(|link| link.key.clone().map(|key| (link, key)))
        else {
            return;
        };
        let nonce = random_bytes(&mut self.rng);
        let bytes = binary::encode_request(link.packet_version(), &key, nonce, &prepared.packet);
        link.unanswered += 1;
        link.bandwidth -= i64::try_from(prepared.packet.packet.len()).unwrap_or(i64::MAX);
        self.outputs.push_back(Output::SendBinary {
            connection: link.connection,
            bytes,
        });
    }

    /// Tells of every message that has got on noticeably, once all that led to it is on disk.
    pub(super) fn tell_deliveries(&mut self) {
        for output in self.delivery_news() {
            if self.ledger.is_idle() {
                self.outputs.push_back(output);
            } else {
                self.ledger.then(After::Tell(output));
            }
        }
    }

    fn delivery_news(&mut self) -> Vec<Output> {
        let mut news = Vec::new();
        let unprepared = self.unprepared.iter().map(unprepared_state);
        for (id, to, state) in self.outbox.states().chain(unprepared) {
            let state = match self.obstacle(&to, &state) {
                Some(problem) => DeliveryState::Queued {
                    waiting: Some(problem),
                },
                None => state,
            };
            if self
                .told
                .get(&id)
                .is_none_or(|told| worth_telling(told, &state))
            {
                self.told.insert(id, state.clone());
                news.push(Output::Delivery { id, state });
            }
        }
        news
    }

    /// What keeps a message from leaving, or the rest of it.
    fn obstacle(&self, to: &Recipient, state: &DeliveryState) -> Option<Problem> {
        use DeliveryState::{Queued, Sending};
        let looked = self.atlas.topology().is_some();
        match (to, state) {
            (Recipient::Address(_), Queued { .. }) if looked && !self.is_listed(to) => {
                Some(Problem::RecipientGatewayMissing)
            }
            (Recipient::Anonymous(tag), Queued { .. } | Sending { .. })
                if !self.surbs.may_reply(*tag) =>
            {
                Some(Problem::NoSurbs)
            }
            _ => None,
        }
    }
}

/// Where a message is that has no SURBs yet.
fn unprepared_state(message: &SentMessage) -> (MessageId, Recipient, DeliveryState) {
    let state = if message.outcome.is_moving() {
        DeliveryState::Queued { waiting: None }
    } else {
        let (acked, total) = (0, 0);
        DeliveryState::Paused { acked, total }
    };
    (message.id, message.to, state)
}

/// Whether a state is news after the one told last.
fn worth_telling(told: &DeliveryState, state: &DeliveryState) -> bool {
    use DeliveryState::{Paused, Sending};
    match (told, state) {
        (
            Sending { acked: before, .. },
            Sending {
                acked: after,
                total,
            },
        )
        | (
            Paused { acked: before, .. },
            Paused {
                acked: after,
                total,
            },
        ) => before * STEPS_TOLD / total.max(&1) != after * STEPS_TOLD / total.max(&1),
        (before, after) => before != after,
    }
}
