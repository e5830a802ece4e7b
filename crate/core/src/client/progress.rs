//! What a user is told of a message.

use super::problem::Problem;
use std::fmt;
use std::str::FromStr;

/// Names a message on this device. 16 random bytes, written as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub [u8; 16]);

impl MessageId {
    /// Reads the 16 bytes of a record's name.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id has 32 hexadecimal digits")]
pub struct MessageIdError;

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let mut id = [0; 16];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if pairs.len() != id.len() || !rest.is_empty() || !hexadecimal {
            return Err(MessageIdError);
        }
        for (byte, pair) in id.iter_mut().zip(pairs) {
            let digits = std::str::from_utf8(pair).map_err(|_| MessageIdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| MessageIdError)?;
        }
        Ok(Self(id))
    }
}

/// Why a message was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// It could not be delivered for as long as [`Config::give_up_after`](super::Config).
    Expired,
    /// The user took it back.
    Cancelled,
    /// It is an answer to an anonymous correspondent who gave no SURBs for it.
    NoSurbs,
}

/// Where a message is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// On disk, and not yet on its way.
    Queued {
        /// What it waits for, if it is not simply its turn.
        waiting: Option<Problem>,
    },
    /// Some of its packets are on their way.
    Sending {
        /// Packets that reached the recipient's gateway.
        acked: usize,
        /// Packets of the whole message.
        total: usize,
    },
    /// The user wants it to rest: no packet of it leaves.
    Paused {
        /// Packets that reached the recipient's gateway.
        acked: usize,
        /// Packets of the whole message; 0 as long as they are not known.
        total: usize,
    },
    /// Every packet was given to our gateway.
    Sent,
    /// Every packet reached the recipient's gateway.
    AtGateway,
    /// Given up.
    Failed(FailReason),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_reads_back_from_its_text() {
        let id = MessageId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "ab",
            &"g".repeat(32),
            &"a".repeat(31),
            &"é".repeat(16),
            &"+1".repeat(16),
        ] {
            assert_eq!(text.parse::<MessageId>(), Err(MessageIdError), "{text}");
        }
    }
}
