//! Why a site's request was refused: a number after EIP-1193 and EIP-1474, a code of ours, and a
//! sentence.

use serde::Serialize;

use crate::limit::{MAX_SITE_BODY_BYTES, MAX_SITE_SURBS};

/// An error as a site sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct SiteErrorView {
    /// The number, after EIP-1193 and EIP-1474.
    pub code: i32,
    /// Stable, for programs; says more than the number.
    pub reason: String,
    /// For a person: what is wrong and what to do.
    pub message: String,
}

/// Why a site's request was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The user said no, or closed the question.
    #[error("The user does not let this site use the mixnet.")]
    Rejected,
    /// The user said no not long ago, and is not asked again yet.
    #[error("The user said no a short time ago. Wait before you ask again.")]
    AskedTooSoon,
    /// The user gave no answer.
    #[error("The user did not answer. Ask again when they want to.")]
    Unanswered,
    /// The site lacks a permission.
    #[error("This site may not do this. Ask for the permission with connect().")]
    Unauthorised,
    /// No such request.
    #[error("Sotto does not know this request. It may be of a later version.")]
    Unknown,
    /// The sender is no top frame of a secure context.
    #[error("Only a page of its own, over https or on this computer, may use the mixnet.")]
    NotASite,
    /// There is nobody who could send: not set up, or locked, or being deleted.
    #[error("{1}")]
    Closed(&'static str, String),
    /// There is no connection to the mixnet, for this reason.
    #[error("There is no connection to the mixnet: {0}")]
    Offline(String),
    /// A field is not what it should be.
    #[error("{1}")]
    BadParameter(&'static str, String),
    /// Data is too long.
    #[error("This is too long. Send at most {} KB at a time.", MAX_SITE_BODY_BYTES >> 10)]
    TooLarge,
    /// More SURBs than a message may have.
    #[error("A message can have at most {MAX_SITE_SURBS} reply blocks.")]
    TooManySurbs,
    /// A question to the user is open already.
    #[error("The user is being asked already. Wait for the answer.")]
    PromptPending,
    /// Too often, or too much that waits.
    #[error("These were too many requests at once. Wait a moment and try again.")]
    TooFrequent,
    /// Too much waits to be sent.
    #[error("Too much of this site waits to be sent. Wait until some of it has left.")]
    QueueFull,
    /// Too many tabs of sites are connected.
    #[error("Too many tabs use the mixnet at once. Close some of them.")]
    TooManyTabs,
    /// The disk fails.
    #[error("The browser's storage failed: {0}.")]
    Storage(String),
    /// The message is not there any more.
    #[error("This message is no longer there.")]
    NoSuchMessage,
    /// The core refused the message.
    #[error("{message}")]
    Refused {
        /// The core's.
        code: &'static str,
        /// The core's, as a sentence.
        message: String,
    },
}

impl SiteError {
    /// The number: 4001 the user said no, 4100 no permission, 4200 unknown, 4900 not connected
    /// (EIP-1193); -32602 bad parameters, -32002 pending, -32005 limit exceeded, -32603 internal
    /// (EIP-1474).
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Rejected | Self::AskedTooSoon | Self::Unanswered => 4001,
            Self::Unauthorised | Self::NotASite => 4100,
            Self::Unknown => 4200,
            Self::Closed(..) | Self::Offline(_) => 4900,
            Self::BadParameter(..)
            | Self::TooLarge
            | Self::TooManySurbs
            | Self::NoSuchMessage
            | Self::Refused { .. } => -32602,
            Self::PromptPending => -32002,
            Self::TooFrequent | Self::QueueFull | Self::TooManyTabs => -32005,
            Self::Storage(_) => -32603,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Rejected => "user.rejected",
            Self::AskedTooSoon => "user.asked-too-soon",
            Self::Unanswered => "user.unanswered",
            Self::Unauthorised => "site.unauthorised",
            Self::Unknown => "request.unknown",
            Self::NotASite => "site.insecure",
            Self::Closed(reason, _) | Self::BadParameter(reason, _) => reason,
            Self::Offline(_) => "connection.offline",
            Self::TooLarge => "data.too-large",
            Self::TooManySurbs => "surbs.too-many",
            Self::PromptPending => "user.being-asked",
            Self::TooFrequent => "request.too-frequent",
            Self::QueueFull => "queue.full",
            Self::TooManyTabs => "site.too-many-tabs",
            Self::Storage(_) => "storage.failed",
            Self::NoSuchMessage => "message.unknown",
            Self::Refused { code, .. } => code,
        }
    }

    /// The error for a site.
    #[must_use]
    pub fn view(&self) -> SiteErrorView {
        SiteErrorView {
            code: self.code(),
            reason: self.reason().to_owned(),
            message: self.to_string(),
        }
    }
}
