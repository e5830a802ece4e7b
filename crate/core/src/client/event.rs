//! What goes into a client and what comes out.

use super::probe::ProbeError;
use super::problem::{Problem, Step};
use super::progress::{DeliveryState, MessageId};
use super::record::{Commit, CommitId, ReceivedMessage};
use crate::address::Address;
use crate::keys::IdentityKey;
use crate::message::SenderTag;
use crate::time::Time;
use crate::topology::DirectoryReplies;
use std::time::Duration;

/// Numbers the websockets that a client has opened, so that late events of an old one are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The deadline has come.
    Tick,
    /// The websocket is open.
    GatewayOpened {
        /// Which one.
        connection: ConnectionId,
    },
    /// A text frame came.
    GatewayText {
        /// Over which websocket.
        connection: ConnectionId,
        /// Its content.
        text: String,
    },
    /// A binary frame came.
    GatewayBinary {
        /// Over which websocket.
        connection: ConnectionId,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// The websocket is closed, or could not be opened.
    GatewayClosed {
        /// Which one.
        connection: ConnectionId,
        /// What is known of the reason, in words.
        reason: String,
    },
    /// The directory has answered.
    TopologyFetched(DirectoryReplies),
    /// The directory has not answered, with the reason in words.
    TopologyFailed(String),
    /// A commit is durable.
    Saved(CommitId),
    /// A commit was not carried out, with the reason in words.
    SaveFailed(CommitId, String),
    /// The machine woke up or is in another network: connections are stale.
    NetworkChanged,
}

/// What is to be done, or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a websocket.
    OpenGateway {
        /// Its number.
        connection: ConnectionId,
        /// Where to.
        url: String,
    },
    /// Close a websocket. No event of it is wanted any more.
    CloseGateway {
        /// Its number.
        connection: ConnectionId,
    },
    /// Send a text frame.
    SendText {
        /// Over which websocket.
        connection: ConnectionId,
        /// Its content.
        text: String,
    },
    /// Send a binary frame.
    SendBinary {
        /// Over which websocket.
        connection: ConnectionId,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// Ask the directory for its three replies.
    FetchTopology,
    /// Put changes on disk, then answer [`Input::Saved`].
    Commit(Commit),
    /// A message has arrived, and is on disk.
    Message(ReceivedMessage),
    /// A message of ours has got on.
    Delivery {
        /// Which one.
        id: MessageId,
        /// Where it is now.
        state: DeliveryState,
    },
    /// So many SURBs are on hand for answering an anonymous correspondent.
    Surbs {
        /// The correspondent.
        tag: SenderTag,
        /// SURBs on hand.
        available: usize,
    },
    /// The connection has changed.
    Connection(ConnectionState),
    /// This is our address from now on.
    Address(Address),
    /// The topology in use is another one.
    Topology(TopologyNews),
    /// Where else we are known than at our own gateway.
    OtherGateways(OtherGateways),
    /// The probe that [`Client::probe`](super::Client::probe) asked for is back after so long, in
    /// milliseconds' precision, or will not be.
    Probe(Result<Duration, ProbeError>),
    /// The disk fails (or works again: `None`). Nothing is told that is not on disk; the client
    /// tries again by itself.
    Storage(Option<Problem>),
}

/// What a person may want to know of the topology in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopologyNews {
    /// When it was fetched. Old if the directory cannot be reached.
    pub fetched_at: Time,
    /// The directory's epoch.
    pub epoch: u32,
    /// Whether it comes from disk, as the directory did not answer since the start.
    pub stored: bool,
    /// Usable mix nodes.
    pub mix_nodes: usize,
    /// Gateways.
    pub gateways: usize,
}

/// The gateways that know us, or are to, other than our own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherGateways {
    /// The one that we move to.
    pub next: Option<NextGateway>,
    /// Those that we have left, the oldest first.
    pub former: Vec<FormerGateway>,
}

/// A move under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextGateway {
    /// The gateway that is being tried.
    pub gateway: Option<IdentityKey>,
    /// How far it is, or what stands in the way.
    pub state: ConnectionState,
}

/// A gateway that we have left, and still receive from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerGateway {
    /// Its name, the third part of the old address.
    pub gateway: IdentityKey,
    /// When another one became our own; when the leaving began, once `leaving`.
    pub left_at: Time,
    /// When something last came that way, to the hour.
    pub received_at: Time,
    /// Whether we are connected.
    pub online: bool,
    /// Whether it is being asked to forget us.
    pub leaving: bool,
}

/// How the client stands to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// On the way to being connected.
    Connecting {
        /// What is under way.
        step: Step,
    },
    /// Connected.
    Online {
        /// Our gateway.
        gateway: IdentityKey,
        /// Why nothing can be sent, although messages can be received.
        problem: Option<Problem>,
    },
    /// Not connected, and waiting to try again.
    Offline {
        /// Why.
        problem: Problem,
        /// When the next try is due.
        retry_at: Time,
    },
}
