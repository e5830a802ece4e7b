//! Messages that a site has not taken yet.

use std::collections::VecDeque;

use sotto_core::{
    client::{MessageId, ReceivedMessage},
    envelope::{Content, Envelope, Opened, Origin as Writer},
    keys::PublicKeys,
};

use crate::{
    limit::{MAX_SITE_INBOX, MAX_SITE_INBOX_BYTES},
    site::{Payload, SiteEvent},
};

/// Messages on disk, the oldest first, as a site is told of them.
#[derive(Default)]
pub(super) struct Inbox {
    kept: VecDeque<Kept>,
    bytes: usize,
}

struct Kept {
    id: MessageId,
    event: SiteEvent,
    size: usize,
}

impl Inbox {
    /// Keeps a message; those that had to make room for it.
    pub(super) fn keep(&mut self, id: MessageId, event: SiteEvent, size: usize) -> Vec<MessageId> {
        self.bytes += size;
        self.kept.push_back(Kept { id, event, size });
        let mut gone = Vec::new();
        while (self.kept.len() > MAX_SITE_INBOX || self.bytes > MAX_SITE_INBOX_BYTES)
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.size;
            gone.push(oldest.id);
        }
        gone
    }

    /// The site has a message; whether it was kept.
    pub(super) fn take(&mut self, id: MessageId) -> bool {
        let place = self.kept.iter().position(|kept| kept.id == id);
        let taken = place.and_then(|place| self.kept.remove(place));
        self.bytes -= taken.as_ref().map_or(0, |kept| kept.size);
        taken.is_some()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &SiteEvent> {
        self.kept.iter().map(|kept| &kept.event)
    }
}

/// A message as a site is told of it; nothing for a receipt, and for what is not to be believed.
pub(super) fn event(message: &ReceivedMessage, own: &PublicKeys) -> Option<SiteEvent> {
    let (data, writer) = match Envelope::read(&message.body, own) {
        None => (Payload::of_program(&message.body), None),
        Some(Ok(Opened { envelope, origin })) => {
            let writer = match origin {
                Writer::Signed(address) => Some(address),
                Writer::Unsigned => None,
            };
            (payload(envelope.content)?, writer)
        }
        Some(Err(_)) => return None,
    };
    Some(SiteEvent::Message {
        id: message.id.to_string(),
        data,
        tag: message.sender_tag.map(|tag| tag.to_string()),
        from: writer.or(message.answer_from).map(|one| one.to_string()),
        signed: writer.is_some(),
        received_at: message.received_at.as_millis(),
    })
}

fn payload(content: Content) -> Option<Payload> {
    match content {
        Content::Text(text) => Some(Payload::text(text)),
        Content::Json(json) => Some(Payload::json(json)),
        Content::Bytes(bytes) => Some(Payload::bytes(&bytes)),
        Content::File(file) => Some(Payload::bytes(&file.bytes)),
        Content::Receipt(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(inbox: &mut Inbox, number: u8, size: usize) -> Vec<MessageId> {
        let permissions = Vec::new();
        inbox.keep(
            MessageId([number; 16]),
            SiteEvent::Permissions { permissions },
            size,
        )
    }

    #[test]
    fn the_oldest_message_makes_room_when_a_site_does_not_come_back() {
        let mut inbox = Inbox::default();
        assert_eq!(kept(&mut inbox, 1, 10), []);
        assert_eq!(
            kept(&mut inbox, 2, MAX_SITE_INBOX_BYTES),
            [MessageId([1; 16])]
        );
        assert!(!inbox.take(MessageId([1; 16])) && inbox.take(MessageId([2; 16])));
        assert_eq!(inbox.bytes, 0);
        for _ in 0..MAX_SITE_INBOX {
            assert_eq!(kept(&mut inbox, 3, 1), []);
        }
        assert_eq!(kept(&mut inbox, 4, 1), [MessageId([3; 16])]);
    }
}
