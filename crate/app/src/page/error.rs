//! Why a request was refused, by fault, for programs (code) and for people (sentence).

use serde::Serialize;

use sotto_core::{
    address::AddressError,
    client::{MAX_MESSAGE_BYTES, ProbeError, SendError},
    envelope::{MAX_FILE_BYTES, WriteError},
};

use crate::{
    directory::DirectoryUrlError,
    limit::{MAX_PORTS, MAX_UPLOAD_BYTES},
    name::BadName,
    text::sentence,
    vault::{BackupError, PassphraseError, UnlockError},
};

/// Who has to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// The person or page that asked.
    You,
    /// Whoever we talk to.
    Peer,
    /// The gateway.
    Gateway,
    /// The directory.
    Directory,
    /// The browser's storage.
    Storage,
    /// Sotto itself.
    Internal,
}

/// An error as pages see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ErrorView {
    /// Stable, for programs.
    pub code: String,
    /// Who has to change something.
    pub fault: Fault,
    /// For a person: what is wrong and what to do.
    pub message: String,
}

/// Why a request was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Unknown request, unknown or missing field, wrong type, or no JSON at all.
    #[error(
        "Sotto does not know this request. Reload the page, as it may be older than the extension."
    )]
    Malformed,
    /// More than [`crate::limit::MAX_REQUEST_BYTES`].
    #[error("This is too long. Send at most {} MB at a time.", MAX_MESSAGE_BYTES >> 20)]
    TooLarge,
    /// More often than the limits allow.
    #[error("These were too many requests at once. Wait a moment and try again.")]
    TooFrequent,
    /// More than [`MAX_PORTS`] pages.
    #[error("More than {MAX_PORTS} pages are connected. Close some of them.")]
    TooManyPages,
    /// The sender may not ask this.
    #[error("Only Sotto's own pages may ask this.")]
    NotAllowed,
    /// The recipient's address is none.
    #[error("{}", sentence(.0))]
    BadAddress(AddressError),
    /// The recipient's address is longer than any.
    #[error("This is too long for an address. Copy it again as a whole.")]
    LongAddress,
    /// The directory's address is none.
    #[error("{0}")]
    BadDirectory(DirectoryUrlError),
    /// No message has this id.
    #[error("This message is no longer there.")]
    NoSuchMessage,
    /// No conversation has this id.
    #[error("This conversation is no longer there.")]
    NoSuchConversation,
    /// What was asked needs somebody to be known, and these are all who are not.
    #[error("Nobody knows who wrote these messages, so there is no one to answer.")]
    NoCorrespondent,
    /// What was asked needs an address, and the correspondent has given none.
    #[error("Whoever wrote this gave no address, and has no safety number.")]
    NoAddress,
    /// A name that cannot be given.
    #[error("{0}")]
    BadName(BadName),
    /// A file has more than [`MAX_FILE_BYTES`].
    #[error("This file is too large. At most {} MB can be sent.", MAX_FILE_BYTES >> 20)]
    LargeFile,
    /// A file for a program that knows none.
    #[error(
        "Messages to this correspondent are plain text, and no files can be sent. Change that in the conversation if they use Sotto."
    )]
    PlainFile,
    /// A message is no file.
    #[error("There is no file in this message.")]
    NoFile,
    /// The core refused the message or the action.
    #[error("{message}")]
    Refused {
        /// The core's.
        code: &'static str,
        /// The core's, as a sentence.
        message: String,
    },
    /// Nothing can be read or written.
    #[error("The browser's storage failed: {0}. Free some disk space, or restart the browser.")]
    Storage(String),
    /// The state was loaded, and is not usable.
    #[error("{0}")]
    Unusable(String),
    /// No upload or download has this number.
    #[error("This file is no longer there. Choose it again.")]
    NoSuchTransfer,
    /// An upload is longer than any file that could be meant, or all together are.
    #[error("This file is too large. At most {} MB can be handed over.", MAX_UPLOAD_BYTES >> 20)]
    UploadTooLarge,
    /// A page has more files under way than it may.
    #[error("Too many files are open at once. Wait until the others are done.")]
    TooManyTransfers,
    /// There is no vault yet.
    #[error("Sotto is not set up yet. Set it up first.")]
    VaultNone,
    /// The vault waits for its passphrase.
    #[error("Sotto is locked. Unlock it with your passphrase.")]
    VaultLocked,
    /// The vault cannot be opened any more, for this reason.
    #[error("{0}")]
    VaultLost(String),
    /// There is a vault, and it is open.
    #[error("Sotto is set up and open already.")]
    VaultOpen,
    /// Another change of the passphrase is under way.
    #[error("The passphrase is being changed already. Try again in a moment.")]
    VaultBusy,
    /// The secret does not open the vault.
    #[error(transparent)]
    Vault(UnlockError),
    /// The text is no passphrase.
    #[error(transparent)]
    BadPassphrase(PassphraseError),
    /// The file is no backup, or none that can be restored.
    #[error(transparent)]
    Backup(BackupError),
    /// There is more than one backup can hold.
    #[error(
        "A backup can have at most {} MB. Delete conversations with large files first.",
        MAX_UPLOAD_BYTES >> 20
    )]
    BackupTooLarge,
    /// Another backup is being made.
    #[error("A backup is being made already. Wait until it is done.")]
    BackupBusy,
    /// No site of this origin is known.
    #[error("This site is no longer in the list.")]
    NoSuchSite,
    /// The question was answered already, or the site has gone.
    #[error("This question is no longer open. The site may have been closed.")]
    NoSuchPrompt,
    /// The background restarts and too many requests wait already.
    #[error("Sotto is starting. Try again in a moment.")]
    Starting,
}

