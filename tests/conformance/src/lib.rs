//! Our bytes against the official crates at 2.0.0: theirs read by us, ours read by them.
//!
//! One module a subject. Every test goes in both directions wherever the official crates offer
//! both; where an official function is private, the test says which public one stands in for it.
//! `protocol.md` is the fact sheet that the sections named here belong to.
//!
//! Run with `cargo test` in this folder. The first build compiles several hundred crates.

#![cfg(test)]

mod acks;
mod addresses;
mod client;
mod cover;
mod directory;
mod first_version;
mod fixture;
mod fragments;
mod frames;
mod gateway;
mod handshake;
mod local_directory;
mod packets;
mod pipeline;
mod surbs;
mod websocket;
