//! Messages and the connection as pages show them.

use serde::{Deserialize, Serialize};

use sotto_core::{
    client::{DeliveryState, FailReason, Outcome, Problem, ReceivedMessage, SentMessage},
    keys::PublicKeys,
    time::Time,
};

use super::ErrorView;
use crate::{conversation::Correspondent, letter::Letter, preview::excerpt, text::sentence};

/// The other side of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PeerView {
    /// The owner of an address.
    Address {
        /// It.
        address: String,
    },
    /// Somebody who wrote without an address, and can be answered.
    Anonymous {
        /// By which they are the same for us each time.
        tag: String,
        /// What can be answered now.
        level: SurbLevel,
    },
    /// All who said neither who they are nor how to be answered.
    Unknown {},
}

/// How much can be answered to an anonymous correspondent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct SurbLevel {
    /// SURBs on hand. The last ten of them only carry requests for more.
    pub available: u32,
    /// The longest answer that need not wait for more, in bytes.
    pub bytes: u32,
}

/// What is known of who writes in a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// Nothing that could be checked.
    #[default]
    None,
    /// Their messages are signed with the address's key.
    Signed,
    /// And the user has compared the safety number.
    Verified,
}

/// A conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase")]
pub struct ConversationView {
    /// Names the conversation in messages and events.
    pub id: String,
    /// With whom.
    pub peer: PeerView,
    /// How the user calls them.
    pub name: Option<String>,
    /// What is known of who they are.
    pub trust: Trust,
    /// Whether messages to them are plain text, as for programs other than Sotto.
    pub plain: bool,
    /// Received messages that the user has not seen.
    pub unread: u32,
    /// Whether the last message sent to this address was anonymous, as the next one should be
    /// unless the user wants otherwise.
    pub anonymous: bool,
    /// The newest message; none with a contact that was only added.
    pub last: Option<LastMessage>,
    /// When something last happened here, in milliseconds since the Unix epoch: the order of the
    /// list.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub active_at: u64,
}

/// The newest message of a conversation, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct LastMessage {
    /// Which way it went.
    pub direction: Direction,
    /// The beginning: at most 120 characters, without line breaks. Of a file its name.
    pub text: String,
    /// When it was written or received, in milliseconds since the Unix epoch.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub at: u64,
    /// How far it got; nothing for a received message.
    pub state: Option<DeliveryStateName>,
}

impl From<&MessageView> for LastMessage {
    /// A file is told by its name, and bytes by how many there are.
    fn from(message: &MessageView) -> Self {
        let text = match (&message.file, message.format) {
            (Some(file), _) => file.name.clone(),
            (None, BodyFormat::Binary) => format!("[{} bytes]", message.size),
            (None, _) => message.text.clone(),
        };
        Self {
            direction: message.direction,
            text: excerpt(&text),
            at: message.at,
            state: message.delivery.as_ref().map(|delivery| delivery.state),
        }
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// From us.
    Sent,
    /// To us.
    Received,
}

/// A message in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct MessageView {
    /// Names the message in requests and events.
    pub id: String,
    /// Which way it went.
    pub direction: Direction,
    /// The id of the conversation that it belongs to.
    pub conversation: String,
    /// Whether it was sent with SURBs for the answer, and without telling who wrote it.
    pub anonymous: bool,
    /// Whether it was signed by the address of the conversation: received ones, and our own.
    pub signed: bool,
    /// What the body is.
    pub format: BodyFormat,
    /// The file that the message is; `text` is empty then.
    pub file: Option<FileView>,
    /// The beginning: at most 2,000 characters.
    pub text: String,
    /// Whether there is more.
    pub truncated: bool,
    /// The whole body, in bytes.
    pub size: u32,
    /// When it was written or received, in milliseconds since the Unix epoch.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub at: u64,
    /// How far it got; nothing for a received message.
    pub delivery: Option<DeliveryView>,
}

/// What a body is, as far as that can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum BodyFormat {
    /// Text.
    Text,
    /// JSON from a program: `text` has it in readable form.
    Json,
    /// Bytes: `text` has them as hexadecimal digits.
    Binary,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// Its name, as the sender gave it, without what could deceive.
    pub name: String,
    /// Its media type, as the sender gave it.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u32,
}

impl MessageView {
    /// A message of ours.
    #[must_use]
    pub fn sent(message: &SentMessage) -> Self {
        let outline = Outline {
            id: message.id.to_string(),
            direction: Direction::Sent,
            conversation: Correspondent::from(message).id(),
            at: message.created_at,
        };
        Self {
            anonymous: message.is_anonymous(),
            delivery: Some(DeliveryView::from(&message.outcome)),
            ..outline.filled(&Letter::sent(message))
        }
    }

    /// A message of ours before it is on disk.
    pub(crate) fn unsaved(outline: Outline, anonymous: bool, letter: &Letter) -> Self {
        Self {
            anonymous,
            ..outline.filled(letter)
        }
    }

    /// A message to us. `own` are our keys.
    #[must_use]
    pub fn received(message: &ReceivedMessage, own: &PublicKeys) -> Self {
        let letter = Letter::received(message, own);
        let outline = Outline {
            id: message.id.to_string(),
            direction: Direction::Received,
            conversation: letter.from(message).id(),
            at: message.received_at,
        };
        outline.filled(&letter)
    }
}

