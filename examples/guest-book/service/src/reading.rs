//! What a received message says, whichever client wrote it.

use sotto::{Letter, Way};
use sotto_core::client::{MessageId, ReceivedMessage};
use sotto_core::envelope::{Content, Envelope};
use sotto_core::keys::PublicKeys;

use crate::book::Visitor;

/// A message for the book.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// What should be a request, as JSON text.
    pub(crate) body: Vec<u8>,
    /// Whom to answer. Who signs instead of being anonymous is not answered, and their name is not kept.
    pub(crate) visitor: Option<Visitor>,
    /// What to confirm.
    pub(crate) receipt: Option<MessageId>,
}

impl Incoming {
    /// Reads what came to the owner of the keys `own`; nothing if it is no words, or cannot be read.
    pub(crate) fn read(message: &ReceivedMessage, own: &PublicKeys) -> Option<Self> {
        let visitor = |is_sotto| message.sender_tag.map(|tag| Visitor { tag, is_sotto });
        let Some(read) = Envelope::read(&message.body, own) else {
            return Some(Self {
                body: message.body.clone(),
                visitor: visitor(false),
                receipt: None,
            });
        };
        let envelope = read.ok()?.envelope;
        Some(Self {
            body: words(envelope.content)?,
            visitor: visitor(true),
            receipt: envelope.wants_receipt.then_some(envelope.id),
        })
    }
}

fn words(content: Content) -> Option<Vec<u8>> {
    match content {
        Content::Json(text) | Content::Text(text) => Some(text.into_bytes()),
        Content::Bytes(bytes) => Some(bytes),
        Content::File(_) | Content::Receipt(_) => None,
    }
}

/// A message for a Sotto peer who wrote anonymously.
pub(crate) fn letter(visitor: Visitor, content: Content) -> Letter {
    Letter {
        way: Way::Reply(visitor.tag),
        wants_receipt: false,
        content,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use sotto_core::ChaCha20Rng;
    use sotto_core::envelope::{Attachment, FileName, MediaType};
    use sotto_core::keys::ClientKeys;
    use sotto_core::message::SenderTag;
    use sotto_core::time::Time;

    const TAG: SenderTag = SenderTag([5; 16]);
    const ID: MessageId = MessageId([6; 16]);

    fn read(body: Vec<u8>, sender_tag: Option<SenderTag>) -> Option<Incoming> {
        let seed = <ChaCha20Rng as rand_core::SeedableRng>::from_seed;
        let keys = ClientKeys::generate(&mut seed([1; 32]));
        let message = ReceivedMessage {
            id: MessageId([1; 16]),
            received_at: Time::from_millis(5),
            sender_tag,
            answer_from: None,
            body,
        };
        Incoming::read(&message, &keys.public())
    }

    fn envelope(content: Content) -> Vec<u8> {
        let envelope = Envelope {
            id: ID,
            wants_receipt: !matches!(content, Content::Receipt(_)),
            content,
        };
        envelope.write().unwrap()
    }

    #[test]
    fn requests_are_read_from_whatever_client_they_come() {
        for content in [
            Content::Json("{}".to_owned()),
            Content::Text("{}".to_owned()),
            Content::Bytes(b"{}".to_vec()),
        ] {
            let incoming = read(envelope(content), Some(TAG)).unwrap();
            let visitor = Some(Visitor {
                tag: TAG,
                is_sotto: true,
            });
            assert_eq!((incoming.visitor, incoming.receipt), (visitor, Some(ID)));
            assert_eq!(incoming.body, b"{}");
        }
        let plain = read(b"{}".to_vec(), Some(TAG)).unwrap();
        assert_eq!(plain.visitor.map(|visitor| visitor.is_sotto), Some(false));
        assert_eq!((plain.receipt, plain.body), (None, b"{}".to_vec()));
        assert_eq!(read(b"{}".to_vec(), None).unwrap().visitor, None);
    }

    #[test]
    fn what_is_no_request_is_passed_over() {
        let file = Content::File(Attachment {
            name: FileName::tidy("a"),
            media_type: MediaType::tidy(""),
            bytes: vec![1],
        });
        for content in [file, Content::Receipt(vec![ID])] {
            assert_eq!(read(envelope(content), Some(TAG)), None);
        }
        let damaged = [envelope(Content::Json("{}".to_owned())), vec![0]].concat();
        assert_eq!(read(damaged, Some(TAG)), None);
    }
}
