//! What the background wants done by its host.
//!
//! Inside the background records are in clear. On their way out of
//! [`Background::poll`](super::Background::poll) they are sealed (`sealing.rs`): what a host gets to
//! see of a record is its table, a name of 32 bytes, and ciphertext.

use sotto_core::{
    client::{self, ConnectionId, Store},
    time::Time,
};
use zeroize::Zeroizing;

use crate::{page::BackgroundMessage, site::SiteBackgroundMessage};

/// One store of records on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// One of the core's.
    Core(Store),
    /// The settings: one record, under [`crate::settings::SETTINGS_KEY`].
    Settings,
    /// What is known of each conversation, by its id.
    Conversation,
    /// Segments of conversations: which messages there are, in their order.
    Timeline,
    /// The vault's own: its envelope and its device key, two copies each. They are kept as they are.
    Vault,
    /// Of our messages, by their id, those whose arrival the recipient has confirmed.
    Delivered,
    /// What the user lets each site do, by the site's origin.
    SiteGrant,
    /// What the clients of sites read at their start: a site's id, the core's store, the key there.
    SiteState,
    /// Messages that sites have not taken yet: a site's id, and the message's.
    SiteInbox,
}

impl Table {
    /// What [`Effect::LoadSites`] reads.
    pub const OF_SITES: [Self; 2] = [Self::SiteState, Self::SiteInbox];

    /// The name on disk.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Core(store) => store.name(),
            Self::Settings => "settings",
            Self::Conversation => "conversation",
            Self::Timeline => "timeline",
            Self::Vault => "vault",
            Self::Delivered => "delivered",
            Self::SiteGrant => "site-grant",
            Self::SiteState => "site-state",
            Self::SiteInbox => "site-inbox",
        }
    }

    /// The table of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|table| table.name() == name)
    }

    /// Whether [`Effect::Load`] reads all of it.
    #[must_use]
    pub fn is_loaded(self) -> bool {
        match self {
            Self::Core(store) => Store::LOADED.contains(&store),
            Self::Settings | Self::Conversation | Self::SiteGrant => true,
            Self::Timeline | Self::Vault | Self::Delivered | Self::SiteState | Self::SiteInbox => {
                false
            }
        }
    }

    /// All tables, in a fixed order.
    pub fn all() -> impl Iterator<Item = Self> {
        Store::ALL.iter().copied().map(Self::Core).chain([
            Self::Settings,
            Self::Conversation,
            Self::Timeline,
            Self::Vault,
            Self::Delivered,
            Self::SiteGrant,
            Self::SiteState,
            Self::SiteInbox,
        ])
    }
}

/// A change on disk. Not `Debug`: values are keys and messages.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// Write a record.
    Put {
        /// Where.
        table: Table,
        /// Under which key.
        key: Vec<u8>,
        /// What.
        value: Vec<u8>,
    },
    /// Delete a record, if it is there.
    Delete {
        /// Where.
        table: Table,
        /// Which.
        key: Vec<u8>,
    },
    /// Delete all records of a table.
    Clear(Table),
}

impl Change {
    /// The table that is changed.
    #[must_use]
    pub fn table(&self) -> Table {
        match self {
            Self::Put { table, .. } | Self::Delete { table, .. } | Self::Clear(table) => *table,
        }
    }
}

impl From<client::Change> for Change {
    fn from(change: client::Change) -> Self {
        let table = Table::Core(change.store);
        match change.value {
            Some(value) => Self::Put {
                table,
                key: change.key,
                value,
            },
            None => Self::Delete {
                table,
                key: change.key,
            },
        }
    }
}

/// Names a connection, fetch or commit of one run of the client. After a change of the settings a
/// new client starts; what its predecessor asked for is then of no interest any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scoped<T> {
    /// Which run of the client.
    pub(crate) run: u32,
    /// Which one of it.
    pub(crate) id: T,
}

/// Names a gateway connection.
pub type SocketId = Scoped<ConnectionId>;
/// Names a fetch of the directory.
pub type FetchId = Scoped<u32>;

