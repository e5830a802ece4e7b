//! A small Nym mixnet for development, tests and offline use: a directory with nym-api's own
//! paths, mix nodes with real delays, and gateways with registration, bandwidth and an inbox.
//!
//! It speaks the real protocol, so that official clients and nodes can join. [`Mixnet`] is all of
//! it in one process; [`DirectoryServer`] and [`NodeServer`] are the parts apart.
//!
//! It is not made to protect anybody: a mixnet on one machine hides nothing from the owner of that
//! machine.

mod apart;
mod clock;
mod counters;
mod descriptor;
mod directory;
mod epoch;
mod error;
mod faults;
mod gateway;
mod mix;
mod mixnet;
mod node;
mod options;
mod ports;
mod random;
mod ready;
mod schedule;
mod slot;
mod web;

pub use apart::{DirectoryOptions, DirectoryServer, GatewayOptions, NodeOptions, NodeServer};
pub use counters::Counts;
pub use descriptor::{Descriptor, Role, RotatingKey, SphinxKeys};
pub use epoch::ROTATION_EPOCHS;
pub use error::MixnetError;
pub use faults::FaultSettings;
pub use mixnet::Mixnet;
pub use options::{DEFAULT_DIRECTORY_PORT, FREE_BANDWIDTH, Loopback, Options};
pub use ready::{Ready, ReadyNode};
pub use schedule::NodeAt;
