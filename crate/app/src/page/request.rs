//! What a page may ask: a closed list.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::RequestError;
use crate::{limit::MAX_REQUEST_BYTES, sender::SenderClass, settings::Settings};

/// One request of a page, with a number that the reply repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PageMessage {
    /// Chosen by the page.
    pub id: u32,
    /// What it asks.
    pub request: Request,
}

/// What a page asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// A snapshot now, and every change from then on.
    Subscribe {},
    /// Send a text to an address. Answered with `accepted` when it is on disk.
    Send {
        /// The recipient's Nym address.
        to: String,
        /// What to send.
        text: String,
        /// Whether to send SURBs along: the recipient can answer then, and learns no address.
        anonymous: bool,
    },
    /// Answer an anonymous correspondent. Answered with `accepted` when it is on disk.
    Reply {
        /// The correspondent's sender tag.
        to: String,
        /// What to send.
        text: String,
    },
    /// The user has seen a message, and all before it in its conversation.
    Seen {
        /// Of the message.
        id: String,
    },
    /// Try again to send a message that failed.
    Retry {
        /// Of the message.
        id: String,
    },
    /// Give up a message that was not sent yet.
    Cancel {
        /// Of the message.
        id: String,
    },
    /// The whole text of a message.
    Message {
        /// Of the message.
        id: String,
    },
    /// The gateways that can be moved to.
    GatewayChoices {},
    /// Move to another gateway. The own address changes with it.
    ChangeGateway {
        /// `random`, `fastest`, or a gateway's identity key.
        to: String,
    },
    /// Think better of a move that is under way.
    StayAtGateway {},
    /// Receive no more through a gateway that was left.
    LeaveGateway {
        /// Its identity key.
        gateway: String,
    },
    /// Counts of what the client did, for whoever looks for a fault.
    Diagnostics {},
    /// The settings in force.
    Settings {},
    /// Replace the settings.
    SetSettings {
        /// The new ones.
        settings: Settings,
    },
}

macro_rules! request_kinds {
    ($($kind:ident),*) => {
        /// The kinds of [`Request`], without what comes with them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the request of the same name")]
        pub enum RequestKind {
            $($kind),*
        }

        impl RequestKind {
            /// All of them: what the tests of the access rules go through.
            pub const ALL: &[Self] = &[$(Self::$kind),*];
        }

        impl Request {
            /// The kind of this request.
            #[must_use]
            pub fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$kind { .. } => RequestKind::$kind),*
                }
            }
        }
    };
}

request_kinds!(
    Subscribe,
    Send,
    Reply,
    Seen,
    Retry,
    Cancel,
    Message,
    GatewayChoices,
    ChangeGateway,
    StayAtGateway,
    LeaveGateway,
    Diagnostics,
    Settings,
    SetSettings
);

impl RequestKind {
    /// Whether a sender of this class may ask this. Everything here is about the user's own
    /// messages, so only the extension's own pages may.
    #[must_use]
    pub fn is_allowed_for(self, class: SenderClass) -> bool {
        match self {
            Self::Subscribe
            | Self::Send
            | Self::Reply
            | Self::Seen
            | Self::Retry
            | Self::Cancel
            | Self::Message
            | Self::GatewayChoices
            | Self::ChangeGateway
            | Self::StayAtGateway
            | Self::LeaveGateway
            | Self::Diagnostics
            | Self::Settings
            | Self::SetSettings => class == SenderClass::ExtensionPage,
        }
    }
}

/// The outer part of a [`PageMessage`], read first so that a bad request can be answered by its
/// number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope<'a> {
    pub(crate) id: u32,
    #[serde(borrow)]
    request: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// Reads the number and leaves the request as it is.
    pub(crate) fn parse(message: &'a str) -> Result<Self, RequestError> {
        if message.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLarge);
        }
        serde_json::from_str(message).map_err(|_| RequestError::Malformed)
    }
}

/// Reads the request and checks that `class` may ask it.
pub(crate) fn parse(envelope: &Envelope<'_>, class: SenderClass) -> Result<Request, RequestError> {
    let request: Request =
        serde_json::from_str(envelope.request.get()).map_err(|_| RequestError::Malformed)?;
    if request.kind().is_allowed_for(class) {
        Ok(request)
    } else {
        Err(RequestError::NotAllowed)
    }
}
