//! Why the guest book ends.

use sotto::{HandleError, HostError};

/// Why the guest book cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The client does not start.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The client has ended.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// The book cannot be read or written. Nothing is acknowledged that is not in it.
    #[error("The book cannot be read or written: {0}. Make room on the disk, and start again.")]
    Book(#[from] rusqlite::Error),
    /// The address cannot be published.
    #[error("The address cannot be written to the file: {0}.")]
    Publish(std::io::Error),
}
