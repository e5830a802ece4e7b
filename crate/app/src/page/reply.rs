//! What the background answers.

use serde::Serialize;

use super::{ConversationView, ErrorView, Event, MessageView, PacketCounts, PromptView, SiteView};
use crate::settings::Settings;

/// What the background posts on a port: the reply to one request, or an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
pub enum BackgroundMessage {
    /// The answer to the request of this number.
    Reply {
        /// The request's.
        id: u32,
        /// The answer.
        reply: Reply,
    },
    /// Something happened.
    Event {
        /// What.
        event: Event,
    },
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Reply {
    /// Done.
    Ok,
    /// The message is on disk and will be sent.
    Accepted {
        /// Of the message.
        id: String,
        /// Of the conversation that it belongs to.
        conversation: String,
    },
    /// A message with its whole text.
    Message {
        /// As in the list.
        message: MessageView,
        /// All of it.
        text: String,
    },
    /// The settings in force.
    Settings {
        /// They.
        settings: Settings,
    },
    /// The gateways that can be moved to.
    GatewayChoices {
        /// Their identity keys; none before the directory has answered.
        gateways: Vec<String>,
    },
    /// What the client did since it was started.
    Diagnostics {
        /// Its packets.
        packets: PacketCounts,
        /// What is left at the gateway, in bytes; nothing while there is no connection.
        #[cfg_attr(feature = "typescript", tsify(type = "number | null"))]
        bandwidth: Option<u64>,
    },
    /// A conversation.
    Conversation {
        /// As in the list.
        conversation: ConversationView,
    },
    /// The number to compare.
    SafetyNumber {
        /// 60 digits in twelve groups, with blanks between.
        digits: String,
    },
    /// A file is ready: ask for its parts.
    Download {
        /// Names it in `downloadPart`.
        download: u32,
        /// What to call it.
        name: String,
        /// Its media type.
        #[serde(rename = "mediaType")]
        media_type: String,
        /// Its length in bytes.
        size: u32,
    },
    /// A part of a file.
    Part {
        /// At most 1 MiB, base64.
        data: String,
        /// Whether it was the last one. The download is over then.
        last: bool,
    },
    /// A packet went round.
    Probe {
        /// In so many milliseconds.
        milliseconds: u32,
    },
    /// Messages of one conversation.
    Messages {
        /// The oldest first.
        messages: Vec<MessageView>,
        /// Whether there are older ones; newer ones, if those after a message were asked for.
        more: bool,
    },
    /// What a search has found so far.
    Found {
        /// The newest first.
        messages: Vec<MessageView>,
        /// For going on; nothing at the end.
        cursor: Option<String>,
    },
    /// What sites do, and what they ask.
    Sites {
        /// Those that may do something, or did; by origin.
        sites: Vec<SiteView>,
        /// What the user is being asked, the oldest first.
        prompts: Vec<PromptView>,
    },
    /// The request was refused or failed.
    Error {
        /// Why.
        error: ErrorView,
    },
}
