//! What can be chosen about the mixnet.

use crate::epoch::ROTATION_EPOCHS;
use crate::faults::FaultSettings;
use std::path::PathBuf;
use std::time::Duration;

/// Where every Sotto program looks for a directory unless told otherwise.
pub const DEFAULT_DIRECTORY_PORT: u16 = 17_080;

/// How long an epoch lasts unless told otherwise. Mainnet's length.
pub(crate) const EPOCH: Duration = Duration::from_secs(3600);

/// Free bandwidth of a day in bytes, as official gateways give it: 64 GiB.
pub const FREE_BANDWIDTH: i64 = 64 << 30;

/// How a whole mixnet in one process is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory's port on loopback; 0 takes any free one.
    pub directory_port: u16,
    /// Mix nodes in each of the three layers, at least 1.
    pub mixes_per_layer: u8,
    /// Gateways, at least 1.
    pub gateways: u8,
    /// Where keys and databases are kept. Without it all is forgotten at the end.
    pub state: Option<PathBuf>,
    /// Trouble from the start.
    pub faults: FaultSettings,
    /// How long an epoch lasts, at least a second.
    pub epoch: Duration,
    /// Epochs for which a Sphinx key is valid, at least 2.
    pub rotation_epochs: u32,
    /// A JSON file with an array of nodes that others run, in the form of [`crate::Descriptor`].
    pub extra_nodes: Option<PathBuf>,
    /// Bytes of free bandwidth a day that gateways give each client; 0 refuses.
    pub free_bandwidth: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            directory_port: DEFAULT_DIRECTORY_PORT,
            mixes_per_layer: 2,
            gateways: 2,
            state: None,
            faults: FaultSettings::default(),
            epoch: EPOCH,
            rotation_epochs: ROTATION_EPOCHS,
            extra_nodes: None,
            free_bandwidth: FREE_BANDWIDTH,
        }
    }
}

impl Options {
    /// The defaults, but on any free port: what a test wants.
    pub fn on_free_ports() -> Self {
        Self {
            directory_port: 0,
            ..Self::default()
        }
    }
}
