//! A gateway: takes packets for its clients from other nodes, and packets from its clients to
//! other nodes (protocol.md 8, 10.5).

mod bandwidth;
mod connection;
mod lingering;
mod mailbox;
mod session;
mod store;
mod unconfirmed;
mod writer;

use crate::clock;
use crate::counters::Counters;
use crate::error::MixnetError;
use crate::node::{self, Handler, NodeCore, NodeKeys, Shared, Tasks};
use mailbox::{Ack, Delivery, Sessions};
use sotto_core::node::Hop;
use sotto_core::packet::KeyRotation;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use store::{ClientId, Limits, Store};
use tokio::net::TcpListener;

/// Stored messages are deleted at this age.
const EXPIRY: Duration = Duration::from_secs(24 * 3600);

/// How often the inbox is searched for old messages.
const SWEEP: Duration = Duration::from_secs(3600);

/// What the tasks of one gateway share.
pub(crate) struct Gateway {
    core: Arc<NodeCore>,
    store: Store,
    sessions: Sessions,
    terms: Terms,
}

/// What a gateway grants to its clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Bytes that a client gets for a day; 0 refuses.
    pub(crate) free_bandwidth: i64,
    /// How long a message is kept after the client's side confirmed it.
    pub(crate) linger: Duration,
}

/// A running gateway.
pub(crate) struct RunningGateway {
    pub(crate) tasks: Tasks,
    writer: JoinHandle<()>,
}

/// The sockets of a gateway.
pub(crate) struct Listeners {
    pub(crate) mix: TcpListener,
    pub(crate) websocket: TcpListener,
}

/// Starts a gateway on open sockets, with its database in `folder`.
pub(crate) fn start(
    listeners: Listeners,
    folder: &Path,
    terms: Terms,
    keys: Arc<NodeKeys>,
    counters: Arc<Counters>,
    shared: Shared,
) -> Result<RunningGateway, MixnetError> {
    let (store, writer) = Store::open(&folder.join("gateway.sqlite"), Limits::default())?;
    let core = NodeCore::start(keys, counters, shared);
    let tasks = core.tasks.clone();
    let sessions = Sessions::default();
    let gateway = Arc::new(Gateway {
        core: core.clone(),
        store,
        sessions,
        terms,
    });
    let entry = Arc::new(FromMixnet(gateway.clone()));
    tasks.spawn(node::serve(listeners.mix, core, entry));
    tasks.spawn(connection::serve(listeners.websocket, gateway.clone()));
    tasks.spawn(sweep(gateway));
    Ok(RunningGateway { tasks, writer })
}

impl RunningGateway {
    /// Ends all sessions, saves what they had not delivered, and closes the database.
    pub(crate) async fn stop(self) {
        self.tasks.stop().await;
        let writer = self.writer;
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    }
}

impl Gateway {
    /// Gives a message to its client, or keeps it for later.
    async fn deliver(self: &Arc<Self>, client: ClientId, delivery: Delivery) {
        if let Err(delivery) = self.sessions.deliver(&client, delivery) {
            self.keep(client, delivery).await;
        }
    }

    /// Stores a message, for any destination whatsoever; its ack leaves once it is durable. A
    /// message for which there is no room gets no ack, so that its sender knows.
    async fn keep(self: &Arc<Self>, client: ClientId, delivery: Delivery) {
        let this = self.clone();
        let Delivery { body, ack } = delivery;
        let answer = move |stored: bool| {
            if !stored {
                return this.core.counters.overflowed.increase();
            }
            this.core.counters.stored.increase();
            this.launch(ack);
            // The client may have connected in the meantime, and looked too early.
            this.sessions.look_again(&client);
        };
        self.store.put(client, body, clock::now(), answer).await;
    }

    /// Sends the ack of a message that is safe.
    fn launch(&self, ack: Option<Ack>) {
        if let Some(Ack {
            first_hop,
            rotation,
            packet,
        }) = ack
        {
            self.core.counters.acks.increase();
            self.core.forward(first_hop, rotation, packet);
        }
    }
}

/// The gateway as other nodes see it.
struct FromMixnet(Arc<Gateway>);

impl Handler for FromMixnet {
    async fn handle(&self, rotation: KeyRotation, hop: Hop) {
        let Hop::Final {
            destination,
            delivery,
            ack,
        } = hop
        else {
            // A gateway is the end of every route.
            self.0.core.counters.refused.increase();
            return;
        };
        let ack = ack.map(|(first_hop, packet)| Ack {
            first_hop,
            rotation,
            packet,
        });
        self.0
            .deliver(
                destination,
                Delivery {
                    body: delivery,
                    ack,
                },
            )
            .await;
    }
}

/// Deletes old messages, now and then.
async fn sweep(gateway: Arc<Gateway>) {
    let mut timer = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = gateway.core.tasks.stopped() => return,
            _ = timer.tick() => {}
        }
        let limit = clock::now().as_seconds().saturating_sub(EXPIRY.as_secs());
        match gateway.store.expire(limit).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "deleted messages that nobody fetched"),
            Err(error) => tracing::error!(%error, "cannot delete old messages"),
        }
    }
}
