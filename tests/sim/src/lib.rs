//! Whole networks in one thread and virtual time: real clients, real node code, and gateways
//! that do just enough of protocol.md 8. Every random choice comes from one seed.
//!
//! | module | concept |
//! |---|---|
//! | `world` | what there is, and what happens next |
//! | `directory` | what the directory answers |
//! | `gateway` | gateways, good and bad |
//! | `host` | what a browser does around a client: sockets, a disk, a clock |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a simulation is for"
)]

mod directory;
mod gateway;
mod host;
mod world;

pub use directory::Directory;
pub use gateway::{Gateway, Manners};
pub use host::Host;
pub use world::World;
