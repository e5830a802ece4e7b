//! What happened, as a hash to compare runs by, and as lines for people.

use sotto_core::time::Time;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Something that happened. Bytes are not part of it: some of a packet's are random padding that
/// the Sphinx library takes from the operating system, and no decision depends on them.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Note {
    /// A packet reaches a node, by port.
    Packet { node: u16, len: usize },
    /// A packet is dropped there.
    Dropped { node: u16, why: &'static str },
    /// A message is for a client of this gateway.
    Arrived { gateway: usize, len: usize },
    /// A client gets an input.
    Input { host: usize, what: &'static str },
    /// A client's timer fires, so many milliseconds after its deadline on the client's clock.
    Tick { host: usize, late: i64 },
    /// What a client asked for is carried out.
    Effect {
        host: usize,
        what: &'static str,
        size: usize,
    },
    /// A browser answers a gateway's ping.
    Pong { host: usize, gateway: usize },
    /// A worker dies. Whether the commit that was under way reached the disk.
    Killed { host: usize, reached: bool },
    /// A worker starts.
    Started { host: usize },
    /// A gateway's session with a client ends.
    SessionEnded { gateway: usize, saved: usize },
    /// Something is done to the network, or by a user.
    Deed { what: &'static str, number: usize },
}

/// Everything that happened so far.
#[derive(Default)]
pub(crate) struct Trace {
    hasher: DefaultHasher,
    notes: u64,
    /// Whether each note is printed.
    pub(crate) aloud: bool,
}

impl Trace {
    pub(crate) fn note(&mut self, now: Time, note: Note) {
        (now.as_millis(), note).hash(&mut self.hasher);
        self.notes += 1;
        if self.aloud {
            println!("{} {note:?}", Clock(now));
        }
    }

    /// The same for two runs only if the same happened in both, at the same times.
    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }

    pub(crate) const fn len(&self) -> u64 {
        self.notes
    }
}

/// Seconds since the world began.
struct Clock(Time);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.saturating_since(crate::world::BEGINNING).as_millis();
        write!(f, "{:>8}.{:03}", millis / 1000, millis % 1000)
    }
}