impl From<ProbeError> for RequestError {
    fn from(error: ProbeError) -> Self {
        Self::Refused {
            code: error.code(),
            message: sentence(&error),
        }
    }
}

impl RequestError {
    /// The core's refusal of a message, in its words.
    pub(crate) fn refused(error: SendError) -> Self {
        Self::Refused {
            code: error.code(),
            message: sentence(&error),
        }
    }

    /// The core's refusal of what an envelope was to hold, in its words.
    pub(crate) fn unwritten(error: WriteError) -> Self {
        Self::Refused {
            code: error.code(),
            message: sentence(&error),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "request.malformed",
            Self::TooLarge => "request.too-large",
            Self::TooFrequent => "request.too-frequent",
            Self::TooManyPages => "request.too-many-pages",
            Self::NotAllowed => "request.not-allowed",
            Self::BadAddress(_) | Self::LongAddress => "address.malformed",
            Self::BadDirectory(_) => "directory.malformed",
            Self::NoSuchMessage => "message.unknown",
            Self::NoSuchConversation => "conversation.unknown",
            Self::NoSuchTransfer => "transfer.unknown",
            Self::UploadTooLarge => "transfer.too-large",
            Self::TooManyTransfers => "transfer.too-many",
            Self::NoCorrespondent => "conversation.nobody",
            Self::NoAddress => "conversation.no-address",
            Self::BadName(BadName::TooLong) => "contact.name-too-long",
            Self::BadName(BadName::Invisible) => "contact.name-invisible",
            Self::LargeFile => "file.too-large",
            Self::PlainFile => "file.plain",
            Self::NoFile => "file.none",
            Self::Refused { code, .. } => code,
            Self::Storage(_) => "storage.failed",
            Self::Unusable(_) => "storage.damaged",
            Self::VaultNone => "vault.none",
            Self::VaultLocked => "vault.locked",
            Self::VaultLost(_) => "vault.lost",
            Self::VaultOpen => "vault.open",
            Self::VaultBusy => "vault.busy",
            Self::Vault(error) => unlock_code(*error),
            Self::BadPassphrase(PassphraseError::Empty) => "passphrase.empty",
            Self::BadPassphrase(PassphraseError::TooLong) => "passphrase.too-long",
            Self::BadPassphrase(PassphraseError::TooShort) => "passphrase.too-short",
            Self::Backup(error) => backup_code(*error),
            Self::BackupTooLarge => "backup.too-large",
            Self::BackupBusy => "backup.busy",
            Self::NoSuchSite => "site.unknown",
            Self::NoSuchPrompt => "prompt.unknown",
            Self::Starting => "background.starting",
        }
    }

    /// Who has to change something.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Storage(_) | Self::Unusable(_) | Self::VaultLost(_) => Fault::Storage,
            Self::Vault(UnlockError::WrongDeviceKey) => Fault::Storage,
            Self::Starting => Fault::Internal,
            _ => Fault::You,
        }
    }

    /// The error for a page.
    #[must_use]
    pub fn view(&self) -> ErrorView {
        ErrorView {
            code: self.code().to_owned(),
            fault: self.fault(),
            message: self.to_string(),
        }
    }
}

fn unlock_code(error: UnlockError) -> &'static str {
    match error {
        UnlockError::WrongPassphrase => "vault.wrong-passphrase",
        UnlockError::WrongDeviceKey => "vault.wrong-device-key",
        UnlockError::PassphraseNeeded => "vault.passphrase-needed",
        UnlockError::DeviceKeyNeeded => "vault.no-passphrase",
        UnlockError::NoMemory(_) => "vault.no-memory",
    }
}

fn backup_code(error: BackupError) -> &'static str {
    match error {
        BackupError::NotABackup => "backup.unknown",
        BackupError::NewerVersion(_) => "backup.newer",
        BackupError::WrongPassphrase => "backup.wrong-passphrase",
        BackupError::Damaged => "backup.damaged",
        BackupError::Truncated => "backup.truncated",
        BackupError::NoMemory(_) => "vault.no-memory",
    }
}
