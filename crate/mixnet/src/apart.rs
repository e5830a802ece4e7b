//! The parts of a mixnet as programs of their own, on one host or several.

use crate::directory::{self, Announcer, Registry};
use crate::epoch::{Calendar, Epochs, ROTATION_EPOCHS};
use crate::error::MixnetError;
use crate::faults::FaultSettings;
use crate::gateway::Terms;
use crate::mixnet::{list_extra, shared};
use crate::node::Tasks;
use crate::options::EPOCH;
use crate::ports::{listen, local_address};
use crate::ready::{Ready, ReadyNode, base_url};
use crate::slot::{Names, Plan, Slot};
use crate::web;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a directory on its own is to be.
#[derive(Clone, Debug)]
pub struct DirectoryOptions {
    /// Where to listen.
    pub address: SocketAddr,
    /// How long an epoch lasts, at least a second.
    pub epoch: Duration,
    /// Epochs for which a Sphinx key is valid, at least 2.
    pub rotation_epochs: u32,
    /// A JSON file with an array of nodes that others run, in the form of [`crate::Descriptor`].
    pub extra_nodes: Option<PathBuf>,
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            epoch: EPOCH,
            rotation_epochs: ROTATION_EPOCHS,
            extra_nodes: None,
        }
    }
}

/// A directory on its own.
pub struct DirectoryServer {
    tasks: Tasks,
    ready: Ready,
}

impl DirectoryServer {
    /// Starts a directory. Nodes announce themselves to it.
    ///
    /// # Errors
    /// [`MixnetError`] says what stands in the way.
    pub async fn start(options: DirectoryOptions) -> Result<Self, MixnetError> {
        let epochs = Epochs::new(options.epoch, options.rotation_epochs);
        let registry = Arc::new(Registry::new(epochs, Arc::default()));
        list_extra(options.extra_nodes.as_deref(), &registry)?;
        let listener = listen(options.address).await?;
        let directory = base_url(local_address(&listener)?);
        let tasks = Tasks::new();
        tasks.spawn(directory::watch(registry.clone(), tasks.clone()));
        let router = directory::router(registry.clone()).merge(directory::announcements(registry));
        web::serve(listener, router, &tasks);
        let ready = Ready {
            ready: true,
            directory,
            admin: None,
            nodes: Vec::new(),
        };
        Ok(Self { tasks, ready })
    }

    /// Where it is.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Ends it in order.
    pub async fn shutdown(self) {
        self.tasks.stop().await;
    }
}

/// What a node of either kind needs to know to run apart.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The directory's base address.
    pub directory: String,
    /// Where to listen for other nodes. Others must reach it under the same address.
    pub mix_address: SocketAddr,
    /// Where keys and databases are kept.
    pub state: PathBuf,
    /// Trouble to make.
    pub faults: FaultSettings,
}

/// What only a gateway needs to know.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Where to listen for clients.
    pub websocket: SocketAddr,
    /// The name under which a TLS proxy in front of it is reached.
    pub hostname: Option<String>,
    /// The port of that proxy.
    pub tls_port: Option<u16>,
    /// Bytes of free bandwidth a day for each client; 0 refuses.
    pub free_bandwidth: i64,
}

/// One node on its own.
pub struct NodeServer {
    slot: Slot,
    ready: Ready,
}

impl NodeServer {
    /// Starts a mix node of the given layer, or of whichever the directory chooses.
    ///
    /// # Errors
    /// [`MixnetError`] says what stands in the way.
    pub async fn start_mix(options: NodeOptions, layer: Option<u8>) -> Result<Self, MixnetError> {
        Self::start(options, Plan::Mix { layer }).await
    }

    /// Starts a gateway.
    ///
    /// # Errors
    /// [`MixnetError`] says what stands in the way.
    pub async fn start_gateway(
        options: NodeOptions,
        gateway: GatewayOptions,
    ) -> Result<Self, MixnetError> {
        let GatewayOptions {
            websocket,
            hostname,
            tls_port,
            free_bandwidth,
        } = gateway;
        let names = Names { hostname, tls_port };
        Self::start(
            options,
            Plan::Gateway {
                websocket,
                names,
                terms: Terms {
                    free_bandwidth,
                    linger: Duration::ZERO,
                },
            },
        )
        .await
    }

    async fn start(options: NodeOptions, plan: Plan) -> Result<Self, MixnetError> {
        let shared = shared(options.faults, Calendar::default())?;
        let slot = Slot::new(&options.state, options.mix_address, plan)?;
        let node = slot.start(&shared).await?;
        let ready = Ready {
            ready: true,
            directory: options.directory.clone(),
            admin: None,
            nodes: vec![ReadyNode::new(None, &node)],
        };
        let (keys, counters) = (slot.keys.clone(), slot.counters.clone());
        let announcer = Announcer::new(&options.directory, node, keys, counters, shared);
        if let Some(tasks) = slot.tasks().await {
            tasks.spawn(announcer.run(tasks.clone()));
        }
        Ok(Self { slot, ready })
    }

    /// Where it is.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Ends it in order: the directory is told, and what was not delivered is saved.
    pub async fn shutdown(self) {
        self.slot.stop().await;
    }
}
