//! Sotto without a browser: [`Host`] runs the same client as the extension on tokio, with its
//! state in a folder. The program `sotto` is a thin layer over it.

mod clock;
mod database;
mod directory;
mod driver;
mod gateway;
mod host;
mod inbox;
pub mod websocket;

pub use database::DatabaseError;
pub use directory::NotAnAddress;
pub use host::{
    DEFAULT_DIRECTORY, Event, Handle, HandleError, Host, HostError, Letter, Note, Options, Queued,
    Way,
};
