//! What the client did, as pages show it. Counts alone, which tell nothing of who or what.

use serde::Serialize;
use sotto_core::client::Statistics;

/// Counts of packets, records and messages since the client was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct PacketCounts {
    /// Packets given to the gateway, repetitions included.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub packets_sent: u64,
    /// Packets among them that repeat a fragment whose ack did not come.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub packets_repeated: u64,
    /// Cover packets given to the gateway.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub cover_sent: u64,
    /// Acks of our fragments.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub acks: u64,
    /// Acks that belong to no fragment on its way (repetitions, mostly).
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub stray_acks: u64,
    /// Fragments received.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub fragments: u64,
    /// Fragments received before.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub duplicates: u64,
    /// Cover packets, and acks of them, that came back.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub cover: u64,
    /// Received packets that were no valid fragment, or did not fit the others.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub malformed: u64,
    /// Received messages of a kind that cannot be read.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub unreadable: u64,
    /// Text frames of a type that this version does not know.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub unknown_text: u64,
    /// Stored records that were damaged and removed.
    #[cfg_attr(feature = "typescript", tsify(type = "number"))]
    pub damaged_records: u64,
}

impl From<Statistics> for PacketCounts {
    fn from(counted: Statistics) -> Self {
        Self {
            packets_sent: counted.packets_sent,
            packets_repeated: counted.packets_repeated,
            cover_sent: counted.cover_sent,
            acks: counted.acks,
            stray_acks: counted.stray_acks,
            fragments: counted.fragments,
            duplicates: counted.duplicates,
            cover: counted.cover,
            malformed: counted.malformed,
            unreadable: counted.unreadable,
            unknown_text: counted.unknown_text,
            damaged_records: counted.damaged_records,
        }
    }
}
