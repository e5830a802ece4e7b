//! What Sotto peers put around their messages: an id, a wish for a receipt, and the sender's
//! signature if it wants to be known (`docs/protocol/envelope.md`).
//!
//! An envelope is the body of an ordinary message. What does not begin with the magic is not one,
//! and is shown as it is: other clients know nothing of envelopes.

mod file;
mod safety;

pub use file::{Attachment, FileName, MAX_FILE_BYTES, MediaType};
pub use safety::safety_number;

use crate::address::Address;
use crate::client::MessageId;
use crate::keys::{PublicKeys, SigningKey};
use serde::de::IgnoredAny;
use std::fmt;

/// What every envelope begins with. No UTF-8 text has its first byte.
pub const MAGIC: [u8; 6] = *b"\xf5Sotto";

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

/// The flag of an envelope whose sender wants to be told of its arrival.
const WANTS_RECEIPT: u8 = 1;

/// The flag of an envelope that ends with an address and a signature.
const SIGNED: u8 = 2;

/// The most messages that one receipt can name.
pub const MAX_RECEIPTS: usize = 64;

/// What stands in front of everything that is signed here, and of nothing else that the same key
/// signs. The first byte is the length of the rest.
const DOMAIN: &[u8; 17] = b"\x10sotto envelope 1";

/// A message between Sotto peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Names the message at both ends: a receipt gives it back. Only they know it.
    pub id: MessageId,
    /// Whether the sender wants to be told of the arrival. Nobody can want that of a receipt:
    /// there it is neither written nor taken.
    pub wants_receipt: bool,
    /// What it says.
    pub content: Content,
}

/// What an envelope says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Words, at least one byte of them.
    Text(String),
    /// A file.
    File(Attachment),
    /// These messages, 1 to [`MAX_RECEIPTS`], have arrived.
    Receipt(Vec<MessageId>),
    /// A value of a program, as JSON text.
    Json(String),
    /// Bytes of a program, also none.
    Bytes(Vec<u8>),
}

impl fmt::Debug for Content {
    /// Shows nothing of what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::File(file) => file.fmt(f),
            Self::Receipt(of) => write!(f, "Receipt(of {})", of.len()),
            Self::Json(text) => write!(f, "Json({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}

/// Who wrote an envelope, as far as it proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It does not say.
    Unsigned,
    /// The owner of this address, who wrote it for us. The address is the sender's own word as
    /// far as the gateway is concerned; identity and encryption key are signed for.
    Signed(Address),
}

/// An envelope that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub envelope: Envelope,
    /// Who wrote it.
    pub origin: Origin,
}

/// Why an envelope cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// There are no words in it.
    #[error("The message is empty.")]
    Empty,
    /// The file has too many bytes.
    #[error("The file is too large: at most {MAX_FILE_BYTES} bytes can be sent.")]
    FileTooLarge,
    /// A receipt has to name 1 to [`MAX_RECEIPTS`] messages.
    #[error("A receipt names 1 to {MAX_RECEIPTS} messages.")]
    Receipts,
    /// What is said to be JSON is none.
    #[error("This is not JSON.")]
    NotJson,
    /// Who signs gives an address, and no gateway has taken us yet.
    #[error("You have no address yet. Wait until Sotto is connected for the first time.")]
    NoAddress,
}

impl WriteError {
    /// A name that stays the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "message.empty",
            Self::FileTooLarge => "file.too-large",
            Self::Receipts => "receipt.count",
            Self::NotJson => "message.not-json",
            Self::NoAddress => "address.unknown",
        }
    }
}

/// Why an envelope cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Its version, kind, or one of its flags is unknown.
    #[error("This message was written by a later version of Sotto. Update Sotto to read it.")]
    LaterVersion,
    /// It does not have the form that its first bytes promise.
    #[error("This message is damaged.")]
    Malformed,
    /// Whoever wrote it is not the owner of the address that it gives, or it was written for
    /// somebody else, or it was changed on its way.
    #[error("This message claims a sender who did not write it to you.")]
    Forged,
}

impl ReadError {
    /// A name that stays the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LaterVersion => "envelope.later-version",
            Self::Malformed => "envelope.malformed",
            Self::Forged => "envelope.forged",
        }
    }
}

impl Envelope {
    /// The bytes of the envelope, which do not say who wrote it.
    ///
    /// # Errors
    /// [`WriteError`] if it breaks a limit.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        self.encode(0)
    }

    /// The bytes of the envelope with the address of its sender, whose key signs it for `to` and
    /// for nobody else. See [`Client::write_signed`](crate::client::Client::write_signed).
    ///
    /// # Errors
    /// [`WriteError`] if it breaks a limit.
    pub fn write_signed(
        &self,
        sender: &Address,
        key: &SigningKey,
        to: &PublicKeys,
    ) -> Result<Vec<u8>, WriteError> {
        let mut bytes = self.encode(SIGNED)?;
        bytes.extend(sender.to_bytes());
        let signature = key.sign(&signed_bytes(to, &bytes));
        bytes.extend(signature);
        Ok(bytes)
    }

    fn encode(&self, flags: u8) -> Result<Vec<u8>, WriteError> {
        let wants_receipt = self.wants_receipt && !matches!(self.content, Content::Receipt(_));
        let flags = flags | if wants_receipt { WANTS_RECEIPT } else { 0 };
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, self.content.kind(), flags]);
        bytes.extend(self.id.0);
        self.content.encode(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the body of a message that came to the owner of the keys `own`; `None` if it is no
    /// envelope but a plain message.
    pub fn read(body: &[u8], own: &PublicKeys) -> Option<Result<Opened, ReadError>> {
        let rest = body.strip_prefix(&MAGIC)?;
        Some(decode(body, rest, Some(own)))
    }

    /// The same with whoever is named as the signer, whether the signature is true or not: for what
    /// we wrote ourselves, and to find out at little cost which of many are worth to be read.
    pub fn read_unchecked(body: &[u8]) -> Option<Result<Opened, ReadError>> {
        let rest = body.strip_prefix(&MAGIC)?;
        Some(decode(body, rest, None))
    }
}

