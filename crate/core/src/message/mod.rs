//! What stands in the reassembled bytes (protocol.md 4.1, 6.2, 6.3).

mod repliable;

pub use repliable::SenderTag;

/// The type byte in front of a plain message.
const PLAIN: u8 = 0;
const REPLIABLE: u8 = 1;
const REPLY: u8 = 2;

/// A message as it travels, after its fragments are one again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NymMessage {
    /// Application bytes from a sender who expects no answer through the mixnet.
    Plain(Vec<u8>),
    /// Application bytes from an anonymous sender, named by a tag of its choice.
    Repliable {
        /// Names the sender's conversation with us.
        tag: SenderTag,
        /// Application bytes; none if the message only brought SURBs.
        body: Option<Vec<u8>>,
    },
    /// An answer that came through one of our SURBs.
    Reply(Vec<u8>),
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

    /// Reads reassembled bytes.
    ///
    /// # Errors
    /// [`MessageError`] says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let (kind, inner) = bytes.split_first().ok_or(MessageError::Empty)?;
        match *kind {
            PLAIN => Ok(Self::Plain(inner.to_vec())),
            REPLIABLE => repliable::decode(inner).ok_or(MessageError::Damaged),
            REPLY => decode_reply(inner),
            other => Err(MessageError::Type(other)),
        }
    }
}

/// A reply's data; requests for SURBs come with anonymous replies.
fn decode_reply(inner: &[u8]) -> Result<NymMessage, MessageError> {
    match inner.split_first() {
        Some((0, body)) if !body.is_empty() => Ok(NymMessage::Reply(body.to_vec())),
        _ => Err(MessageError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_every_type_are_read_and_damage_is_named() {
        let tag = SenderTag([4; 16]);
        let body = |body: &[u8]| NymMessage::Repliable {
            tag,
            body: Some(body.to_vec()),
        };
        let v2 = [&[1][..], &[4; 16], &[3, 0, 1, 4, 2], &[0; 460], b"hi"].concat();
        let v1 = [&[1][..], &[4; 16], &[0, 0, 0, 0, 1], &[0; 1164], b"hi"].concat();
        let beat = [&[1][..], &[4; 16], &[5, 0, 0, 0, 0]].concat();
        let cases: [(&[u8], Result<NymMessage, MessageError>); 10] = [
            (&[], Err(MessageError::Empty)),
            (&[0], Ok(NymMessage::Plain(vec![]))),
            (b"\0hi", Ok(NymMessage::Plain(b"hi".to_vec()))),
            (&v2, Ok(body(b"hi"))),
            (&v1, Ok(body(b"hi"))),
            (&beat, Ok(NymMessage::Repliable { tag, body: None })),
            (&v2[..400], Err(MessageError::Damaged)),
            (b"\x02\0hi", Ok(NymMessage::Reply(b"hi".to_vec()))),
            (&[2, 0], Err(MessageError::Damaged)),
            (&[3], Err(MessageError::Type(3))),
        ];
        for (bytes, expected) in cases {
            assert_eq!(NymMessage::decode(bytes), expected);
        }
    }
}
