//! The Nym client protocol as a state machine: bytes and time in, bytes and deadlines out.
//!
//! Nothing in this crate opens a socket, reads a clock, sleeps or draws randomness of its own.
//! [`client::Client`] is one Nym identity: feed it events with `handle`, carry out what `poll`
//! gives, call again at `next_deadline`. [`node`] is the other end of the wire: what a mix node
//! or a final gateway does to a packet. Everything between is one module a concept.
//!
//! References of the form "protocol.md 4.4" name the sections of the project's fact sheet on the
//! wire format; `docs/architecture.md` says how the rooms fit together.

pub mod ack;
pub mod address;
pub mod client;
pub mod cover;
pub mod crypto;
pub mod delivery;
pub mod envelope;
pub mod fragment;
pub mod gateway;
pub mod keys;
pub mod message;
pub mod node;
pub mod packet;
pub mod prepare;
pub mod surb;
pub mod time;
pub mod topology;

pub use rand_chacha::ChaCha20Rng;
