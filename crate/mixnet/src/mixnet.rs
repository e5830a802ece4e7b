//! A whole mixnet in one process.

use crate::counters::Counts;
use crate::descriptor::Descriptor;
use crate::directory::{self, Control, Origin, Registry};
use crate::epoch::{Calendar, Epochs};
use crate::error::MixnetError;
use crate::faults::{FaultSettings, Faults};
use crate::gateway::Terms;
use crate::node::{Cpu, KnownNodes, Shared, Tasks};
use crate::options::{Loopback, Options};
use crate::ports::{has_ipv6, listen, local_address};
use crate::ready::{Ready, ReadyNode, base_url};
use crate::schedule::NodeAt;
use crate::slot::{Names, Plan, Slot};
use crate::{random, web};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A running mixnet. Dropping it ends it with the runtime; [`Mixnet::shutdown`] ends it in order.
pub struct Mixnet {
    nodes: Arc<Nodes>,
    servers: Tasks,
    ready: Ready,
    /// Removed with the mixnet, if it was not given a folder.
    _temporary: Option<TempDir>,
}

/// The nodes, and who lists them.
struct Nodes {
    slots: BTreeMap<u32, Slot>,
    registry: Arc<Registry>,
    shared: Shared,
}

impl Mixnet {
    /// Starts everything on loopback. When this returns all of it takes connections.
    ///
    /// # Errors
    /// [`MixnetError`] says what stands in the way.
    pub async fn start(options: Options) -> Result<Self, MixnetError> {
        check(&options)?;
        let temporary = temporary_folder(&options)?;
        let folder = match (&options.state, &temporary) {
            (Some(folder), _) => folder.as_path(),
            (None, Some(temporary)) => temporary.path(),
            (None, None) => Path::new("."),
        };
        // Nodes come last: what can fail for a reason of the user's comes first.
        let directory = listen(loopback(options.directory_port)).await?;
        let admin = listen(loopback(0)).await?;
        let epochs = Epochs::new(options.epoch, options.rotation_epochs);
        let shared = shared(options.faults, Calendar::new(epochs))?;
        let registry = Arc::new(Registry::new(epochs, shared.known.clone()));
        let (slots, mut listed) = launch(&options, folder, &registry, &shared).await?;
        list_extra(options.extra_nodes.as_deref(), &registry)?;
        listed.sort_by_key(|node| node.id);
        let ready = Ready {
            ready: true,
            directory: base_url(local_address(&directory)?),
            admin: Some(base_url(local_address(&admin)?)),
            nodes: listed,
        };
        let nodes = Arc::new(Nodes {
            slots,
            registry: registry.clone(),
            shared,
        });
        let servers = Tasks::new();
        let router = directory::router(registry.clone()).merge(directory::announcements(registry));
        web::serve(directory, router, &servers);
        servers.spawn(directory::watch(nodes.registry.clone(), servers.clone()));
        web::serve(admin, directory::admin_router(nodes.clone()), &servers);
        schedule(&options, &nodes, &servers)?;
        Ok(Self {
            nodes,
            servers,
            ready,
            _temporary: temporary,
        })
    }

    /// Where everything is.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The directory's base address, with a slash at the end.
    pub fn directory_url(&self) -> &str {
        &self.ready.directory
    }

    /// Stops a node in order, as an operator would. It disappears from the directory at once.
    ///
    /// # Errors
    /// [`MixnetError::NoSuchNode`].
    pub async fn stop_node(&self, id: u32) -> Result<(), MixnetError> {
        self.nodes.stop_node(id).await
    }

    /// Starts a stopped node again, with the same keys and ports.
    ///
    /// # Errors
    /// [`MixnetError`] if there is no such node or its port was taken in the meantime.
    pub async fn start_node(&self, id: u32) -> Result<(), MixnetError> {
        self.nodes.start_node(id).await
    }

