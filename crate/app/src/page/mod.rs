//! The messages between the extension's pages and the background. TypeScript gets the same types
//! from here (feature `typescript`), under the same names.
//!
//! A page connects a port and posts [`PageMessage`]s; the background answers each on the same
//! port and pushes [`Event`]s to the ports that subscribed.

mod diagnostics;
mod error;
mod event;
mod fields;
mod network;
mod reply;
mod request;
mod sites;
mod stage;
mod typed;
mod view;

pub use diagnostics::PacketCounts;
pub use error::{ErrorView, Fault, RequestError};
pub use event::{Event, Snapshot};
pub use network::{FormerGatewayView, GatewaysView, NextGatewayView, TopologyView};
pub use reply::{BackgroundMessage, Reply};
pub(crate) use request::{Envelope, parse};
pub use request::{PageMessage, Request, RequestKind};
pub use sites::{PromptView, SiteView};
pub use stage::{ProtectionView, StageView};
pub use typed::Typed;
pub(crate) use view::Outline;
pub use view::{
    BodyFormat, ConnectionStep, ConnectionView, ConversationView, DeliveryProblem,
    DeliveryStateName, DeliveryView, Direction, FileView, LastMessage, MessageView, PeerView,
    SurbLevel, Trust,
};
