//! What stands in the reassembled bytes (protocol.md 4.1, 6.2, 6.3).

mod repliable;
mod reply;

pub use repliable::{Content, Repliable, SenderTag};
pub use reply::Reply;

use std::fmt;

/// The type byte in front of a plain message.
const PLAIN: u8 = 0;
const REPLIABLE: u8 = 1;
const REPLY: u8 = 2;

/// A message as it travels, after its fragments are one again.
#[derive(Clone)]
pub enum NymMessage {
    /// Application bytes from a sender who expects no answer through the mixnet.
    Plain(Vec<u8>),
    /// From an anonymous sender, with the means to answer it.
    Repliable(Repliable),
    /// What came through one of our SURBs.
    Reply(Reply),
}

impl fmt::Debug for NymMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(body) => write!(f, "Plain({} bytes)", body.len()),
            Self::Repliable(repliable) => repliable.fmt(f),
            Self::Reply(reply) => reply.fmt(f),
        }
    }
}

/// Why reassembled bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// There is not a single byte.
    #[error("the message is empty")]
    Empty,
    /// The type byte is unknown.
    #[error("the message has the unknown type {0}")]
    Type(u8),
    /// The inner layout does not fit the bytes.
    #[error("the message is cut short or damaged")]
    Damaged,
}

impl NymMessage {
    /// The bytes of a plain message: type byte, then the body.
    pub fn encode_plain(body: &[u8]) -> Vec<u8> {
        [&[PLAIN], body].concat()
    }

    /// Whether bytes begin as a plain message does.
    pub fn is_plain(bytes: &[u8]) -> bool {
        bytes.first() == Some(&PLAIN)
    }

    /// The bytes of any message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Plain(body) => Self::encode_plain(body),
            Self::Repliable(repliable) => [&[REPLIABLE], repliable.encode().as_slice()].concat(),
            Self::Reply(reply) => [&[REPLY], reply.encode().as_slice()].concat(),
        }
    }

    /// Reads reassembled bytes.
    ///
    /// # Errors
    /// [`MessageError`] says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let (kind, inner) = bytes.split_first().ok_or(MessageError::Empty)?;
        match *kind {
            PLAIN => Ok(Self::Plain(inner.to_vec())),
            REPLIABLE => Repliable::decode(inner)
                .map(Self::Repliable)
                .ok_or(MessageError::Damaged),
            REPLY => Reply::decode(inner)
                .map(Self::Reply)
                .ok_or(MessageError::Damaged),
            other => Err(MessageError::Type(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surb::SurbBatch;

    /// A SURB's bytes whose first hop is 127.0.0.1:1789.
    fn surb(len: usize) -> Vec<u8> {
        let mut bytes = vec![5; len];
        bytes[364..371].copy_from_slice(&[4, 6, 253, 127, 0, 0, 1]);
        bytes
    }

    /// Type, number of SURBs and body of a message from an anonymous sender.
    fn described(bytes: &[u8]) -> Result<(usize, Option<Vec<u8>>), MessageError> {
        match NymMessage::decode(bytes)? {
            NymMessage::Repliable(Repliable {
                tag,
                content,
                surbs,
            }) => {
                assert_eq!(tag, SenderTag([4; 16]));
                let body = match content {
                    Content::Data(body) => Some(body),
                    Content::AdditionalSurbs | Content::Heartbeat => None,
                };
                Ok((surbs.surbs.len(), body))
            }
            other => panic!("not from an anonymous sender: {other:?}"),
        }
    }

    #[test]
    fn anonymous_messages_of_both_versions_are_read_and_damage_is_named() {
        let v2 = [&[1][..], &[4; 16], &[3, 0, 1, 4, 2], &surb(460), b"hi"].concat();
        let v1 = [&[1][..], &[4; 16], &[0, 0, 0, 0, 1], &surb(1164), b"hi"].concat();
        let more = [&[1][..], &[4; 16], &[4, 0, 2, 4, 2], &surb(460), &surb(460)].concat();
        let beat = [&[1][..], &[4; 16], &[5, 0, 0, 0, 0]].concat();
        assert_eq!(described(&v2), Ok((1, Some(b"hi".to_vec()))));
        assert_eq!(described(&v1), Ok((1, Some(b"hi".to_vec()))));
        assert_eq!(described(&more), Ok((2, None)));
        assert_eq!(described(&beat), Ok((0, None)));
        for len in 1..v2.len() - 2 {
            assert_eq!(
                described(&v2[..len]),
                Err(MessageError::Damaged),
                "cut to {len}"
            );
        }
        let huge = [&[1][..], &[4; 16], &[0, 255, 255, 255, 255]].concat();
        assert_eq!(described(&huge), Err(MessageError::Damaged));
        let many_hops = [&[1][..], &[4; 16], &[3, 0, 1, 6, 2], &surb(492)].concat();
        assert_eq!(described(&many_hops), Err(MessageError::Damaged));
    }

    #[test]
    fn what_is_written_reads_back() {
        let v2 = [&[1][..], &[4; 16], &[3, 0, 1, 4, 2], &surb(460), b"hi"].concat();
        assert_eq!(NymMessage::decode(&v2).unwrap().encode(), v2);
        let nothing = Repliable {
            tag: SenderTag([4; 16]),
            content: Content::Heartbeat,
            surbs: SurbBatch::default(),
        };
        let beat = [&[1][..], &[4; 16], &[5, 0, 0, 0, 0]].concat();
        assert_eq!(NymMessage::Repliable(nothing).encode(), beat);
        assert_eq!(NymMessage::decode(b"\0hi").unwrap().encode(), b"\0hi");
        assert_eq!(
            NymMessage::decode(b"\x02\0hi").unwrap().encode(),
            b"\x02\0hi"
        );
    }

    #[test]
    fn what_is_no_message_is_named() {
        let cases: [(&[u8], MessageError); 4] = [
            (&[], MessageError::Empty),
            (&[3], MessageError::Type(3)),
            (&[2, 0], MessageError::Damaged),
            (&[2, 1, 9], MessageError::Damaged),
        ];
        for (bytes, error) in cases {
            assert_eq!(NymMessage::decode(bytes).unwrap_err(), error);
        }
    }
}
