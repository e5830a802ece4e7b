//! Messages from anonymous senders (protocol.md 6.1-6.3).

use crate::surb::SurbBatch;
use std::fmt;
use std::str::FromStr;

/// Sixteen random bytes by which an anonymous sender lets itself be recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SenderTag(pub [u8; 16]);

impl fmt::Display for SenderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

/// A text that is no sender tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sender tag is 16 bytes in base58")]
pub struct SenderTagError;

impl FromStr for SenderTag {
    type Err = SenderTagError;

    fn from_str(text: &str) -> Result<Self, SenderTagError> {
        let mut tag = [0; 16];
        match bs58::decode(text).onto(&mut tag) {
            Ok(16) => Ok(Self(tag)),
            _ => Err(SenderTagError),
        }
    }
}

impl fmt::Debug for SenderTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an anonymous sender sends besides SURBs.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Application bytes.
    Data(Vec<u8>),
    /// Nothing: the SURBs were asked for.
    AdditionalSurbs,
    /// Nothing: a sign of life.
    Heartbeat,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(body) => write!(f, "Data({} bytes)", body.len()),
            Self::AdditionalSurbs => f.write_str("AdditionalSurbs"),
            Self::Heartbeat => f.write_str("Heartbeat"),
        }
    }
}

/// A message from an anonymous sender, with the means to answer it.
#[derive(Clone, Debug)]
pub struct Repliable {
    /// Names the sender's conversation with us.
    pub tag: SenderTag,
    /// What it says.
    pub content: Content,
    /// Ways back to the sender.
    pub surbs: SurbBatch,
}

impl Repliable {
    /// Version 2, without the message type in front.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, body) = match &self.content {
            Content::Data(body) => (3, body.as_slice()),
            Content::AdditionalSurbs => (4, [].as_slice()),
            Content::Heartbeat => (5, [].as_slice()),
        };
        [&self.tag.0, &[kind][..], &self.surbs.encode_v2(), body].concat()
    }

    /// Versions 1 and 2, without the message type in front.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let (surbs, body) = match kind {
            0..=2 => SurbBatch::decode_v1(rest).ok()?,
            3..=5 => SurbBatch::decode_v2(rest).ok()?,
            _ => return None,
        };
        let content = match kind % 3 {
            0 => Content::Data(body.to_vec()),
            1 => Content::AdditionalSurbs,
            _ => Content::Heartbeat,
        };
        Some(Self {
            tag: SenderTag(*tag),
            content,
            surbs,
        })
    }
}
