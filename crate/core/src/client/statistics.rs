//! Counts of what a client did, for diagnostics. They tell nothing of who or what.

/// Counts since the client was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets given to the gateway, repetitions included.
    pub packets_sent: u64,
    /// Packets among them that repeat a fragment whose ack did not come.
    pub packets_repeated: u64,
    /// Cover packets given to the gateway.
    pub cover_sent: u64,
    /// Acks of our fragments.
    pub acks: u64,
    /// Acks that belong to no fragment on its way (repetitions, mostly).
    pub stray_acks: u64,
    /// Fragments received.
    pub fragments: u64,
    /// Fragments received before.
    pub duplicates: u64,
    /// Cover packets, and acks of them, that came back.
    pub cover: u64,
    /// Received packets that were no valid fragment, or did not fit the others.
    pub malformed: u64,
    /// Received messages of a kind that cannot be read.
    pub unreadable: u64,
    /// Text frames of a type that this version does not know.
    pub unknown_text: u64,
    /// Stored records that were damaged and removed.
    pub damaged_records: u64,
}
