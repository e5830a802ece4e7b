//! What a node has done, for the status page and for tests.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// Declares the live counters and the plain numbers they are read into.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Running counts of one node.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $($(#[$doc])* pub(crate) $name: Counter,)+ }

        /// The counts of one node at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)+ }

        impl Counters {
            /// The counts as they are now.
            pub(crate) fn counts(&self) -> Counts {
                Counts { $($name: self.$name.get(),)+ }
            }
        }
    };
}

counters! {
    /// Packets that arrived from other nodes.
    received,
    /// Packets handed on to another node, acks and clients' packets included.
    forwarded,
    /// Messages given to a connected client.
    pushed,
    /// Messages kept for a client that was away.
    stored,
    /// Acks launched.
    acks,
    /// Packets that clients asked this gateway to forward.
    accepted,
    /// Dropped: seen before.
    replayed,
    /// Dropped: malformed, made for another key, or not for a node of this kind.
    refused,
    /// Dropped: a queue or an inbox was full, or the next node cannot be reached.
    overflowed,
    /// Dropped: on request, to try out loss.
    lost,
    /// Clients connected and authenticated now.
    clients,
    /// Clients that were connected and authenticated, each time counted anew.
    sessions,
}

/// One number that only needs to be right in the end.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: usize) {
        self.0.fetch_add(amount as u64, Ordering::Relaxed);
    }

    pub(crate) fn increase(&self) {
        self.add(1);
    }

    pub(crate) fn decrease(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
