//! Writing without being known: messages with SURBs for the answer (protocol.md 6.1-6.4).

use super::outbox::Purpose;
use super::record::{Outcome, Recipient, SentMessage};
use super::{After, Client, DeliveryState, MessageId, Output, SendError, Store};
use crate::address::Address;
use crate::crypto::random_bytes;
use crate::fragment::Split;
use crate::message::{Content, NymMessage, Repliable, SenderTag};
use crate::packet::{Journey, PacketSize};
use crate::surb::{Surb, SurbBatch, SurbRequest};
use crate::time::Time;

/// The most SURBs that go with one message.
pub const MAX_SURBS: u16 = 100;

/// The most SURBs that one request is answered with.
const MAX_REQUESTED: u32 = 500;

impl Client {
    /// Takes a message to be sent without telling who we are, with `surbs` (at most
    /// [`MAX_SURBS`]) single-use ways back for the answer. The recipient sees a tag, the same
    /// one for every message that it gets from us.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn send_anonymous(
        &mut self,
        now: Time,
        to: &Address,
        body: Vec<u8>,
        surbs: u16,
    ) -> Result<MessageId, SendError> {
        let id = self.next_message_id();
        self.send_anonymous_with_id(now, id, to, body, surbs)
    }

    /// As [`Client::send_anonymous`], under an id that [`Client::next_message_id`] gave for this
    /// message.
    ///
    /// # Errors
    /// [`SendError`] if it can never be sent like this; nothing has changed then.
    pub fn send_anonymous_with_id(
        &mut self,
        now: Time,
        id: MessageId,
        to: &Address,
        body: Vec<u8>,
        surbs: u16,
    ) -> Result<MessageId, SendError> {
        self.check_new(id, &body)?;
        let message = SentMessage {
            id,
            to: Recipient::Address(*to),
            surbs: surbs.min(MAX_SURBS),
            created_at: now,
            outcome: Outcome::Pending,
            sets: Vec::new(),
            head: Vec::new(),
            body,
        };
        self.ledger.put(Store::Outbox, id.0, message.to_record());
        self.ledger.then(After::Prepare(message));
        self.advance(now);
        Ok(id)
    }

    /// A new anonymous message is on disk: it is told of, and waits for its SURBs.
    pub(super) fn enqueue_unprepared(&mut self, message: SentMessage) {
        self.tell_queued(message.id);
        self.unprepared.push(message);
    }

    pub(super) fn tell_queued(&mut self, id: MessageId) {
        let state = DeliveryState::Queued { waiting: None };
        if self.told.insert(id, state.clone()).is_none() {
            self.outputs.push_back(Output::Delivery { id, state });
        }
    }

    /// Gives anonymous messages their SURBs, as soon as there is a way back.
    pub(super) fn prepare_anonymous(&mut self) {
        if self.unprepared.is_empty() || !self.can_make_surbs() {
            return;
        }
        let unprepared = std::mem::take(&mut self.unprepared).into_iter();
        let (ready, paused) = unprepared.partition(|message| message.outcome.is_moving());
        self.unprepared = paused;
        let ready: Vec<_> = ready;
        for mut message in ready {
            let Recipient::Address(to) = message.to else {
                continue;
            };
            let tag = self.sender_tag(to);
            let surbs = self.make_surbs(message.created_at, tag, usize::from(message.surbs));
            let content = Content::Data(Vec::new());
            message.head = NymMessage::Repliable(Repliable {
                tag,
                content,
                surbs,
            })
            .encode();
            message.surbs = 0;
            message.sets = self.draw_sets(sets_needed(&message));
            self.ledger
                .put(Store::Outbox, message.id.0, message.to_record());
            self.ledger.then(After::Enqueue(message));
        }
    }

    fn can_make_surbs(&self) -> bool {
        let home = self.address().map(|address| address.gateway);
        self.atlas.lists(home)
    }

    /// Makes SURBs that lead to us, for whoever knows us by `tag`. The keys of the answers go to
    /// disk with the next commit, so what carries the SURBs must wait for it.
    fn make_surbs(&mut self, now: Time, tag: SenderTag, count: usize) -> SurbBatch {
        let (Some(address), Some(topology)) = (self.address(), self.atlas.topology()) else {
            return SurbBatch::default();
        };
        let mut batch = SurbBatch {
            rotation: topology.rotation(),
            surbs: Vec::new(),
        };
        for _ in 0..count {
            let Some(route) = topology.route(&mut self.rng, &address.gateway) else {
                continue;
            };
            let delay = self.config.average_packet_delay;
            let journey = Journey::draw(&mut self.rng, &route, address.identity, delay);
            if let Ok(surb) = Surb::make(&mut self.rng, &journey) {
                let (digest, record) = self.reply_keys.remember(now, tag, &surb);
                self.ledger.put(Store::ReplyKey, digest, record);
                batch.surbs.push(surb);
            }
        }
        batch
    }

    /// The tag by which that recipient knows us; drawn at the first message.
    fn sender_tag(&mut self, to: Address) -> SenderTag {
        if let Some(tag) = self.sender_tags.get(&to) {
            return *tag;
        }
        let tag = SenderTag(random_bytes(&mut self.rng));
        self.sender_tags.insert(to, tag);
        self.ledger
            .put(Store::SenderTag, to.to_bytes(), tag.0.to_vec());
        tag
    }

    /// Who knows us by that tag.
    pub(super) fn known_as(&self, tag: SenderTag) -> Option<Address> {
        let mut known = self.sender_tags.iter();
        known
            .find(|(_, known)| **known == tag)
            .map(|(address, _)| *address)
    }

    /// Someone runs out of our SURBs. Only who got a message from us is given more.
    pub(super) fn surbs_requested(&mut self, now: Time, request: SurbRequest) {
        let Some(tag) = self.sender_tags.get(&request.to).copied() else {
            self.statistics.unreadable += 1;
            return;
        };
        let mut left = usize::try_from(request.amount.min(MAX_REQUESTED)).unwrap_or_default();
        while left > 0 && self.can_make_surbs() {
            let count = left.min(usize::from(MAX_SURBS));
            left -= count;
            let surbs = self.make_surbs(now, tag, count);
            let content = Content::AdditionalSurbs;
            let message = NymMessage::Repliable(Repliable {
                tag,
                content,
                surbs,
            });
            self.send_service(
                now,
                Recipient::Address(request.to),
                &message,
                Purpose::MoreSurbs,
            );
        }
    }

    /// Sends something that no user wrote, once what it relies on is on disk.
    pub(super) fn send_service(
        &mut self,
        now: Time,
        to: Recipient,
        message: &NymMessage,
        purpose: Purpose,
    ) {
        let mut message = SentMessage {
            id: MessageId(random_bytes(&mut self.rng)),
            to,
            surbs: 0,
            created_at: now,
            outcome: Outcome::Pending,
            sets: Vec::new(),
            head: message.encode(),
            body: Vec::new(),
        };
        message.sets = self.draw_sets(sets_needed(&message));
        if self.ledger.is_idle() {
            self.outbox.insert(message, purpose);
        } else {
            self.ledger.then(After::EnqueueService(message, purpose));
        }
    }
}

/// Sets that a prepared message fills.
pub(super) fn sets_needed(message: &SentMessage) -> usize {
    Split::sets_needed(message.head.len() + message.body.len(), PacketSize::Regular)
}
