//! Answering those who are not known, through the SURBs they gave (protocol.md 6.5, 6.6).

use super::anonymous::sets_needed;
use super::outbox::Purpose;
use super::record::{Outcome, Recipient, SentMessage};
use super::surbs::{Decision, Held, decide, made_for, record_key};
use super::{After, Client, FailReason, MessageId, Output, SendError, Store};
use crate::fragment::{Fragment, FragmentId};
use crate::message::{NymMessage, Reply, SenderTag};
use crate::surb::{SurbBatch, SurbRequest};
use crate::time::Time;
use std::collections::HashSet;

/// The most fragments of answers that may hold a SURB and wait for their turn to leave.
const MAX_ANSWERS: usize = 32;

/// A fragment of an answer and the SURB that it leaves through.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) fragment: Fragment,
    pub(super) repeated: bool,
    pub(super) held: Held,
}

impl Client {
    /// Takes an answer to an anonymous correspondent.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn reply(
        &mut self,
        now: Time,
        to: SenderTag,
        body: Vec<u8>,
    ) -> Result<MessageId, SendError> {
        let id = self.next_message_id();
        self.reply_with_id(now, id, to, body)
    }

    /// As [`Client::reply`], under an id that [`Client::next_message_id`] gave for this message.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn reply_with_id(
        &mut self,
        now: Time,
        id: MessageId,
        to: SenderTag,
        body: Vec<u8>,
    ) -> Result<MessageId, SendError> {
        self.check_new(id, &body)?;
        if !self.surbs.knows(to) {
            return Err(SendError::UnknownCorrespondent);
        }
        let mut message = SentMessage {
            id,
            to: Recipient::Anonymous(to),
            surbs: 0,
            created_at: now,
            outcome: Outcome::Pending,
            sets: Vec::new(),
            head: NymMessage::Reply(Reply::Data(Vec::new())).encode(),
            body,
        };
        message.sets = self.draw_sets(sets_needed(&message));
        if !self.outbox.answers().contains_key(&to) {
            self.surbs.waits_from(now, to);
        }
        self.ledger.put(Store::Outbox, id.0, message.to_record());
        self.ledger.then(After::Enqueue(message));
        self.advance(now);
        Ok(id)
    }

    /// SURBs on hand for answering that correspondent.
    pub fn surbs(&self, tag: SenderTag) -> usize {
        self.surbs.available(tag)
    }

    /// Files the SURBs that came with a message. They go to disk with it.
    pub(super) fn receive_surbs(&mut self, now: Time, tag: SenderTag, batch: SurbBatch) {
        let made_for = made_for(batch.rotation, self.rotation.id);
        for surb in batch.surbs {
            let record = self.surbs.receive(now, tag, batch.rotation, made_for, surb);
            if let Some((key, value)) = record {
                self.ledger.put(Store::Surb, key, value);
            }
        }
        self.tell_surbs(tag);
    }

    pub(super) fn restore_surb(&mut self, key: &[u8], value: &[u8]) -> bool {
        self.surbs.restore(self.clock, key, value)
    }

    fn tell_surbs(&mut self, tag: SenderTag) {
        let available = self.surbs.available(tag);
        self.ledger
            .then(After::Tell(Output::Surbs { tag, available }));
    }

    /// The directory told of epoch and rotation: SURBs may have died.
    pub(super) fn look_at_rotation(&mut self) {
        let Some(topology) = self.atlas.topology() else {
            return;
        };
        self.rotation = self.rotation.next(topology.rotation_id(), topology.epoch());
        for (tag, number) in self.surbs.drop_dead(self.rotation) {
            self.ledger.delete(Store::Surb, record_key(tag, number));
            self.tell_surbs(tag);
        }
    }

    /// Asks for SURBs where they run short, and gives up where none come.
    pub(super) fn look_after_surbs(&mut self, now: Time) {
        let answers = self.outbox.answers();
        for tag in self.surbs.tags() {
            let queued = answers.get(&tag).copied().unwrap_or_default();
            let Some(level) = self.surbs.level(now, tag, self.rotation, queued) else {
                continue;
            };
            match decide(level) {
                Decision::Wait => {}
                Decision::Ask(amount) => self.ask_for_surbs(now, tag, amount),
                Decision::GiveUp => {
                    for id in self.outbox.answers_to(tag) {
                        self.give_up(id, FailReason::NoSurbs);
                    }
                }
            }
        }
    }

    fn ask_for_surbs(&mut self, now: Time, tag: SenderTag, amount: usize) {
        let Some(to) = self.address() else {
            return;
        };
        self.surbs.asked(now, tag, amount);
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let request = NymMessage::Reply(Reply::SurbRequest(SurbRequest { to, amount }));
        self.send_service(
            now,
            Recipient::Anonymous(tag),
            &request,
            Purpose::SurbRequest,
        );
    }

    /// Fragments of answers that hold a SURB and may leave. Others rest.
    pub(super) fn ready_answers(&self) -> usize {
        let may_leave = |answer: &&Answer| self.outbox.may_leave(answer.fragment.id());
        self.answers.iter().filter(may_leave).count()
    }

    /// Fragments of answers for which a SURB was taken and that have not left.
    pub(super) fn fragments_with_surbs(&self) -> HashSet<FragmentId> {
        let waiting = self.ledger.waiting().filter_map(|after| match after {
            After::Answer(answer) => Some(answer.as_ref()),
            _ => None,
        });
        let answers = self.answers.iter().chain(waiting);
        answers.map(|answer| answer.fragment.id()).collect()
    }

    /// Takes a SURB for each fragment of an answer whose turn it is. The SURB goes from disk
    /// before the packet that uses it leaves, so it is never used twice. While nothing can leave
    /// none is taken: it would be lost if the worker ended, and the answer be told as sent.
    pub(super) fn take_surbs(&mut self) {
        while self.ready_answers() < MAX_ANSWERS && self.may_send() {
            let surbs = &self.surbs;
            let may_leave = |to: &Recipient, purpose| match (to, purpose) {
                (Recipient::Address(_), _) => false,
                (Recipient::Anonymous(tag), Purpose::Message) => surbs.may_reply(*tag),
                (Recipient::Anonymous(tag), _) => surbs.available(*tag) > 0,
            };
            let Some(ready) = self.outbox.next(may_leave) else {
                return;
            };
            let Recipient::Anonymous(tag) = ready.to else {
                return;
            };
            let Some(held) = self.surbs.take(tag, self.rotation) else {
                return self.outbox.put_back(ready.fragment.id());
            };
            self.ledger
                .delete(Store::Surb, record_key(tag, held.number));
            let answer = Answer {
                fragment: ready.fragment,
                repeated: ready.repeated,
                held,
            };
            self.ledger.then(After::Answer(Box::new(answer)));
            self.tell_surbs(tag);
        }
    }
}