/// Reads an envelope to the owner of the keys `own`; without them, its signature is not checked.
/// `rest` is what follows the magic.
fn decode(body: &[u8], rest: &[u8], own: Option<&PublicKeys>) -> Result<Opened, ReadError> {
    let (version, rest) = rest.split_first().ok_or(ReadError::Malformed)?;
    if *version != VERSION {
        return Err(ReadError::LaterVersion);
    }
    let ([kind, flags], rest) = rest.split_first_chunk().ok_or(ReadError::Malformed)?;
    if !Content::KINDS.contains(kind) || flags & !(WANTS_RECEIPT | SIGNED) != 0 {
        return Err(ReadError::LaterVersion);
    }
    let (id, rest) = rest.split_first_chunk().ok_or(ReadError::Malformed)?;
    let (content, origin) = match flags & SIGNED {
        0 => (rest, Origin::Unsigned),
        _ => check_signature(body, rest, own)?,
    };
    let content = Content::decode(*kind, content).ok_or(ReadError::Malformed)?;
    let wants_receipt = flags & WANTS_RECEIPT != 0;
    if wants_receipt && matches!(content, Content::Receipt(_)) {
        return Err(ReadError::Malformed);
    }
    let envelope = Envelope {
        id: MessageId(*id),
        wants_receipt,
        content,
    };
    Ok(Opened { envelope, origin })
}

/// Takes address and signature off the end of `rest`, what follows the header, and checks them if
/// it is known for whom they are.
fn check_signature<'a>(
    body: &[u8],
    rest: &'a [u8],
    own: Option<&PublicKeys>,
) -> Result<(&'a [u8], Origin), ReadError> {
    let (rest, signature) = rest.split_last_chunk().ok_or(ReadError::Malformed)?;
    let (content, sender) = rest.split_last_chunk::<96>().ok_or(ReadError::Malformed)?;
    let sender = Address::from_bytes(sender).map_err(|_| ReadError::Malformed)?;
    let signed = body
        .split_last_chunk::<64>()
        .map_or(body, |(signed, _)| signed);
    let is_true = |own| {
        let signed = signed_bytes(own, signed);
        sender.identity.verify(&signed, signature)
    };
    if !own.is_none_or(is_true) {
        return Err(ReadError::Forged);
    }
    Ok((content, Origin::Signed(sender)))
}

/// What is signed: the domain, whom it is for, and all of the envelope but the signature. Not
/// for which gateway: the recipient may move while the message is on its way.
fn signed_bytes(to: &PublicKeys, envelope: &[u8]) -> Vec<u8> {
    let (identity, encryption) = (to.identity.as_bytes(), to.encryption.as_bytes());
    [DOMAIN.as_slice(), identity, encryption, envelope].concat()
}

impl Content {
    /// What follows the version byte.
    const KINDS: [u8; 5] = [1, 2, 3, 4, 5];

    const fn kind(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::File(_) => 2,
            Self::Receipt(_) => 3,
            Self::Json(_) => 4,
            Self::Bytes(_) => 5,
        }
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), WriteError> {
        match self {
            Self::Text(text) if text.is_empty() => return Err(WriteError::Empty),
            Self::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            Self::File(file) => file.encode(bytes)?,
            Self::Receipt(of) if !is_receipt_count(of.len()) => return Err(WriteError::Receipts),
            Self::Receipt(of) => of.iter().for_each(|id| bytes.extend(id.0)),
            Self::Json(text) if !is_json(text.as_bytes()) => return Err(WriteError::NotJson),
            Self::Json(text) => bytes.extend_from_slice(text.as_bytes()),
            Self::Bytes(data) => bytes.extend_from_slice(data),
        }
        Ok(())
    }

    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        match kind {
            1 if !bytes.is_empty() => {
                let text = std::str::from_utf8(bytes).ok()?;
                Some(Self::Text(text.to_owned()))
            }
            2 => Attachment::decode(bytes).map(Self::File),
            3 => decode_receipt(bytes).map(Self::Receipt),
            4 if is_json(bytes) => String::from_utf8(bytes.to_vec()).ok().map(Self::Json),
            5 => Some(Self::Bytes(bytes.to_vec())),
            _ => None,
        }
    }
}

/// Looked through once, however deep it is.
fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

const fn is_receipt_count(count: usize) -> bool {
    0 < count && count <= MAX_RECEIPTS
}

fn decode_receipt(bytes: &[u8]) -> Option<Vec<MessageId>> {
    let (ids, []) = bytes.as_chunks::<16>() else {
        return None;
    };
    is_receipt_count(ids.len()).then(|| ids.iter().copied().map(MessageId).collect())
}
