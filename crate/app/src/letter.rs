//! What the body of a message says: plain text, JSON or bytes of programs, or what Sotto peers put
//! around their messages.

use sotto_core::{
    address::Address,
    client::{MessageId, ReceivedMessage, SentMessage},
    envelope::{Attachment, Content, Envelope, Opened, Origin, ReadError},
    keys::PublicKeys,
};

use crate::{
    conversation::Correspondent,
    json,
    page::{BodyFormat, FileView},
    preview::{self, Preview},
    text::sentence,
};

/// A message body that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// What it says.
    pub(crate) says: Says,
    /// Its name at both ends; only an envelope has one.
    pub(crate) id: Option<MessageId>,
    /// Whether the sender wants to be told of its arrival.
    pub(crate) wants_receipt: bool,
    /// Who proves to have written it.
    pub(crate) signed_by: Option<Address>,
}

/// What a body says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Says {
    /// Words.
    Text(String),
    /// JSON of a program, as it came and as it can be read.
    Json { size: usize, readable: String },
    /// Bytes of a program.
    Binary(Vec<u8>),
    /// A file.
    File(Attachment),
    /// These messages have arrived.
    Receipt(Vec<MessageId>),
    /// It cannot be read, or is not to be believed: a note stands for it.
    Note { size: usize, why: ReadError },
}

impl std::fmt::Debug for Says {
    /// Shows nothing of what it says.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Json { .. } => "Json",
            Self::Binary(_) => "Binary",
            Self::File(_) => "File",
            Self::Receipt(_) => "Receipt",
            Self::Note { .. } => "Note",
        })
    }
}

impl From<Content> for Says {
    fn from(content: Content) -> Self {
        match content {
            Content::Text(text) => Self::Text(text),
            Content::File(file) => Self::File(file),
            Content::Receipt(of) => Self::Receipt(of),
            Content::Json(text) => from_program(text.as_bytes()),
            Content::Bytes(bytes) => Self::Binary(bytes),
        }
    }
}

impl Letter {
    /// What the body of a message that came claims to say: whether it is to be believed, only
    /// [`Letter::received`] tells.
    pub(crate) fn claimed(body: &[u8]) -> Self {
        let opened = Envelope::read_unchecked(body).map(|opened| Self::read(body, opened));
        opened.unwrap_or_else(|| Self::plain(from_program(body)))
    }

    /// What is shown of one whose signature is false.
    pub(crate) fn forged() -> Self {
        Self::note(&[], ReadError::Forged)
    }

    fn note(body: &[u8], why: ReadError) -> Self {
        let size = body.len();
        Self::plain(Says::Note { size, why })
    }

    /// Reads the body of a message that came to the owner of the keys `own`.
    pub(crate) fn received(message: &ReceivedMessage, own: &PublicKeys) -> Self {
        let body = &message.body;
        let opened = Envelope::read(body, own).map(|opened| Self::read(body, opened));
        opened.unwrap_or_else(|| Self::plain(from_program(body)))
    }

    /// Reads the body of a message of ours.
    pub(crate) fn sent(message: &SentMessage) -> Self {
        Self::written(&message.body)
    }

    /// Reads a body that we wrote for somebody. Our own signature needs no proof, which would take
    /// longer than all else.
    pub(crate) fn written(body: &[u8]) -> Self {
        let opened = Envelope::read_unchecked(body).map(|opened| Self::read(body, opened));
        opened.unwrap_or_else(|| Self::plain(words_or_bytes(body)))
    }

    fn read(body: &[u8], opened: Result<Opened, ReadError>) -> Self {
        match opened {
            Ok(Opened { envelope, origin }) => Self {
                id: Some(envelope.id),
                wants_receipt: envelope.wants_receipt,
                signed_by: match origin {
                    Origin::Signed(address) => Some(address),
                    Origin::Unsigned => None,
                },
                says: Says::from(envelope.content),
            },
            Err(why) => Self::note(body, why),
        }
    }

    fn plain(says: Says) -> Self {
        Self {
            says,
            id: None,
            wants_receipt: false,
            signed_by: None,
        }
    }

