//! Sphinx packets and the frames they travel in (protocol.md 2, 3.2, 4.7).

pub mod frame;
mod mix;
mod rotation;
mod size;
mod sphinx;

pub use mix::{MixPacket, MixPacketError};
pub use rotation::KeyRotation;
pub(crate) use size::HEADER_LEN;
pub use size::PacketSize;
pub use sphinx::{BuildError, Hop, Journey, build};

/// The packet type byte of a Sphinx packet, the only type in use (protocol.md 2.6).
pub(crate) const PACKET_TYPE_MIX: u8 = 0;
