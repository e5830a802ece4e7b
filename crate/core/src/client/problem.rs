//! What can go wrong, by whose fault, and what to do about it.

use crate::topology::TopologyError;
use std::fmt;

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The one who asked for something impossible.
    Caller,
    /// The other end of a conversation.
    Peer,
    /// The gateway, or the way to it.
    Gateway,
    /// The directory, or the way to it.
    Directory,
    /// The disk.
    Storage,
}

/// A step on the way to being connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Asking the directory for the topology.
    Directory,
    /// Finding out which gateway answers fastest.
    Choosing,
    /// Opening the websocket and asking for the protocol version.
    Gateway,
    /// Agreeing on a key with a gateway that does not know us.
    Registering,
    /// Proving an earlier registration.
    Authenticating,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "asking the directory",
            Self::Choosing => "choosing a gateway",
            Self::Gateway => "opening the connection",
            Self::Registering => "registering",
            Self::Authenticating => "signing in",
        })
    }
}

/// Something that keeps the client from being connected, or a message from leaving. The text is
/// a sentence for a person; [`Problem::code`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The directory gave no answer.
    #[error(
        "The directory cannot be reached ({0}). Check its address in the settings and your \
         internet connection."
    )]
    DirectoryUnreachable(String),
    /// The directory's answer is of no use.
    #[error("The directory cannot be used: {0}. Check its address in the settings.")]
    DirectoryNonsense(#[from] TopologyError),
    /// No listed gateway can be connected to.
    #[error(
        "The directory lists no gateway that this program can connect to. Choose another \
         directory in the settings."
    )]
    NoGateway,
    /// Our own gateway is not listed.
    #[error(
        "Your gateway is not in the directory's list at the moment. Sotto looks again by itself."
    )]
    OwnGatewayMissing,
    /// The gateway that was chosen by name is not listed, or cannot be connected to.
    #[error(
        "The gateway that you chose is not in the directory's list, or takes no connections from \
         here. Choose another one."
    )]
    ChosenGatewayMissing,
    /// Our own gateway has been away for long.
    #[error(
        "Your gateway has been gone for {hours} hours. Choose another one in the settings; your \
         address changes with it, so tell it to your contacts."
    )]
    GatewayGone {
        /// For how long.
        hours: u64,
    },
    /// The websocket could not be opened.
    #[error("The gateway cannot be reached ({0}). Sotto tries again by itself.")]
    GatewayUnreachable(String),
    /// The websocket was closed before the connection stood.
    #[error(
        "The gateway closed the connection while {step} ({reason}). Sotto tries again by itself."
    )]
    GatewayClosed {
        /// What was under way.
        step: Step,
        /// The browser's or the gateway's words.
        reason: String,
    },
    /// The connection broke after it stood.
    #[error("The connection to the gateway was lost ({0}). Sotto connects again by itself.")]
    ConnectionLost(String),
    /// The gateway did not answer in time.
    #[error("The gateway gave no answer. Sotto tries again by itself.")]
    GatewaySilent,
    /// The gateway said no.
    #[error("The gateway refused: “{0}”. Sotto tries again by itself.")]
    GatewayRefused(String),
    /// The gateway said something that makes no sense.
    #[error(
        "The gateway does not speak the Nym protocol properly ({0}). If this goes on, choose \
         another directory."
    )]
    GatewayGarbage(String),
    /// The gateway is too old.
    #[error("The gateway speaks version {0} of the protocol, which is too old.")]
    GatewayTooOld(u8),
    /// Someone else answers in the gateway's place, or it is damaged.
    #[error(
        "The gateway could not prove that it is the one in the directory ({0}). Somebody may be \
         in between; nothing was sent."
    )]
    GatewayImpostor(String),
    /// A packet came in clear.
    #[error(
        "The gateway sent something unencrypted, which it must never do. Sotto refused it and \
         connects again."
    )]
    GatewayUnencrypted,
    /// The gateway forwards nothing more for free.
    #[error("The gateway gives no more free bandwidth: “{0}”. Receiving still works.")]
    OutOfBandwidth(String),
    /// The recipient's gateway is not listed.
    #[error(
        "The recipient's gateway is not in the directory's list. The message is kept and leaves \
         when the gateway appears; check that you both use the same network."
    )]
    RecipientGatewayMissing,
    /// The recipient is anonymous, and there is no SURB left to answer with.
    #[error(
        "Your answer waits: the other side has to send more reply blocks first. Sotto has asked \
         for them."
    )]
    NoSurbs,
    /// The disk took nothing.
    #[error("Your data could not be saved ({0}). Free some disk space; Sotto tries again.")]
    StorageFailed(String),
}