    /// With whom a message that says this was exchanged. A signature tells who wrote it; one that
    /// is false tells nothing, not even what else came with the message.
    pub(crate) fn from(&self, message: &ReceivedMessage) -> Correspondent {
        match (&self.says, self.signed_by) {
            (_, Some(address)) => Correspondent::Address(address),
            (
                Says::Note {
                    why: ReadError::Forged,
                    ..
                },
                None,
            ) => Correspondent::Unknown,
            _ => Correspondent::from(message),
        }
    }

    /// Whether it is for Sotto alone, and shown to nobody.
    pub(crate) fn is_receipt(&self) -> bool {
        matches!(self.says, Says::Receipt(_))
    }

    pub(crate) fn format(&self) -> BodyFormat {
        match self.says {
            Says::Json { .. } => BodyFormat::Json,
            Says::Binary(_) => BodyFormat::Binary,
            _ => BodyFormat::Text,
        }
    }

    pub(crate) fn file(&self) -> Option<FileView> {
        let Says::File(file) = &self.says else {
            return None;
        };
        Some(FileView {
            name: file.name.as_str().to_owned(),
            media_type: file.media_type.as_str().to_owned(),
            size: u32::try_from(file.bytes.len()).unwrap_or(u32::MAX),
        })
    }

    /// The beginning, for a list.
    pub(crate) fn preview(&self) -> Preview {
        match &self.says {
            Says::Text(text) | Says::Json { readable: text, .. } => preview::of_text(text),
            Says::Binary(bytes) => preview::of_bytes(bytes),
            Says::Note { why, .. } => preview::of_text(&sentence(why)),
            Says::File(_) | Says::Receipt(_) => preview::of_text(""),
        }
    }

    /// All of it, except that of many bytes only the beginning is written out.
    pub(crate) fn full_text(self) -> String {
        match self.says {
            Says::Text(text) | Says::Json { readable: text, .. } => text,
            Says::Binary(bytes) => preview::all_bytes(&bytes),
            Says::Note { why, .. } => sentence(&why),
            Says::File(_) | Says::Receipt(_) => String::new(),
        }
    }

    /// How many bytes it says, without what is around it.
    pub(crate) fn size(&self) -> usize {
        match &self.says {
            Says::Text(text) => text.len(),
            Says::Binary(bytes) => bytes.len(),
            Says::File(file) => file.bytes.len(),
            Says::Receipt(of) => of.len() * size_of::<MessageId>(),
            Says::Json { size, .. } | Says::Note { size, .. } => *size,
        }
    }
}

/// What a program wrote, or a person with another client.
fn from_program(body: &[u8]) -> Says {
    let readable = std::str::from_utf8(body).ok().and_then(json::readable);
    match readable {
        Some(readable) => Says::Json {
            size: body.len(),
            readable,
        },
        None => words_or_bytes(body),
    }
}

