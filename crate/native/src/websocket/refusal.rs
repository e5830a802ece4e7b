//! Why a request is not carried out.

use std::fmt;

/// What is wrong, as programs tell it apart. The number is the byte that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ErrorKind {
    /// A request of no bytes.
    EmptyRequest = 0x01,
    /// A request that ends too early.
    TooShortRequest = 0x02,
    /// A request with a first byte that stands for none.
    UnknownRequest = 0x03,
    /// A request that cannot be read: not the JSON it should be, a damaged address, a wrong length.
    MalformedRequest = 0x04,
    /// For programs that read: an answer of no bytes. Never sent, like the next three.
    EmptyResponse = 0x80,
    /// An answer that ends too early.
    TooShortResponse = 0x81,
    /// An answer with a first byte that stands for none.
    UnknownResponse = 0x82,
    /// An answer that cannot be read.
    MalformedResponse = 0x83,
    /// A request that was understood and cannot be carried out.
    Other = 0xFF,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyRequest => "received request contained no data",
            Self::TooShortRequest => "received request did not contain enough data",
            Self::UnknownRequest => "unknown request type",
            Self::MalformedRequest => "malformed request",
            Self::EmptyResponse => "received response contained no data",
            Self::TooShortResponse => "received response did not contain enough data",
            Self::UnknownResponse => "unknown response type",
            Self::MalformedResponse => "malformed response",
            Self::Other => "other",
        })
    }
}

/// An error as a program is told of it: `kind:text`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}:{text}")]
pub struct Refusal {
    /// Which kind of error.
    pub kind: ErrorKind,
    /// What is wrong, in words.
    pub text: String,
}

impl Refusal {
    /// A refusal of this kind, in the words of what went wrong.
    pub fn new(kind: ErrorKind, text: impl fmt::Display) -> Self {
        Self {
            kind,
            text: text.to_string(),
        }
    }

    pub(crate) fn too_short(what: &str) -> Self {
        let text = format!("a '{what}' request has more bytes than this");
        Self::new(ErrorKind::TooShortRequest, text)
    }

    pub(crate) fn malformed(text: impl fmt::Display) -> Self {
        Self::new(ErrorKind::MalformedRequest, text)
    }
}