    /// Stops a node in order and starts it again, with what it has on disk.
    ///
    /// # Errors
    /// [`MixnetError`] if there is no such node or its port was taken in the meantime.
    pub async fn restart_node(&self, id: u32) -> Result<(), MixnetError> {
        self.nodes.restart_node(id).await
    }

    /// Makes it so many epochs later at once: nodes change keys as if the time had passed, and
    /// the directory says so.
    ///
    /// # Errors
    /// [`MixnetError::State`] if a node cannot write its new keys.
    pub async fn skip_epochs(&self, count: u32) -> Result<(), MixnetError> {
        self.nodes.skip_epochs(count).await
    }

    /// Makes every mix node drop that share of packets, 0 to 1.
    pub fn set_loss(&self, loss: f64) {
        let faults = &self.nodes.shared.faults;
        faults.set(FaultSettings {
            loss,
            ..faults.settings()
        });
    }

    /// What a node has done so far.
    pub fn counts(&self, id: u32) -> Option<Counts> {
        self.nodes.slots.get(&id).map(|slot| slot.counters.counts())
    }

    /// Ends everything in order: sessions are closed, and what they had not delivered is saved.
    pub async fn shutdown(self) {
        // First whoever might start a node again.
        self.servers.stop().await;
        for slot in self.nodes.slots.values() {
            slot.stop().await;
        }
    }
}

impl Nodes {
    fn slot(&self, id: u32) -> Result<&Slot, MixnetError> {
        self.slots.get(&id).ok_or(MixnetError::NoSuchNode(id))
    }

    async fn interrupt(&self, id: u32, again: bool) {
        let result = if again {
            self.restart_node(id).await
        } else {
            self.stop_node(id).await
        };
        match result {
            Ok(()) => tracing::info!(id, again, "stopped a node as planned"),
            Err(error) => tracing::error!(id, %error, "cannot stop or restart a node as planned"),
        }
    }
}

impl Control for Nodes {
    fn faults(&self) -> FaultSettings {
        self.shared.faults.settings()
    }

    fn set_faults(&self, settings: FaultSettings) {
        self.shared.faults.set(settings);
    }

    async fn stop_node(&self, id: u32) -> Result<(), MixnetError> {
        let slot = self.slot(id)?;
        self.registry.set_stopped(id);
        slot.stop().await;
        Ok(())
    }

    async fn start_node(&self, id: u32) -> Result<(), MixnetError> {
        let slot = self.slot(id)?;
        let descriptor = slot.start(&self.shared).await?;
        self.registry.list(descriptor, slot.origin());
        Ok(())
    }

    async fn restart_node(&self, id: u32) -> Result<(), MixnetError> {
        self.stop_node(id).await?;
        self.start_node(id).await
    }

    async fn skip_epochs(&self, count: u32) -> Result<(), MixnetError> {
        let epochs = self.registry.epochs().skip(count);
        self.shared.calendar.learn(epochs);
        for slot in self.slots.values() {
            self.shared.turn(&slot.keys).await?;
        }
        self.registry.set_epochs(epochs);
        Ok(())
    }
}

/// Plans the stops and restarts asked for.
fn schedule(options: &Options, nodes: &Arc<Nodes>, servers: &Tasks) -> Result<(), MixnetError> {
    for (list, again) in [(&options.stop, false), (&options.restart, true)] {
        for NodeAt { node, after } in list.iter().copied() {
            nodes.slot(node)?;
            let (nodes, tasks) = (nodes.clone(), servers.clone());
            servers.spawn(async move {
                tokio::select! {
                    () = tasks.stopped() => {}
                    () = tokio::time::sleep(after) => nodes.interrupt(node, again).await,
                }
            });
        }
    }
    Ok(())
}

fn check(options: &Options) -> Result<(), MixnetError> {
    if options.mixes_per_layer == 0 || options.gateways == 0 {
        let reason = "a mixnet needs at least one mix in each layer and one gateway";
        return Err(MixnetError::Options(reason.to_owned()));
    }
    Ok(())
}

