//! Everything the extension decides, without I/O: who may ask what, the conversations, the
//! settings.
//!
//! [`background::Background`] takes page requests, browser events and what became of earlier
//! effects, and gives [`background::Effect`]s for a host to carry out. It wraps
//! [`sotto_core::client::Client`], so that policy is tested natively and the browser's side stays
//! thin.

pub mod again;
pub mod background;
pub mod conversation;
pub mod directory;
pub mod exchange;
pub mod history;
mod json;
mod letter;
pub mod limit;
pub mod name;
pub mod page;
mod preview;
mod problem;
pub mod sender;
mod set;
pub mod settings;
pub mod site;
mod text;
pub mod timeline;
pub mod vault;

pub use preview::PREVIEW_CHARS;