fn words_or_bytes(body: &[u8]) -> Says {
    match std::str::from_utf8(body) {
        Ok(text) => Says::Text(text.to_owned()),
        Err(_) => Says::Binary(body.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use sotto_core::{
        ChaCha20Rng,
        envelope::{FileName, MediaType},
        keys::ClientKeys,
        message::SenderTag,
        time::Time,
    };

    use super::*;

    fn keys(seed: u8) -> ClientKeys {
        ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
    }

    fn address(seed: u8) -> Address {
        let keys = keys(seed).public();
        Address {
            identity: keys.identity,
            encryption: keys.encryption,
            gateway: self::keys(99).signing.identity_key(),
        }
    }

    fn envelope(content: Content) -> Envelope {
        Envelope {
            id: MessageId([5; 16]),
            wants_receipt: true,
            content,
        }
    }

    fn text() -> Envelope {
        envelope(Content::Text("{\"a\":1}".into()))
    }

    fn signed(envelope: &Envelope, to: u8) -> Vec<u8> {
        let key = keys(1).signing;
        envelope
            .write_signed(&address(1), &key, &keys(to).public())
            .unwrap()
    }

    fn message(body: Vec<u8>) -> ReceivedMessage {
        ReceivedMessage {
            id: MessageId([7; 16]),
            received_at: Time::from_millis(1),
            sender_tag: Some(SenderTag([9; 16])),
            answer_from: None,
            body,
        }
    }

    fn read(body: Vec<u8>) -> Letter {
        Letter::received(&message(body), &keys(2).public())
    }

    /// Format, beginning, whole and size of what is shown.
    fn shown(letter: &Letter) -> (BodyFormat, String, String, usize) {
        let (begin, whole) = (letter.preview().text, letter.clone().full_text());
        (letter.format(), begin, whole, letter.size())
    }

    #[test]
    fn what_programs_write_is_shown_for_what_it_is() {
        let table: [(&[u8], BodyFormat, &str); 5] = [
            (b"hello", BodyFormat::Text, "hello"),
            (b"", BodyFormat::Text, ""),
            (b"{\"a\":1}", BodyFormat::Json, "{\n  \"a\": 1\n}"),
            (b"\xff\x00", BodyFormat::Binary, "ff 00"),
            (b"\xf5Sott", BodyFormat::Binary, "f5 53 6f 74 74"),
        ];
        for (body, format, text) in table {
            let letter = read(body.to_vec());
            let expected = (format, text.to_owned(), text.to_owned(), body.len());
            assert_eq!(shown(&letter), expected);
            assert_eq!(
                (letter.id, letter.signed_by, letter.wants_receipt),
                (None, None, false)
            );
        }
    }

    #[test]
    fn what_a_person_wrote_is_text_even_if_it_looks_like_something_else() {
        let expected = (
            BodyFormat::Text,
            "{\"a\":1}".to_owned(),
            "{\"a\":1}".to_owned(),
            7,
        );
        assert_eq!(shown(&read(text().write().unwrap())), expected);
        assert_eq!(shown(&Letter::written(b"{\"a\":1}")), expected);
        let letter = Letter::written(&text().write().unwrap());
        assert_eq!(shown(&letter), expected);
    }

    #[test]
    fn a_signature_names_the_sender_at_both_ends() {
        let body = signed(&text(), 2);
        let letter = read(body.clone());
        assert_eq!(letter.signed_by, Some(address(1)));
        let sender = Correspondent::Address(address(1));
        assert_eq!(letter.from(&message(Vec::new())), sender);
        let own = Letter::written(&body);
        assert_eq!(own.signed_by, Some(address(1)));
        assert_eq!(own.id, Some(MessageId([5; 16])));
    }

    #[test]
    fn of_a_forged_message_nothing_is_shown_but_a_note_that_belongs_to_nobody() {
        let passed_on = signed(&text(), 3);
        let letter = read(passed_on.clone());
        let (format, begin, whole, size) = shown(&letter);
        assert_eq!(
            begin,
            "This message claims a sender who did not write it to you."
        );
        assert_eq!(
            (format, whole, size),
            (BodyFormat::Text, begin, passed_on.len())
        );
        assert_eq!((letter.id, letter.signed_by), (None, None));
        assert_eq!(letter.from(&message(Vec::new())), Correspondent::Unknown);
    }

    #[test]
    fn a_message_of_a_later_version_says_so_where_it_belongs() {
        let mut body = text().write().unwrap();
        body[6] = 2;
        let letter = read(body);
        assert!(letter.preview().text.ends_with("Update Sotto to read it."));
        let tag = Correspondent::Anonymous(SenderTag([9; 16]));
        assert_eq!(letter.from(&message(Vec::new())), tag);
    }

    #[test]
    fn a_file_is_shown_by_its_name_and_not_as_text() {
        let file = Attachment {
            name: FileName::new("cat.png").unwrap(),
            media_type: MediaType::new("image/png").unwrap(),
            bytes: b"\x89PNG".to_vec(),
        };
        let letter = read(envelope(Content::File(file)).write().unwrap());
        let view = letter.file().unwrap();
        let shown_file = (view.name.as_str(), view.media_type.as_str(), view.size);
        assert_eq!(shown_file, ("cat.png", "image/png", 4));
        assert_eq!(
            shown(&letter),
            (BodyFormat::Text, String::new(), String::new(), 4)
        );
        assert!(!format!("{letter:?}").contains("cat"));
    }
}
