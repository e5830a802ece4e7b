//! One node of either kind that can be started and stopped, with the same keys and ports each
//! time.

use crate::counters::Counters;
use crate::descriptor::{Descriptor, Role};
use crate::directory::Origin;
use crate::error::MixnetError;
use crate::gateway::{self, Listeners, RunningGateway, Terms};
use crate::mix;
use crate::node::{NodeKeys, Shared, Tasks};
use crate::ports::{listen, local_address};
use crate::random;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What kind of node, and where it listens.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    Mix {
        layer: Option<u8>,
    },
    Gateway {
        websocket: SocketAddr,
        names: Names,
        terms: Terms,
    },
}

/// The names under which clients reach a gateway with TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) hostname: Option<String>,
    pub(crate) tls_port: Option<u16>,
}

/// A place for one node.
pub(crate) struct Slot {
    pub(crate) keys: Arc<NodeKeys>,
    pub(crate) counters: Arc<Counters>,
    folder: PathBuf,
    /// Where it listens; ports become fixed at the first start.
    place: Mutex<(SocketAddr, Plan)>,
    running: tokio::sync::Mutex<Option<Running>>,
}

enum Running {
    Mix(Tasks),
    Gateway(RunningGateway),
}

/// Makes a folder for its owner only: it holds keys and messages.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Slot {
    /// Makes the place for a node, reading or drawing its keys.
    pub(crate) fn new(folder: &Path, mix: SocketAddr, plan: Plan) -> Result<Self, MixnetError> {
        let state = |error| MixnetError::State {
            path: folder.to_owned(),
            error,
        };
        make_private(folder).map_err(state)?;
        let mut rng = random::generator().map_err(MixnetError::Randomness)?;
        Ok(Self {
            keys: Arc::new(NodeKeys::load_or_create(folder, &mut rng)?),
            counters: Arc::default(),
            folder: folder.to_owned(),
            place: Mutex::new((mix, plan)),
            running: tokio::sync::Mutex::default(),
        })
    }

    /// Starts the node unless it runs.
    pub(crate) async fn start(&self, shared: &Shared) -> Result<Descriptor, MixnetError> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            *running = Some(self.launch(shared).await?);
        }
        Ok(self.descriptor())
    }

    async fn launch(&self, shared: &Shared) -> Result<Running, MixnetError> {
        let (mix_address, mut plan) = self.place.lock().clone();
        shared.turn(&self.keys).await?;
        let mix = listen(mix_address).await?;
        let mix_address = local_address(&mix)?;
        let (keys, counters) = (self.keys.clone(), self.counters.clone());
        let running = match &mut plan {
            Plan::Mix { .. } => Running::Mix(mix::start(mix, keys, counters, shared.clone())),
            Plan::Gateway {
                websocket: address,
                terms,
                ..
            } => {
                let websocket = listen(*address).await?;
                *address = local_address(&websocket)?;
                let listeners = Listeners { mix, websocket };
                let (terms, shared) = (*terms, shared.clone());
                let gateway =
                    gateway::start(listeners, &self.folder, terms, keys, counters, shared)?;
                Running::Gateway(gateway)
            }
        };
        *self.place.lock() = (mix_address, plan);
        Ok(running)
    }

    /// How the directory gets at its counters and keys.
    pub(crate) fn origin(&self) -> Origin {
        Origin::Here(self.counters.clone(), self.keys.clone())
    }

    /// Stops the node; what it must not lose is saved.
    pub(crate) async fn stop(&self) {
        match self.running.lock().await.take() {
            None => {}
            Some(Running::Mix(tasks)) => tasks.stop().await,
            Some(Running::Gateway(gateway)) => gateway.stop().await,
        }
    }

    /// The tasks of the node, if it runs.
    pub(crate) async fn tasks(&self) -> Option<Tasks> {
        match &*self.running.lock().await {
            None => None,
            Some(Running::Mix(tasks)) => Some(tasks.clone()),
            Some(Running::Gateway(gateway)) => Some(gateway.tasks.clone()),
        }
    }

    fn descriptor(&self) -> Descriptor {
        let (mix_address, plan) = self.place.lock().clone();
        let role = match plan {
            Plan::Mix { layer } => Role::Mix { layer },
            Plan::Gateway {
                websocket,
                names: Names { hostname, tls_port },
                ..
            } => Role::Gateway {
                websocket_port: websocket.port(),
                hostname,
                tls_port,
            },
        };
        let (identity, sphinx) = (self.keys.identity(), self.keys.announced());
        Descriptor {
            role,
            mix_address,
            identity,
            sphinx,
            api: None,
        }
    }
}
