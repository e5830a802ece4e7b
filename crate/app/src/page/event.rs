//! What the background tells pages that subscribed.

use serde::Serialize;

use super::{
    ConnectionView, ConversationView, ErrorView, GatewaysView, MessageView, PromptView, SiteView,
    StageView, SurbLevel, TopologyView,
};
use crate::settings::Settings;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Event {
    /// Everything as it is now; replaces what the page knows.
    Snapshot {
        /// It.
        snapshot: Box<Snapshot>,
    },
    /// The vault was made, locked, unlocked or lost. A snapshot follows.
    Stage {
        /// Where it stands now.
        stage: StageView,
    },
    /// The connection to the mixnet changed.
    Connection {
        /// What it is now.
        connection: ConnectionView,
    },
    /// The own address is known, or changed.
    Address {
        /// The new one.
        address: String,
    },
    /// A message is new, or changed (same `id`).
    Message {
        /// As it is now.
        message: MessageView,
    },
    /// The disk fails, or works again. What is not on disk is not shown.
    Storage {
        /// Why; nothing if it works.
        problem: Option<ErrorView>,
    },
    /// The own gateway is another one, or a move or a leaving got on.
    Gateways {
        /// As it is now.
        gateways: GatewaysView,
    },
    /// The map of the network is another one.
    Topology {
        /// It.
        topology: TopologyView,
    },
    /// A message is gone.
    Removed {
        /// Of the message.
        id: String,
    },
    /// A conversation is new, or changed (same `id`).
    Conversation {
        /// As it is now.
        conversation: ConversationView,
    },
    /// A conversation has no message any more.
    ConversationRemoved {
        /// Of the conversation.
        id: String,
    },
    /// More or fewer SURBs are on hand for answering an anonymous correspondent.
    Surbs {
        /// The conversation with it.
        conversation: String,
        /// What can be answered now.
        level: SurbLevel,
    },
    /// What sites do or ask is something else. Told to the pages that asked for `sites`.
    Sites {
        /// As in the reply.
        sites: Vec<SiteView>,
        /// As in the reply.
        prompts: Vec<PromptView>,
    },
}

/// All that a page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Snapshot {
    /// Where the vault stands. Only when it is open there is more to show.
    pub stage: StageView,
    /// The own address; unknown until a gateway knows us.
    pub address: Option<String>,
    /// The connection to the mixnet.
    pub connection: ConnectionView,
    /// The gateways that know us.
    pub gateways: GatewaysView,
    /// The map of the network in use; nothing until there is one.
    pub topology: Option<TopologyView>,
    /// Why nothing can be saved; nothing if the disk works.
    pub storage: Option<ErrorView>,
    /// The conversations that the messages belong to, the one that was active last first.
    pub conversations: Vec<ConversationView>,
    /// The last messages that were told since the start, oldest first: in no conversation is there
    /// a gap between them. All others a page asks for.
    pub messages: Vec<MessageView>,
    /// The settings in force.
    pub settings: Settings,
}
