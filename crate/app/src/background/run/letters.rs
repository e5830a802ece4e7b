//! What comes in and what goes out, as letters: who is meant, what is put around the words, and what
//! each tells of the other side.

use sotto_core::{
    address::Address,
    client::{MessageId, ReceivedMessage, Recipient, SentMessage},
    envelope::{Content, Envelope},
    time::Time,
};

use super::Run;
use crate::{
    again::tries,
    conversation::{Correspondent, SURBS_A_MESSAGE},
    exchange::Way,
    letter::{Letter, Says},
    page::{DeliveryView, Direction, MessageView, Outline, RequestError, Trust},
    timeline::About,
};

/// What the user wants to send.
pub(in crate::background) struct Draft {
    pub(in crate::background) to: Correspondent,
    pub(in crate::background) content: Content,
    /// To an address: without saying who we are.
    pub(in crate::background) anonymous: bool,
}

impl Run {
    /// The other side of the conversation that somebody belongs to: whoever moved to another gateway
    /// is still the same.
    pub(in crate::background) fn peer(&self, one: Correspondent) -> Correspondent {
        match one {
            Correspondent::Address(address) => self.timeline.owner(&address).unwrap_or(one),
            _ => one,
        }
    }

    /// Where the other side of a conversation receives now.
    pub(super) fn whereabouts(&self, peer: Correspondent, id: &Address) -> Address {
        let known = self.timeline.get(&peer.id());
        let moved = known.and_then(|one| one.about.address.as_ref()?.parse().ok());
        moved.unwrap_or(*id)
    }

    /// The user writes to an address.
    pub(in crate::background) fn meet(&mut self, peer: Correspondent, address: &Address) {
        if Correspondent::Address(*address) != peer {
            self.timeline
                .change(peer, |about| about.meet(peer, address));
        }
    }

    /// Whether messages to somebody are plain text: as the user wants, and else as they write
    /// themselves.
    pub(in crate::background) fn is_plain(&self, peer: Correspondent) -> bool {
        let known = self.timeline.get(&peer.id());
        known.is_some_and(|one| one.about.is_plain())
    }

    /// Gives a message to the client: its name, and how it will be shown once it is on disk.
    pub(in crate::background) fn write(
        &mut self,
        now: Time,
        draft: Draft,
    ) -> Result<(MessageId, MessageView), RequestError> {
        let id = self.client.next_message_id();
        let to = match draft.to {
            Correspondent::Address(address) => {
                Recipient::Address(self.whereabouts(draft.to, &address))
            }
            Correspondent::Anonymous(tag) => Recipient::Anonymous(tag),
            Correspondent::Unknown => return Err(RequestError::NoCorrespondent),
        };
        let anonymous = draft.anonymous && matches!(to, Recipient::Address(_));
        let plain = self.is_plain(draft.to);
        let surbs = anonymous.then_some(SURBS_A_MESSAGE);
        let body = self.body(id, to, surbs, draft.content, plain)?;
        let letter = Letter::written(&body);
        let taken = self.client.send_to(now, id, to, surbs, body);
        taken.map_err(RequestError::refused)?;
        let outline = Outline {
            id: id.to_string(),
            direction: Direction::Sent,
            conversation: draft.to.id(),
            at: now,
        };
        Ok((id, MessageView::unsaved(outline, anonymous, &letter)))
    }

    /// What travels. What is written as ourselves is signed; nothing else is, as that would say who
    /// we are.
    fn body(
        &self,
        id: MessageId,
        to: Recipient,
        surbs: Option<u16>,
        content: Content,
        plain: bool,
    ) -> Result<Vec<u8>, RequestError> {
        if plain {
            return match content {
                Content::Text(text) | Content::Json(text) => Ok(text.into_bytes()),
                Content::Bytes(bytes) => Ok(bytes),
                _ => Err(RequestError::PlainFile),
            };
        }
        let envelope = Envelope {
            id,
            wants_receipt: self.settings.receipts,
            content,
        };
        let body = self.client.write_to(to, surbs, &envelope);
        body.map_err(RequestError::unwritten)
    }

