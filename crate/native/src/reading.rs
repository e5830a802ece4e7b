//! What a received message is, and what it asks for.

use sotto::{Letter, Way};
use sotto_core::address::Address;
use sotto_core::client::{ReceivedMessage, Recipient};
use sotto_core::envelope::{Content, Envelope, Opened, Origin, ReadError};
use sotto_core::keys::PublicKeys;

/// The body of a received message.
pub(crate) enum Reading {
    /// From any client.
    Plain,
    /// From a Sotto peer.
    Envelope(Opened),
    /// It says that it is from a Sotto peer, and cannot be read.
    Refused(ReadError),
}

/// What an echo sends back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// To a plain message.
    Plain(Recipient, Vec<u8>),
    /// To an envelope.
    Envelope(Way, Content),
}

impl Reading {
    /// Reads a message that came to the owner of the keys `own`.
    pub(crate) fn of(message: &ReceivedMessage, own: &PublicKeys) -> Self {
        match Envelope::read(&message.body, own) {
            None => Self::Plain,
            Some(Ok(opened)) => Self::Envelope(opened),
            Some(Err(error)) => Self::Refused(error),
        }
    }

    /// What it says, as bytes: of text, JSON, a file, or bytes. Of what is no envelope, or cannot be
    /// read as one, all of it.
    pub(crate) fn into_bytes(self, message: &ReceivedMessage) -> Vec<u8> {
        match self {
            Self::Envelope(opened) => match opened.envelope.content {
                Content::Text(text) | Content::Json(text) => text.into_bytes(),
                Content::File(file) => file.bytes,
                Content::Bytes(bytes) => bytes,
                Content::Receipt(_) => Vec::new(),
            },
            Self::Plain | Self::Refused(_) => message.body.clone(),
        }
    }

    /// Whether it says something, other than that a message of ours has arrived.
    pub(crate) const fn is_said(&self) -> bool {
        !matches!(
            self,
            Self::Envelope(Opened {
                envelope: Envelope {
                    content: Content::Receipt(_),
                    ..
                },
                ..
            })
        )
    }

    /// The receipt that is wanted, if there is a way back.
    pub(crate) fn receipt(&self, message: &ReceivedMessage) -> Option<Letter> {
        let Self::Envelope(opened) = self else {
            return None;
        };
        let way = way_back(message, &opened.origin)?;
        opened.envelope.wants_receipt.then(|| Letter {
            way,
            wants_receipt: false,
            content: Content::Receipt(vec![opened.envelope.id]),
        })
    }

    /// What an echo sends back, if there is a way. An answer to the first line is not signed:
    /// two echoes that can be made to sign for each other would never end.
    pub(crate) fn echo(&self, message: &ReceivedMessage) -> Option<Echo> {
        match self {
            Self::Plain => echo_plain(message),
            Self::Envelope(opened) if self.is_said() => echo_envelope(message, opened),
            _ => None,
        }
    }
}

/// How whoever wrote a message can be reached.
fn way_back(message: &ReceivedMessage, origin: &Origin) -> Option<Way> {
    let answered = message.answer_from;
    match (message.sender_tag, origin) {
        (Some(tag), _) => Some(Way::Reply(tag)),
        (None, Origin::Signed(sender)) => Some(Way::Signed(*sender)),
        // It came through SURBs that we gave there without saying who we are.
        (None, Origin::Unsigned) => answered.map(|to| Way::Anonymous { to, surbs: 0 }),
    }
}

fn echo_plain(message: &ReceivedMessage) -> Option<Echo> {
    if let Some(tag) = message.sender_tag {
        return Some(Echo::Plain(Recipient::Anonymous(tag), message.body.clone()));
    }
    let (to, body) = split_request(&message.body)?;
    Some(Echo::Plain(Recipient::Address(to), body.to_vec()))
}

fn echo_envelope(message: &ReceivedMessage, opened: &Opened) -> Option<Echo> {
    let content = &opened.envelope.content;
    match (message.sender_tag, &opened.origin, content) {
        (Some(tag), ..) => Some(Echo::Envelope(Way::Reply(tag), content.clone())),
        (None, Origin::Signed(to), _) => Some(Echo::Envelope(Way::Signed(*to), content.clone())),
        (None, Origin::Unsigned, Content::Text(text)) => {
            let (to, rest) = split_request(text.as_bytes())?;
            let rest = Content::Text(String::from_utf8(rest.to_vec()).ok()?);
            Some(Echo::Envelope(Way::Unsigned(to), rest))
        }
        _ => None,
    }
}

