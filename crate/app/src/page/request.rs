//! What a page may ask: a closed list.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RequestError, Typed, fields::Fields};
use crate::{limit::MAX_REQUEST_BYTES, sender::SenderClass, settings::Settings, site::Permission};

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
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    try_from = "Fields"
)]
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
    /// Make a vault and an identity. Only at the stage `new`.
    Begin {
        /// The first settings.
        settings: Settings,
        /// What the vault is locked with; without one, a device key.
        passphrase: Option<Typed>,
    },
    /// Open the vault. Only at the stage `locked`.
    Unlock {
        /// As it was chosen.
        passphrase: Typed,
    },
    /// Lock the vault, and disconnect. Only with a passphrase.
    Lock {},
    /// Set, change or remove the passphrase.
    SetPassphrase {
        /// The one in force; nothing if there is none.
        old: Option<Typed>,
        /// The new one; nothing for none.
        new: Option<Typed>,
    },
    /// Make a backup of everything. Answered with `download`.
    ExportBackup {
        /// What the backup is to be locked with.
        passphrase: Typed,
    },
    /// Replace everything by what a backup holds. Only at the stages `new` and `lost`.
    RestoreBackup {
        /// The file, uploaded before.
        upload: u32,
        /// What the backup is locked with. It becomes the vault's passphrase as well.
        passphrase: Typed,
    },
    /// Tell the gateways to forget us, as far as they can be reached, and delete everything.
    ForgetEverything {},
    /// Hand over the next part of a file, in order.
    UploadPart {
        /// Chosen by the page; the first part begins the upload.
        upload: u32,
        /// At most 1 MiB, base64.
        data: String,
    },
    /// Forget what was uploaded.
    DropUpload {
        /// The page's own.
        upload: u32,
    },
    /// The next part of a file. Answered with `part`.
    DownloadPart {
        /// As it was answered.
        download: u32,
    },
    /// Give an address a name, and a place in the list. Answered with `conversation`.
    AddContact {
        /// The contact's Nym address.
        address: String,
        /// How the user calls them; at most 100 characters, and none for no name.
        name: String,
    },
    /// Call a correspondent by another name.
    Rename {
        /// The conversation with them.
        conversation: String,
        /// As in `addContact`.
        name: String,
    },
    /// The number to compare with a contact. Answered with `safetyNumber`.
    SafetyNumber {
        /// The conversation with them.
        conversation: String,
    },
    /// The user has compared the safety number, or doubts it.
    SetVerified {
        /// The conversation.
        conversation: String,
        /// Whether it was the same.
        verified: bool,
    },
    /// Whether messages to a correspondent are plain text, as for programs other than Sotto.
    SetPlain {
        /// The conversation.
        conversation: String,
        /// Whether.
        plain: bool,
    },
    /// Send a file. Answered with `accepted` when it is on disk.
    SendFile {
        /// The conversation: an address or a sender tag.
        conversation: String,
        /// The content, uploaded before; at most 5 MiB.
        upload: u32,
        /// The file's name.
        name: String,
        /// The file's media type.
        media_type: String,
        /// As in `send`; of no meaning in an answer.
        anonymous: bool,
    },
    /// The content of a file. Answered with `download`.
    OpenFile {
        /// Of the message.
        id: String,
    },
    /// Send no more of a message for now.
    Pause {
        /// Of the message.
        id: String,
    },
    /// Go on with a message.
    Resume {
        /// Of the message.
        id: String,
    },
    /// Send a packet round the network, back to ourselves. Answered with `probe`.
    Probe {},
    /// Some messages of a conversation, next to one another: the newest, or those next to one that
    /// is known. Answered with `messages`.
    Messages {
        /// Which.
        conversation: String,
        /// Those just before this message.
        before: Option<String>,
        /// Those just after this message: what leads from a found one back to the newest. Not
        /// together with `before`.
        after: Option<String>,
    },
    /// Look for messages that hold a text. Answered with `found`.
    Search {
        /// What to look for, whatever the case.
        text: String,
        /// Only here; everywhere if there is none.
        conversation: Option<String>,
        /// Where the last search stopped.
        cursor: Option<String>,
    },
    /// Delete a message on this side.
    DeleteMessage {
        /// Of the message.
        id: String,
    },
    /// Delete a conversation on this side: its messages and what is known of the correspondent.
    DeleteConversation {
        /// Which.
        conversation: String,
    },
    /// The sites that use the mixnet or did, and what the user is being asked. Answered with `sites`.
    /// The page that asks this shows the questions: when the last such page is gone, they count as
    /// refused.
    Sites {},
    /// The user answers the question of a site. Answered with `ok` when it is on disk.
    AnswerPrompt {
        /// Which question.
        prompt: u32,
        /// What the site may do of what it asked; nothing for no.
        permissions: Vec<Permission>,
    },
    /// Change what a site may do.
    SetSitePermissions {
        /// Its origin.
        origin: String,
        /// All that it may do from now on.
        permissions: Vec<Permission>,
    },
    /// Forget a site: its identity, its messages and what it may do. Its gateway is told.
    ForgetSite {
        /// Its origin.
        origin: String,
    },
}