/// Names a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitId {
    /// Of one run of the client: its changes, and the app's own.
    Run(Scoped<u64>),
    /// Of sites: their clients' changes, and what is known of them.
    Site(u64),
    /// Of new settings.
    Settings,
    /// Of a new vault, with all that is in it at first.
    NewVault,
    /// Of another envelope: a passphrase was set, changed or removed.
    Secret,
    /// Of copies of the envelope or the device key, as one was damaged or has become too cheap.
    Mending,
    /// That nothing is left.
    Nothing,
}

/// Names a connected page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub u32);

/// Names a read of records.
pub type ReadId = Scoped<u32>;

/// What outlives the background and not the browser. Not `Debug`: there is the vault's key in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The unlocked vault, 65 bytes. It must never be written to disk.
    pub key: Zeroizing<Vec<u8>>,
    /// When the vault was last used.
    pub last_used: Time,
}

/// What the host is to do. Not `Debug`: there are keys and messages in it.
pub enum Effect {
    /// Read all of [`Table::Vault`] and the session; answer with `VaultRead` or `LoadFailed`.
    ReadVault,
    /// Read the state from disk, after all commits so far; answer with `Loaded` or `LoadFailed`.
    Load,
    /// Read every record of every table but the vault's, as they are at one moment; answer with
    /// `AllRead`.
    ReadAll,
    /// Keep this in memory that only the extension's own pages can read. Nothing is answered.
    KeepSession(Session),
    /// Forget what was kept; answer with `SessionForgotten`.
    ForgetSession {
        /// And what pages keep in the same place: drafts.
        everything: bool,
    },
    /// Carry out all changes atomically, durably and after earlier commits; answer with `Saved` or
    /// `SaveFailed`.
    Commit {
        /// Named in the answer.
        id: CommitId,
        /// What to change.
        changes: Vec<Change>,
    },
    /// Read those of these records that exist, all in one transaction; answer with `RecordsRead`.
    Read {
        /// Named in the answer.
        read: ReadId,
        /// Where they are.
        places: Vec<(Table, Vec<u8>)>,
    },
    /// Open a websocket; answer with `GatewayOpened` or `GatewayClosed`.
    OpenSocket {
        /// Named in everything about it.
        socket: SocketId,
        /// Where.
        url: String,
    },
    /// Close a websocket, if it is still there.
    CloseSocket {
        /// Which.
        socket: SocketId,
    },
    /// Send a text message.
    SendText {
        /// Where.
        socket: SocketId,
        /// What.
        text: String,
    },
    /// Send a binary message.
    SendBinary {
        /// Where.
        socket: SocketId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Fetch three documents; answer with `DirectoryFetched`.
    FetchDirectory {
        /// Named in the answer.
        fetch: FetchId,
        /// Rewarded set, active mix nodes, entry gateways.
        urls: [String; 3],
    },
    /// Show on the extension's button how many messages the user has not seen.
    Badge {
        /// So many.
        unread: u32,
    },
    /// Have the system notify the user of a message. What is not told here is for the host to
    /// word.
    Notify {
        /// The id of the message's conversation: a newer notification of it takes the place of an
        /// older one.
        conversation: String,
        /// Who wrote, if that may be told.
        title: Option<String>,
        /// What, if that may be told; at most 120 characters in one line.
        body: Option<String>,
    },
    /// Have the user answer what sites ask: show the page for that.
    OpenApproval,
    /// Mark a tab as using the mixnet, or no more.
    SiteBadge {
        /// The browser's number of the tab.
        tab: i32,
        /// Whether.
        active: bool,
    },
    /// Read all records of the tables of sites; answer with `SitesLoaded`.
    LoadSites,
    /// Post a message to a site.
    PostSite {
        /// On which port.
        port: PortId,
        /// What.
        message: SiteBackgroundMessage,
    },
    /// Post a message to a page.
    Post {
        /// Which.
        port: PortId,
        /// What.
        message: BackgroundMessage,
    },
}
