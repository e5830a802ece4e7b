//! What a site may ask, what it is answered and what it is told: closed lists.
//!
//! The content script connects a port named `sotto-site` and posts [`SiteMessage`]s; the background
//! answers each on the same port.

use serde::{Deserialize, Serialize};

use super::{Payload, Permission, SiteError, SiteErrorView, fields::Fields};
use crate::page::{DeliveryStateName, Envelope};

/// One request of a site, with a number that the reply repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SiteMessage {
    /// Chosen by the site.
    pub id: u32,
    /// What it asks.
    pub request: SiteRequest,
}

/// What a site asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    try_from = "Fields"
)]
pub enum SiteRequest {
    /// Use the mixnet. The user is asked for what the site may not do yet. Answered with
    /// `permissions`; from then on this tab is told events.
    Connect {
        /// What for; at least one.
        permissions: Vec<Permission>,
    },
    /// What the site may do. Never asks the user. Answered with `permissions`.
    Permissions {},
    /// This tab uses the mixnet no more. The permissions stay.
    Disconnect {},
    /// The address of the site's own identity, once a gateway knows it. Needs `receive`.
    Address {},
    /// Send data to an address. Needs `send`. Answered with `accepted` when it is on disk.
    Send {
        /// The recipient's Nym address.
        to: String,
        /// What to send.
        data: Payload,
        /// Whether to send SURBs along, so that the recipient can answer and learns no address.
        /// Otherwise the site's identity signs.
        anonymous: bool,
        /// How many SURBs, if anonymous: 1 to 50.
        surbs: u16,
        /// Whether to put nothing around the data, as programs other than Sotto expect. Then nothing
        /// is signed.
        plain: bool,
    },
    /// Answer whoever wrote anonymously. Needs `reply`. Answered with `accepted` when it is on disk.
    Reply {
        /// Their sender tag, as it came with their message.
        tag: String,
        /// What to send.
        data: Payload,
        /// As in `send`.
        plain: bool,
    },
    /// Send no more of a message.
    Cancel {
        /// Of the message.
        id: String,
    },
    /// A message has reached the page, and needs not be kept.
    Received {
        /// Of the message.
        id: String,
    },
}

macro_rules! site_request_kinds {
    ($($kind:ident),*) => {
        /// The kinds of [`SiteRequest`], without what comes with them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[allow(missing_docs, reason = "each is the request of the same name")]
        pub enum SiteRequestKind {
            $($kind),*
        }

        impl SiteRequestKind {
            /// All of them: what the tests of the access rules go through.
            pub const ALL: &[Self] = &[$(Self::$kind),*];
        }

        impl SiteRequest {
            /// The kind of this request.
            #[must_use]
            pub fn kind(&self) -> SiteRequestKind {
                match self {
                    $(Self::$kind { .. } => SiteRequestKind::$kind),*
                }
            }
        }
    };
}

site_request_kinds!(
    Connect,
    Permissions,
    Disconnect,
    Address,
    Send,
    Reply,
    Cancel,
    Received
);

impl SiteRequestKind {
    /// The permission that it takes; nothing if anybody may ask it.
    #[must_use]
    pub fn needs(self) -> Option<Permission> {
        match self {
            Self::Connect | Self::Permissions | Self::Disconnect => None,
            Self::Address | Self::Received => Some(Permission::Receive),
            Self::Send => Some(Permission::Send),
            Self::Reply => Some(Permission::Reply),
            // Whoever sent it may take it back, with any permission that is left. With none, what
            // waited is cancelled already.
            Self::Cancel => None,
        }
    }
}

/// What the background posts on a site's port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
pub enum SiteBackgroundMessage {
    /// The answer to the request of this number.
    Reply {
        /// The request's.
        id: u32,
        /// The answer.
        reply: SiteReply,
    },
    /// Something happened.
    Event {
        /// What.
        event: SiteEvent,
    },
}

/// The answer to one request of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SiteReply {
    /// Done.
    Ok,
    /// What the site may do now.
    Permissions {
        /// All of it.
        permissions: Vec<Permission>,
    },
    /// The address of the site's identity.
    Address {
        /// It.
        address: String,
    },
    /// The message is on disk and will be sent.
    Accepted {
        /// Of the message.
        id: String,
    },
    /// The request was refused or failed.
    Error {
        /// Why.
        error: SiteErrorView,
    },
}

/// What a site is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SiteEvent {
    /// A message came. It is told again after the next connect until `received` says that it arrived.
    Message {
        /// Of the message.
        id: String,
        /// What it says.
        data: Payload,
        /// For answering it, if it was sent anonymously.
        tag: Option<String>,
        /// Who proves to have written it, or to whom we wrote what this answers.
        from: Option<String>,
        /// Whether its writer proved to be `from`.
        signed: bool,
        /// When it came, in milliseconds since 1970.
        #[serde(rename = "receivedAt")]
        #[cfg_attr(feature = "typescript", tsify(type = "number"))]
        received_at: u64,
    },
    /// A message of the site got on.
    Status {
        /// Of the message.
        id: String,
        /// Where it is now.
        state: DeliveryStateName,
        /// Why it failed.
        reason: Option<String>,
    },
    /// The connection of the site's identity changed.
    Connection {
        /// What it is now.
        state: SiteConnection,
        /// Why it is offline.
        reason: Option<String>,
    },
    /// What the site may do is something else now.
    Permissions {
        /// All of it.
        permissions: Vec<Permission>,
    },
}

/// How a site's identity stands to the mixnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum SiteConnection {
    /// On the way.
    Connecting,
    /// Connected.
    Online,
    /// Not connected, and waiting to try again.
    Offline,
}

/// Reads a request of a site.
pub(crate) fn parse(envelope: &Envelope<'_>) -> Result<SiteRequest, SiteError> {
    // As bytes, as everything else that is JSON: a second parser is more wasm.
    serde_json::from_slice(envelope.request().as_bytes()).map_err(|_| SiteError::Unknown)
}
