//! Whole networks in one thread and virtual time: real clients, real node code, and gateways
//! that do just enough of protocol.md 8. Every random choice comes from one seed.
//!
//! | module | concept |
//! |---|---|
//! | `world` | what there is, and what happens next |
//! | `network`, `node` | packets on their way, and the nodes that they pass |
//! | `directory` | what the directory answers |
//! | `gateway`, `pushes` | gateways, good and bad: towards clients, and from the mixnet to clients |
//! | `host`, `disk`, `frames` | what a browser does around a client |
//! | `guest` | clients that run elsewhere |
//! | `fault` | what can go wrong |
//! | `scenario`, `draw` | what will happen, drawn from a seed |
//! | `run`, `check` | playing it, and whether every promise was kept |
//! | `campaign` | many scenarios on all cores, and the table of what came of them |
//! | `trace` | what happened |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a simulation is for"
)]

mod campaign;
mod check;
mod directory;
mod disk;
mod draw;
mod fault;
mod frames;
mod gateway;
mod guest;
mod host;
mod network;
mod node;
mod pushes;
mod run;
mod scenario;
mod trace;
mod world;

pub use campaign::{MESSAGES, Row, Summary, campaign, complaint, try_seed};
pub use check::Findings;
pub use directory::Directory;
pub use disk::Disk;
pub use fault::Fault;
pub use gateway::{Gateway, Manners};
pub use host::{Fuse, Host};
pub use network::Conditions;
pub use run::{Report, play};
pub use scenario::{Deed, Fate, Scenario};
pub use world::{Shape, World};
