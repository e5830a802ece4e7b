//! What can be chosen about the mixnet.

use crate::epoch::ROTATION_EPOCHS;
use crate::faults::FaultSettings;
use crate::schedule::NodeAt;
use std::path::PathBuf;
use std::time::Duration;

/// Where every Sotto program looks for a directory unless told otherwise.
pub const DEFAULT_DIRECTORY_PORT: u16 = 17_080;

/// How long an epoch lasts unless told otherwise. Mainnet's length.
pub(crate) const EPOCH: Duration = Duration::from_secs(3600);

/// Free bandwidth of a day in bytes, as official gateways give it: 64 GiB.
pub const FREE_BANDWIDTH: i64 = 64 << 30;

/// On which loopback addresses nodes listen for each other. Gateways always listen on 127.0.0.1,
/// because a page or an extension cannot be allowed `ws://[::1]`: the policies that name the
/// addresses they may connect to know no IPv6 addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// 127.0.0.1 only.
    #[default]
    V4,
    /// Mix nodes on 127.0.0.1 and `[::1]` in turn, so that packets carry addresses of both kinds.
    /// All on 127.0.0.1 where the machine has no IPv6.
    Mixed,
}

/// How a whole mixnet in one process is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory's port on loopback; 0 takes any free one.
    pub directory_port: u16,
    /// Mix nodes in each of the three layers, at least 1.
    pub mixes_per_layer: u8,
    /// Gateways, at least 1.
    pub gateways: u8,
    /// On which addresses nodes listen.
    pub loopback: Loopback,
    /// Where keys and databases are kept. Without it all is forgotten at the end.
    pub state: Option<PathBuf>,
    /// Trouble from the start.
    pub faults: FaultSettings,
    /// Nodes to stop, and when. They stay stopped.
    pub stop: Vec<NodeAt>,
    /// Nodes to restart, and when.
    pub restart: Vec<NodeAt>,
    /// How long an epoch lasts, at least a second.
    pub epoch: Duration,
    /// Epochs for which a Sphinx key is valid, at least 2.
    pub rotation_epochs: u32,
    /// A JSON file with an array of nodes that others run, in the form of [`crate::Descriptor`].
    pub extra_nodes: Option<PathBuf>,
    /// Bytes of free bandwidth a day that gateways give each client; 0 refuses.
    pub free_bandwidth: i64,
    /// How long gateways keep a message after the client's side confirmed it. Real ones do not.
    pub linger: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            directory_port: DEFAULT_DIRECTORY_PORT,
            mixes_per_layer: 2,
            gateways: 2,
            loopback: Loopback::default(),
            state: None,
            faults: FaultSettings::default(),
            stop: Vec::new(),
            restart: Vec::new(),
            epoch: EPOCH,
            rotation_epochs: ROTATION_EPOCHS,
            extra_nodes: None,
            free_bandwidth: FREE_BANDWIDTH,
            linger: Duration::ZERO,
        }
    }
}

impl Options {
    /// The defaults, but on any free port and with both kinds of addresses: what a test wants.
    pub fn on_free_ports() -> Self {
        Self {
            directory_port: 0,
            loopback: Loopback::Mixed,
            ..Self::default()
        }
    }
}
