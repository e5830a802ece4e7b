//! What happens to the background.

use sotto_core::{ChaCha20Rng, client::Record, topology::DirectoryReplies};

use super::effect::{CommitId, FetchId, PortId, ReadId, SocketId};
use crate::page::RequestError;
use crate::sender::Sender;

/// The state on disk.
pub struct Stored {
    /// All records of the stores that the client reads (`Store::LOADED`).
    pub records: Vec<Record>,
    /// The newest [`crate::history::HISTORY_LIMIT`] records each of the stores of finished and
    /// received messages.
    pub history: Vec<Record>,
    /// All records of [`super::Table::Unread`]: keys and values.
    pub unread: Vec<(Vec<u8>, Vec<u8>)>,
    /// The settings record, if there is one.
    pub settings: Option<Vec<u8>>,
    /// Freshly seeded randomness for the client.
    pub rng: ChaCha20Rng,
}

/// Something that happened.
pub enum Input {
    /// [`super::Effect::Load`] is done.
    Loaded(Box<Stored>),
    /// [`super::Effect::Load`] failed; the reason is for a person.
    LoadFailed(String),
    /// A deadline passed, or the browser woke the background.
    Tick,
    /// The browser says that the network is another one now.
    NetworkChanged,
    /// A commit is durable.
    Saved(CommitId),
    /// A commit left no trace; the reason is for a person.
    SaveFailed(CommitId, String),
    /// A record was read, did not exist, or could not be read.
    RecordRead(ReadId, Result<Option<Record>, String>),
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
    /// A page connected.
    PortOpened(PortId),
    /// A page posted a message.
    PortMessage {
        /// On which port.
        port: PortId,
        /// Who, in the browser's words.
        sender: Sender,
        /// Its JSON text, or why it has none.
        message: Result<String, RequestError>,
    },
    /// A page is gone.
    PortClosed(PortId),
}