/// The address in the first line, and what follows it.
fn split_request(body: &[u8]) -> Option<(Address, &[u8])> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let (first, rest) = body.split_at_checked(end)?;
    let to = std::str::from_utf8(first).ok()?.trim().parse().ok()?;
    Some((to, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use sotto_core::ChaCha20Rng;
    use sotto_core::client::MessageId;
    use sotto_core::keys::ClientKeys;
    use sotto_core::message::SenderTag;
    use sotto_core::time::Time;

    const TAG: SenderTag = SenderTag([5; 16]);
    const ID: MessageId = MessageId([6; 16]);

    fn keys(seed: u8) -> ClientKeys {
        ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
    }

    fn address(seed: u8) -> Address {
        let keys = keys(seed).public();
        Address {
            identity: keys.identity,
            encryption: keys.encryption,
            gateway: keys.identity,
        }
    }

    fn message(body: &[u8]) -> ReceivedMessage {
        ReceivedMessage {
            id: MessageId([1; 16]),
            received_at: Time::from_millis(5),
            sender_tag: None,
            answer_from: None,
            body: body.to_vec(),
        }
    }

    fn tagged(message: ReceivedMessage) -> ReceivedMessage {
        ReceivedMessage {
            sender_tag: Some(TAG),
            ..message
        }
    }

    fn answered(message: ReceivedMessage) -> ReceivedMessage {
        ReceivedMessage {
            answer_from: Some(address(3)),
            ..message
        }
    }

    fn text(words: &str) -> Content {
        Content::Text(words.to_owned())
    }

    /// An envelope that wants a receipt.
    fn envelope(content: Content) -> Envelope {
        Envelope {
            id: ID,
            wants_receipt: true,
            content,
        }
    }

    fn unsigned(content: Content) -> ReceivedMessage {
        message(&envelope(content).write().unwrap())
    }

    /// From the first to the second.
    fn signed(content: Content) -> ReceivedMessage {
        let (key, to) = (keys(1).signing, keys(2).public());
        let written = envelope(content).write_signed(&address(1), &key, &to);
        message(&written.unwrap())
    }

    fn read(message: &ReceivedMessage) -> Reading {
        Reading::of(message, &keys(2).public())
    }

    #[test]
    fn an_echo_answers_in_the_form_in_which_it_was_asked() {
        let plain = format!("{}\nhello\nworld", address(3));
        let request = text(&plain);
        let receipt = || Content::Receipt(vec![ID]);
        let table = [
            (message(b"hello"), None),
            (message(b"hello\nworld"), None),
            (message(b"\n"), None),
            (
                tagged(message(b"hi")),
                Some(Echo::Plain(Recipient::Anonymous(TAG), b"hi".to_vec())),
            ),
            (
                message(plain.as_bytes()),
                Some(Echo::Plain(
                    Recipient::Address(address(3)),
                    b"hello\nworld".to_vec(),
                )),
            ),
            (unsigned(text("hi")), None),
            (
                unsigned(request),
                Some(Echo::Envelope(
                    Way::Unsigned(address(3)),
                    text("hello\nworld"),
                )),
            ),
            (
                tagged(unsigned(text("hi"))),
                Some(Echo::Envelope(Way::Reply(TAG), text("hi"))),
            ),
            (
                signed(text("hi")),
                Some(Echo::Envelope(Way::Signed(address(1)), text("hi"))),
            ),
            (signed(receipt()), None),
            (tagged(unsigned(receipt())), None),
            (answered(unsigned(text("hi"))), None),
        ];
        for (message, expected) in table {
            let echo = read(&message).echo(&message);
            assert_eq!(echo, expected, "{:?}", message.body);
        }
    }

    #[test]
    fn a_receipt_goes_back_the_way_that_there_is() {
        let table = [
            (message(b"hi"), None),
            (tagged(message(b"hi")), None),
            (unsigned(text("hi")), None),
            (tagged(unsigned(text("hi"))), Some(Way::Reply(TAG))),
            (signed(text("hi")), Some(Way::Signed(address(1)))),
            (
                answered(unsigned(text("hi"))),
                Some(Way::Anonymous {
                    to: address(3),
                    surbs: 0,
                }),
            ),
            (signed(Content::Receipt(vec![ID])), None),
        ];
        for (message, way) in table {
            let receipt = read(&message).receipt(&message);
            assert_eq!(receipt.as_ref().map(|letter| letter.way), way);
            if let Some(letter) = receipt {
                assert_eq!(letter.content, Content::Receipt(vec![ID]));
                assert!(!letter.wants_receipt);
            }
        }
    }

    #[test]
    fn what_is_not_for_us_is_neither_answered_nor_confirmed() {
        let message = tagged(signed(text("hi")));
        let reading = Reading::of(&message, &keys(3).public());
        assert!(matches!(reading, Reading::Refused(ReadError::Forged)));
        assert_eq!(reading.echo(&message), None);
        assert!(reading.receipt(&message).is_none());
    }
}
