//! Web sites that the user lets use the mixnet: who they are, what they may, what they say to the
//! background and what they hear. Without state: what becomes of it is in `background/sites/`.

mod error;
mod fields;
mod grant;
mod message;
mod origin;
mod payload;
mod permission;

pub use error::{SiteError, SiteErrorView};
pub use grant::{Grant, SiteId};
pub(crate) use message::parse;
pub use message::{
    SiteBackgroundMessage, SiteConnection, SiteEvent, SiteMessage, SiteReply, SiteRequest,
    SiteRequestKind,
};
pub use origin::{NotASite, Origin};
pub use payload::{BadPayload, Payload, PayloadKind};
pub use permission::{Permission, Permissions};