impl Problem {
    /// A name that stays the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DirectoryUnreachable(_) => "directory.unreachable",
            Self::DirectoryNonsense(_) => "directory.nonsense",
            Self::NoGateway => "directory.no-gateway",
            Self::OwnGatewayMissing => "gateway.missing",
            Self::ChosenGatewayMissing => "gateway.chosen-missing",
            Self::GatewayGone { .. } => "gateway.gone",
            Self::GatewayUnreachable(_) => "gateway.unreachable",
            Self::GatewayClosed { .. } => "gateway.closed",
            Self::ConnectionLost(_) => "gateway.lost",
            Self::GatewaySilent => "gateway.silent",
            Self::GatewayRefused(_) => "gateway.refused",
            Self::GatewayGarbage(_) => "gateway.garbage",
            Self::GatewayTooOld(_) => "gateway.too-old",
            Self::GatewayImpostor(_) => "gateway.impostor",
            Self::GatewayUnencrypted => "gateway.unencrypted",
            Self::OutOfBandwidth(_) => "gateway.bandwidth",
            Self::RecipientGatewayMissing => "peer.gateway-missing",
            Self::NoSurbs => "peer.no-surbs",
            Self::StorageFailed(_) => "storage.failed",
        }
    }

    /// Who is at fault.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::DirectoryUnreachable(_) | Self::DirectoryNonsense(_) | Self::NoGateway => {
                Fault::Directory
            }
            Self::RecipientGatewayMissing | Self::NoSurbs => Fault::Peer,
            Self::StorageFailed(_) => Fault::Storage,
            _ => Fault::Gateway,
        }
    }
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is nothing to send.
    #[error("The message is empty.")]
    Empty,
    /// The message has too many bytes.
    #[error("The message is too large: at most {limit} bytes can be sent at once.")]
    TooLarge {
        /// The most bytes a message may have.
        limit: usize,
    },
    /// Nobody is known by that sender tag.
    #[error("There is no way to answer this sender: it gave no reply blocks, or all are used up.")]
    UnknownCorrespondent,
    /// Too much is waiting already.
    #[error("Too many messages are waiting to be sent. Wait until some have left.")]
    OutboxFull,
    /// An id is for one message.
    #[error("A message with this id is being sent already.")]
    IdTaken,
}

impl SendError {
    /// A name that stays the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "message.empty",
            Self::TooLarge { .. } => "message.too-large",
            Self::UnknownCorrespondent => "reply.unknown-correspondent",
            Self::OutboxFull => "outbox.full",
            Self::IdTaken => "message.id-taken",
        }
    }
}

/// Why a gateway cannot be moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// It is our own.
    #[error("This is your gateway already.")]
    AlreadyThere,
    /// The directory does not list it.
    #[error("The directory does not list this gateway. Check its name.")]
    NotListed,
    /// It takes no connections from here.
    #[error("This gateway takes no connections from this browser. Choose another one.")]
    NotReachable,
}

impl MoveError {
    /// A name that stays the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyThere => "gateway.already-there",
            Self::NotListed => "gateway.not-listed",
            Self::NotReachable => "gateway.not-reachable",
        }
    }
}

/// Stored data that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The identity cannot be read; going on would silently make another one.
    #[error("The stored identity cannot be read: {0}. Restore it from a backup.")]
    Identity(crate::keys::KeyError),
}
