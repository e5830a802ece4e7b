//! What the background answers.

use serde::Serialize;

use super::{ErrorView, Event, MessageView, PacketCounts};
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
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
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
    },
    /// The request was refused or failed.
    Error {
        /// Why.
        error: ErrorView,
    },
}
