//! Why the mixnet does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the mixnet, or one part of it, cannot run.
#[derive(Debug, thiserror::Error)]
pub enum MixnetError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address} ({error}); choose another port, or 0 for any free one")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// The state folder or a file in it cannot be used.
    #[error("cannot use {path} ({error}); check that the folder is writable")]
    State {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// A file given by the user is not what it should be.
    #[error("{path} is malformed: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The gateway's database cannot be used.
    #[error("cannot use the database {path} ({error}); move the file away to start afresh")]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// The operating system has no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(io::Error),
    /// No node has this number.
    #[error("there is no node {0}")]
    NoSuchNode(u32),
    /// The options contradict each other.
    #[error("{0}")]
    Options(String),
}