fn temporary_folder(options: &Options) -> Result<Option<TempDir>, MixnetError> {
    if options.state.is_some() {
        return Ok(None);
    }
    let state = |error| MixnetError::State {
        path: std::env::temp_dir(),
        error,
    };
    Ok(Some(
        tempfile::Builder::new()
            .prefix("sotto-mixnet")
            .tempdir()
            .map_err(state)?,
    ))
}

pub(crate) fn shared(faults: FaultSettings, calendar: Calendar) -> Result<Shared, MixnetError> {
    let rng = random::generator().map_err(MixnetError::Randomness)?;
    let faults = Faults::new(faults, rng);
    Ok(Shared {
        cpu: Cpu::new(),
        faults: Arc::new(faults),
        known: Arc::new(KnownNodes::default()),
        calendar: Arc::new(calendar),
    })
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// A node's folder, where it listens for others, and its kind.
type Place = (String, SocketAddr, Plan);

fn mixes(options: &Options, v6: bool) -> impl Iterator<Item = Place> {
    let count = options.mixes_per_layer;
    let mix = move |layer: u8, n: u8| {
        // In turn within a layer and along a route, the first hop of the smallest net included.
        let ip = if v6 && (layer + n).is_multiple_of(2) {
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        } else {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        };
        let plan = Plan::Mix { layer: Some(layer) };
        (format!("mix-{layer}-{n}"), SocketAddr::new(ip, 0), plan)
    };
    (1..=3).flat_map(move |layer| (1..=count).map(move |n| mix(layer, n)))
}

fn gateways(options: &Options) -> impl Iterator<Item = Place> {
    let terms = Terms {
        free_bandwidth: options.free_bandwidth,
        linger: options.linger,
    };
    (1..=options.gateways).map(move |n| {
        let plan = Plan::Gateway {
            websocket: loopback(0),
            names: Names::default(),
            terms,
        };
        (format!("gateway-{n}"), loopback(0), plan)
    })
}

/// Whether some nodes are to listen on IPv6.
async fn wants_v6(options: &Options) -> bool {
    let mixed = options.loopback == Loopback::Mixed;
    let v6 = mixed && has_ipv6().await;
    if mixed && !v6 {
        tracing::info!("this machine has no IPv6 loopback; all nodes listen on 127.0.0.1");
    }
    v6
}

/// Starts all nodes and lists them.
async fn launch(
    options: &Options,
    folder: &Path,
    registry: &Registry,
    shared: &Shared,
) -> Result<(BTreeMap<u32, Slot>, Vec<ReadyNode>), MixnetError> {
    let (mut slots, mut listed) = (BTreeMap::new(), Vec::new());
    let v6 = wants_v6(options).await;
    for (name, address, plan) in mixes(options, v6).chain(gateways(options)) {
        let slot = Slot::new(&folder.join(name), address, plan)?;
        let node = slot.start(shared).await?;
        if let Some(id) = registry.list(node.clone(), slot.origin()) {
            listed.push(ReadyNode::new(Some(id), &node));
            slots.insert(id, slot);
        }
    }
    Ok((slots, listed))
}

/// Lists the nodes that others run.
pub(crate) fn list_extra(file: Option<&Path>, registry: &Registry) -> Result<(), MixnetError> {
    file.map_or(Ok(()), |path| list_file(path, registry))
}

/// Lists the nodes of a file.
fn list_file(path: &Path, registry: &Registry) -> Result<(), MixnetError> {
    let state = |error| MixnetError::State {
        path: path.to_owned(),
        error,
    };
    let malformed = |reason: String| MixnetError::File {
        path: path.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(state)?;
    let nodes: Vec<Descriptor> =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    for node in nodes {
        if !node.is_valid() {
            return Err(malformed(format!(
                "{} has a layer other than 1, 2 or 3",
                node.identity
            )));
        }
        registry
            .list(node, Origin::Listed)
            .ok_or_else(|| malformed("too many nodes".into()))?;
    }
    Ok(())
}