/// What is known of a message before it is read.
pub(crate) struct Outline {
    pub(crate) id: String,
    pub(crate) direction: Direction,
    pub(crate) conversation: String,
    pub(crate) at: Time,
}

impl Outline {
    /// The message that says `letter`.
    pub(crate) fn filled(self, letter: &Letter) -> MessageView {
        let preview = letter.preview();
        MessageView {
            id: self.id,
            direction: self.direction,
            conversation: self.conversation,
            anonymous: false,
            signed: letter.signed_by.is_some(),
            format: letter.format(),
            file: letter.file(),
            text: preview.text,
            truncated: preview.truncated,
            size: count(letter.size()),
            at: self.at.as_millis(),
            delivery: None,
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How far a message of ours got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum DeliveryStateName {
    /// On disk, waiting to be sent.
    Queued,
    /// An answer, or the rest of one, that waits for SURBs.
    WaitingForReplyBlocks,
    /// Some packets are on their way.
    Sending,
    /// Every packet was given to the gateway.
    Sent,
    /// Every packet reached the recipient's gateway.
    AtGateway,
    /// The recipient's Sotto says that it has it.
    Delivered,
    /// The user wants it to wait.
    Paused,
    /// Given up.
    Failed,
}

/// How far a message of ours got, with details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct DeliveryView {
    /// How far.
    pub state: DeliveryStateName,
    /// While sending: packets that are known to have arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", tsify(optional))]
    pub acked: Option<u32>,
    /// While sending: packets in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", tsify(optional))]
    pub total: Option<u32>,
    /// What it waits for, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", tsify(optional))]
    pub problem: Option<DeliveryProblem>,
}

/// What a message waits for, or why it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryProblem {
    /// Stable, for programs.
    pub code: String,
    /// For a person: what is wrong and what to do.
    pub message: String,
    /// Whether a `retry` makes sense.
    pub can_retry: bool,
}

impl DeliveryView {
    /// The recipient has told that the message arrived.
    pub(crate) fn delivered() -> Self {
        Self::plain(DeliveryStateName::Delivered)
    }

    fn plain(state: DeliveryStateName) -> Self {
        Self {
            state,
            acked: None,
            total: None,
            problem: None,
        }
    }

    fn queued(waiting: Option<&Problem>) -> Self {
        let state = match waiting {
            Some(Problem::NoSurbs) => DeliveryStateName::WaitingForReplyBlocks,
            _ => DeliveryStateName::Queued,
        };
        Self {
            problem: waiting.map(|problem| DeliveryProblem {
                code: problem.code().to_owned(),
                message: sentence(problem),
                can_retry: false,
            }),
            ..Self::plain(state)
        }
    }

    fn failed(reason: FailReason) -> Self {
        Self {
            problem: Some(reason.into()),
            ..Self::plain(DeliveryStateName::Failed)
        }
    }
}

impl From<&DeliveryState> for DeliveryView {
    fn from(state: &DeliveryState) -> Self {
        match state {
            DeliveryState::Queued { waiting } => Self::queued(waiting.as_ref()),
            DeliveryState::Sending { acked, total } => Self {
                acked: Some(count(*acked)),
                total: Some(count(*total)),
                ..Self::plain(DeliveryStateName::Sending)
            },
            DeliveryState::Paused { acked, total } => Self {
                acked: Some(count(*acked)),
                total: Some(count(*total)),
                ..Self::plain(DeliveryStateName::Paused)
            },
            DeliveryState::Sent => Self::plain(DeliveryStateName::Sent),
            DeliveryState::AtGateway => Self::plain(DeliveryStateName::AtGateway),
            DeliveryState::Failed(reason) => Self::failed(*reason),
        }
    }
}

/// How far a message got, as far as the disk knows.
impl From<&Outcome> for DeliveryView {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Pending | Outcome::Resumed { .. } => Self::plain(DeliveryStateName::Queued),
            Outcome::Paused { .. } => Self::plain(DeliveryStateName::Paused),
            Outcome::AtGateway => Self::plain(DeliveryStateName::AtGateway),
            Outcome::Failed(reason) => Self::failed(*reason),
        }
    }
}

/// What the client is busy with while it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum ConnectionStep {
    /// Fetching the directory.
    Directory,
    /// Opening the gateway's websocket.
    Gateway,
    /// Becoming known to a new gateway.
    Registering,
    /// Proving to the gateway who we are.
    Authenticating,
}

/// The connection to the mixnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ConnectionView {
    /// On the way.
    Connecting {
        /// With what.
        step: ConnectionStep,
    },
    /// Ready to send and receive.
    Online {
        /// The gateway's identity key.
        gateway: String,
        /// Why nothing can be sent, although messages can be received.
        problem: Option<ErrorView>,
    },
    /// Not connected.
    Offline {
        /// Why.
        problem: ErrorView,
        /// When it is tried again, in milliseconds since the Unix epoch.
        #[cfg_attr(feature = "typescript", tsify(type = "number | null"))]
        retry_at: Option<u64>,
    },
}
