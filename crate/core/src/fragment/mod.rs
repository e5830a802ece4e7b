//! Messages cut into packets and put together again (protocol.md 4.2-4.6, 5.3).

mod cipher;
mod header;
mod id;
mod reassembly;
mod seen;
mod split;

pub use cipher::{OVERHEAD as CIPHER_OVERHEAD, open, open_reply, seal, seal_reply};
pub use header::{Fragment, FragmentError};
pub use id::{FragmentId, SetId};
pub use reassembly::{Arrival, Complete, MAX_HELD_BYTES, Reassembly, Refusal};
pub use seen::Seen;
pub use split::{Split, SplitError, fragment_len};

/// The most fragments that one set holds.
pub const MAX_SET: u8 = 255;
