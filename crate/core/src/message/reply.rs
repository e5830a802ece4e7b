//! What travels through a SURB (protocol.md 4.1, 6.5).

use crate::address::Address;
use crate::surb::SurbRequest;
use std::fmt;

/// What came through one of our SURBs.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// Application bytes, at least one.
    Data(Vec<u8>),
    /// The holder of our SURBs runs out of them.
    SurbRequest(SurbRequest),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(body) => write!(f, "Data({} bytes)", body.len()),
            Self::SurbRequest(request) => request.fmt(f),
        }
    }
}

impl Reply {
    /// Without the message type in front.
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Data(body) => [&[0], body.as_slice()].concat(),
            Self::SurbRequest(SurbRequest { to, amount }) => {
                [&[1], to.to_bytes().as_slice(), &amount.to_be_bytes()].concat()
            }
        }
    }

    /// Without the message type in front.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (0, body) if !body.is_empty() => Some(Self::Data(body.to_vec())),
            (1, request) => {
                let (to, amount) = request.split_first_chunk::<96>()?;
                let amount = u32::from_be_bytes(amount.try_into().ok()?);
                Some(Self::SurbRequest(SurbRequest {
                    to: Address::from_bytes(to).ok()?,
                    amount,
                }))
            }
            _ => None,
        }
    }
}
