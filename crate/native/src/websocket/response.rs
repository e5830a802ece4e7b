//! What programs are told.

use super::refusal::Refusal;
use serde::Serialize;
use sotto_core::address::Address;
use sotto_core::message::SenderTag;

/// What a program is told. Sends have no answer of their own if they succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// A request is not carried out.
    Error(Refusal),
    /// A message has come.
    Received {
        /// What it says.
        message: Vec<u8>,
        /// Whom an answer goes to, if the sender is anonymous.
        sender_tag: Option<SenderTag>,
    },
    /// The own address.
    SelfAddress(Address),
    /// How long the queue of a stream is.
    LaneQueueLength {
        /// The stream's connection id.
        lane: u64,
        /// Packets that have not arrived at their recipient's gateway.
        queue_length: u64,
    },
}

impl Response {
    /// As bytes.
    pub fn to_binary(&self) -> Vec<u8> {
        match self {
            Self::Error(Refusal { kind, text }) => [
                &[0, *kind as u8][..],
                &len(text.as_bytes()),
                text.as_bytes(),
            ]
            .concat(),
            Self::Received {
                message,
                sender_tag: None,
            } => [&[1, 0][..], &len(message), message].concat(),
            Self::Received {
                message,
                sender_tag: Some(tag),
            } => [&[1, 1][..], &tag.0, &len(message), message].concat(),
            Self::SelfAddress(address) => [&[2][..], &address.to_bytes()].concat(),
            Self::LaneQueueLength { lane, queue_length } => {
                [&[3][..], &lane.to_be_bytes(), &queue_length.to_be_bytes()].concat()
            }
        }
    }

    /// As JSON. A message that is no UTF-8 loses what is not.
    pub fn to_text(&self) -> String {
        // It fails for maps with keys that are no text alone.
        serde_json::to_string(&Json::from(self)).unwrap_or_default()
    }
}

/// The length of what follows it.
fn len(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes()
}

/// A response as it stands in JSON.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Json {
    #[serde(rename_all = "camelCase")]
    Received {
        message: String,
        sender_tag: Option<String>,
    },
    SelfAddress {
        address: String,
    },
    /// Its fields are in snake case.
    LaneQueueLength {
        lane: u64,
        queue_length: u64,
    },
    Error {
        message: String,
    },
}

impl From<&Response> for Json {
    fn from(response: &Response) -> Self {
        match response {
            Response::Error(refusal) => Self::Error {
                message: refusal.to_string(),
            },
            Response::Received {
                message,
                sender_tag,
            } => Self::Received {
                message: String::from_utf8_lossy(message).into_owned(),
                sender_tag: sender_tag.map(|tag| tag.to_string()),
            },
            Response::SelfAddress(address) => Self::SelfAddress {
                address: address.to_string(),
            },
            Response::LaneQueueLength { lane, queue_length } => Self::LaneQueueLength {
                lane: *lane,
                queue_length: *queue_length,
            },
        }
    }
}
