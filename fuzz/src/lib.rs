//! What arbitrary bytes must not do.
//!
//! Each target hands bytes to some of the core's decoders, or drives a whole client or the extension's
//! background with them, and
//! asserts what must hold for any bytes: no panic, what is read can be written again and reads the
//! same, nothing that was tampered with is taken. It says whether the bytes got anywhere: a target
//! that refuses everything would find nothing.
//!
//! `cargo xtask fuzz` runs them under libFuzzer, which looks for bytes that lead to new code
//! (`fuzz/libfuzzer`). `tests/corpus.rs` runs what it has found so far as plain tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a target reports what it has found"
)]

mod acks;
mod addresses;
mod binary_frames;
mod client;
mod control_messages;
mod deliveries;
mod envelope;
mod fragments;
mod handshake;
mod messages;
mod node_frames;
mod packets;
mod records;
pub mod seeds;
mod sites;
mod source;
mod surbs;
mod topology;

/// Takes any bytes; says whether they were anything but refused. Panics if a promise is broken.
pub type Target = fn(&[u8]) -> bool;

/// Every target by its name.
pub const TARGETS: [(&str, Target); 16] = [
    ("acks", acks::run),
    ("addresses", addresses::run),
    ("binary_frames", binary_frames::run),
    ("client", client::run),
    ("control_messages", control_messages::run),
    ("deliveries", deliveries::run),
    ("envelope", envelope::run),
    ("fragments", fragments::run),
    ("handshake", handshake::run),
    ("messages", messages::run),
    ("node_frames", node_frames::run),
    ("packets", packets::run),
    ("records", records::run),
    ("sites", sites::run),
    ("surbs", surbs::run),
    ("topology", topology::run),
];

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, target)| *target)
}