macro_rules! request_kinds {
    ($($kind:ident),*) => {
        /// The kinds of [`Request`], without what comes with them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "camelCase")]
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
    SetSettings,
    Begin,
    Unlock,
    Lock,
    SetPassphrase,
    ExportBackup,
    RestoreBackup,
    ForgetEverything,
    UploadPart,
    DropUpload,
    DownloadPart,
    AddContact,
    Rename,
    SafetyNumber,
    SetVerified,
    SetPlain,
    SendFile,
    OpenFile,
    Pause,
    Resume,
    Probe,
    Messages,
    Search,
    DeleteMessage,
    DeleteConversation,
    Sites,
    AnswerPrompt,
    SetSitePermissions,
    ForgetSite
);

impl RequestKind {
    /// Whether a sender of this class may ask this. Everything here is about the user's own
    /// messages, so only the extension's own pages may.
    #[must_use]
    pub fn is_allowed_for(self, class: &SenderClass) -> bool {
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
            | Self::SetSettings
            | Self::Begin
            | Self::Unlock
            | Self::Lock
            | Self::SetPassphrase
            | Self::ExportBackup
            | Self::RestoreBackup
            | Self::ForgetEverything
            | Self::UploadPart
            | Self::DropUpload
            | Self::DownloadPart
            | Self::AddContact
            | Self::Rename
            | Self::SafetyNumber
            | Self::SetVerified
            | Self::SetPlain
            | Self::SendFile
            | Self::OpenFile
            | Self::Pause
            | Self::Resume
            | Self::Probe
            | Self::Messages
            | Self::Search
            | Self::DeleteMessage
            | Self::DeleteConversation
            | Self::Sites
            | Self::AnswerPrompt
            | Self::SetSitePermissions
            | Self::ForgetSite => *class == SenderClass::ExtensionPage,
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
    /// The JSON text of the request.
    pub(crate) fn request(&self) -> &str {
        self.request.get()
    }

    /// Reads the number and leaves the request as it is.
    pub(crate) fn parse(message: &'a str) -> Result<Self, RequestError> {
        if message.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLarge);
        }
        serde_json::from_slice(message.as_bytes()).map_err(|_| RequestError::Malformed)
    }
}

/// Reads the request and checks that `class` may ask it.
pub(crate) fn parse(envelope: &Envelope<'_>, class: &SenderClass) -> Result<Request, RequestError> {
    let request: Request = serde_json::from_slice(envelope.request.get().as_bytes())
        .map_err(|_| RequestError::Malformed)?;
    if request.kind().is_allowed_for(class) {
        Ok(request)
    } else {
        Err(RequestError::NotAllowed)
    }
}
