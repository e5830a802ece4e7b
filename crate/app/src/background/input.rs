//! What happens to the background.

use sotto_core::{ChaCha20Rng, topology::DirectoryReplies};
use zeroize::Zeroizing;

use super::effect::{CommitId, FetchId, PortId, ReadId, Session, SocketId, Table};
use crate::page::RequestError;
use crate::sender::Sender;

/// A record as it was read from disk. Not `Debug`: inside the background it is in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Where it is.
    pub table: Table,
    /// Its name there: 32 bytes, or once it is opened, its key.
    pub key: Vec<u8>,
    /// Its content: sealed, or once it is opened, in clear.
    pub value: Vec<u8>,
}

/// What there is of a vault.
#[derive(Default)]
pub struct StoredVault {
    /// All records of [`Table::Vault`]: names and contents.
    pub copies: Vec<(String, Zeroizing<Vec<u8>>)>,
    /// Whether any other table has a record. Only of interest where there are no copies.
    pub has_records: bool,
    /// What was kept by [`super::Effect::KeepSession`].
    pub session: Option<Session>,
}

/// The state on disk.
pub struct Stored {
    /// All records of the tables that are loaded ([`Table::is_loaded`]).
    pub records: Vec<StoredRecord>,
    /// Freshly seeded randomness for the client.
    pub rng: ChaCha20Rng,
}

/// Something that happened.
pub enum Input {
    /// [`super::Effect::ReadVault`] is done.
    VaultRead(StoredVault),
    /// [`super::Effect::Load`] is done.
    Loaded(Box<Stored>),
    /// [`super::Effect::ReadVault`] or [`super::Effect::Load`] failed; the reason is for a person.
    LoadFailed(String),
    /// A deadline passed, or the browser woke the background.
    Tick,
    /// The browser says that the network is another one now.
    NetworkChanged,
    /// A commit is durable.
    Saved(CommitId),
    /// A commit left no trace; the reason is for a person.
    SaveFailed(CommitId, String),
    /// Those of the records that exist, in the order of the places; or why none could be read.
    RecordsRead(ReadId, Result<Vec<StoredRecord>, String>),
    /// [`super::Effect::LoadSites`] is done, or why not.
    SitesLoaded(Result<Vec<StoredRecord>, String>),
    /// [`super::Effect::ReadAll`] is done, or why not.
    AllRead(Result<Vec<StoredRecord>, String>),
    /// [`super::Effect::ForgetSession`] is done, or why not.
    SessionForgotten(Result<(), String>),
    /// A websocket is open.
    GatewayOpened(SocketId),
    /// A text message came.
    GatewayText(SocketId, String),
    /// A binary message came.
    GatewayBinary(SocketId, Vec<u8>),
    /// A websocket could not be opened, or is closed; the reason is for a person.
    GatewayClosed(SocketId, String),
    /// The directory answered or did not; the reason is for a person.
    DirectoryFetched(FetchId, Result<DirectoryReplies, String>),
    /// A page connected: who, in the browser's words.
    PortOpened(PortId, Sender),
    /// A page posted a message.
    PortMessage {
        /// On which port.
        port: PortId,
        /// Its JSON text, or why it has none.
        message: Result<String, RequestError>,
    },
    /// A page is gone.
    PortClosed(PortId),
}