    /// A message that came, as it is shown; nothing if it is not to be shown: it came before, or it
    /// is a receipt. Everything that is learned from it is written in the commit that it comes with.
    pub(super) fn arrived(&mut self, message: &ReceivedMessage) -> Option<MessageView> {
        let letter = Letter::received(message, &self.keys);
        let peer = self.peer(letter.from(message));
        if let Says::Receipt(of) = &letter.says {
            self.receipt_came(peer, message.id, of);
            self.receipts.swallow(message.id);
            return None;
        }
        let is_new = self
            .timeline
            .change(peer, |about| about.learn(peer, &letter));
        if let (true, Some(id)) = (self.settings.receipts && letter.wants_receipt, letter.id) {
            self.owe(peer, id, way(&letter, message));
        }
        if !is_new {
            self.receipts.swallow(message.id);
            return None;
        }
        Some(self.received_view(message, &letter))
    }

    /// A message to us as pages show it.
    pub(super) fn received_view(&self, message: &ReceivedMessage, letter: &Letter) -> MessageView {
        let outline = Outline {
            id: message.id.to_string(),
            direction: Direction::Received,
            conversation: self.peer(letter.from(message)).id(),
            at: message.received_at,
        };
        outline.filled(letter)
    }

    /// A message of ours as pages show it.
    pub(super) fn sent_view(&self, message: &SentMessage, letter: &Letter) -> MessageView {
        let outline = Outline {
            id: message.id.to_string(),
            direction: Direction::Sent,
            conversation: self.peer(Correspondent::from(message)).id(),
            at: message.created_at,
        };
        MessageView {
            anonymous: message.is_anonymous(),
            delivery: Some(DeliveryView::from(&message.outcome)),
            ..outline.filled(letter)
        }
    }

    /// All of a message of ours is at the recipient's gateway.
    pub(super) fn reached(&mut self, message: &SentMessage) {
        let peer = self.peer(Correspondent::from(message));
        let now = self.clock;
        let awaited = self
            .timeline
            .change(peer, |about| about.exchange.reach(message.id, now));
        if awaited {
            self.receipts.look_by(now);
        }
    }

    /// A message of ours is about to be on disk for the first time.
    pub(super) fn departs(&mut self, message: &SentMessage, letter: &Letter) {
        if !letter.wants_receipt {
            return;
        }
        let peer = self.peer(Correspondent::from(message));
        // Only what is signed is sent again: the SURBs of an anonymous message would go twice.
        let again = letter.signed_by.map(|_| tries(message.body.len()));
        self.timeline
            .change(peer, |about| about.exchange.expect(message.id, again));
    }
}

impl About {
    /// Takes note of what a message tells of its sender; whether it is a new one.
    fn learn(&mut self, peer: Correspondent, letter: &Letter) -> bool {
        let is_new = letter.id.is_none_or(|id| self.exchange.hear(id));
        if !is_new {
            return false;
        }
        self.heard = true;
        self.speaks_sotto |= letter.id.is_some();
        if let Some(address) = letter.signed_by {
            self.signed = true;
            if self.trust == Trust::None {
                self.trust = Trust::Signed;
            }
            let moved = Correspondent::Address(address) != peer;
            self.address = moved.then(|| address.to_string());
        }
        true
    }

    /// The user gives an address of theirs: if it is not the one that they were known by first,
    /// they have moved there.
    pub(in crate::background) fn meet(&mut self, peer: Correspondent, address: &Address) {
        if Correspondent::Address(*address) != peer {
            self.address = Some(address.to_string());
        }
    }
}

/// As whom a receipt goes: as the one who was written to.
fn way(letter: &Letter, message: &ReceivedMessage) -> Option<Way> {
    match (letter.signed_by, message.sender_tag, message.answer_from) {
        (Some(_), ..) => Some(Way::Signed),
        (None, None, None) => None,
        _ => Some(Way::Anonymous),
    }
}
