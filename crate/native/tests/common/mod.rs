//! A mixnet with clients, all in one process.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "shared by several test programs, each of which uses a part"
)]

pub mod program;

use sotto::{Event, Host};
use sotto_core::address::Address;
use sotto_core::client::{Config, ConnectionState, DeliveryState, MessageId, Pacing, Problem};
use sotto_mixnet::{Mixnet, Options};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

/// A bound on failure, not a wait: the slowest case takes a tenth of it on an idle machine.
pub const LIMIT: Duration = Duration::from_secs(90);

/// One mix in each layer (1 to 3) and one gateway (4).
pub fn small() -> Options {
    Options {
        mixes_per_layer: 1,
        gateways: 1,
        ..Options::on_free_ports()
    }
}

/// So slow that something can happen in mid-message.
pub fn paced() -> Config {
    Config {
        pacing: Pacing::Poisson {
            mean: Duration::from_millis(5),
        },
        ..Config::default()
    }
}

/// Bytes in which every position differs from its neighbours and no stretch repeats soon.
pub fn bytes(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i.wrapping_mul(31) ^ (i >> 8) ^ (i >> 16)) as u8)
        .collect()
}

pub struct World {
    pub mixnet: Mixnet,
    folder: TempDir,
}

impl World {
    pub async fn new(options: Options) -> Self {
        let mixnet = Mixnet::start(options).await.unwrap();
        Self {
            mixnet,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A connected client; the same one for the same name.
    pub async fn peer(&self, name: &'static str) -> Peer {
        self.peer_with(name, Config::default()).await
    }

    pub async fn peer_with(&self, name: &'static str, config: Config) -> Peer {
        let host = start(
            self.mixnet.directory_url(),
            &self.folder.path().join(name),
            config,
        )
        .await;
        let events = host.handle().subscribe().await.unwrap();
        Peer::new(name, host, events).await
    }

    /// Ends the mixnet, does something, and starts it again under the same directory address.
    pub async fn restarted(self, options: Options, between: impl FnOnce()) -> Self {
        let Self { mixnet, folder } = self;
        let address: SocketAddr = mixnet
            .directory_url()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .unwrap();
        mixnet.shutdown().await;
        between();
        let options = Options {
            directory_port: address.port(),
            ..options
        };
        Self {
            mixnet: Mixnet::start(options).await.unwrap(),
            folder,
        }
    }

    pub async fn end(self) {
        self.mixnet.shutdown().await;
    }
}

pub async fn start(directory: &str, state: &Path, config: Config) -> Host {
    let (directory, state) = (directory.to_owned(), state.to_owned());
    Host::start(sotto::Options {
        directory,
        state,
        config,
    })
    .await
    .unwrap()
}

pub struct Peer {
    name: &'static str,
    pub host: Host,
    pub address: Address,
    pub events: UnboundedReceiver<Event>,
    /// Messages that came while something else was waited for.
    early: Vec<(MessageId, Vec<u8>)>,
    /// The last state of our own message.
    states: Vec<(MessageId, DeliveryState)>,
}

/// The next event, or a failure that says what was waited for.
pub async fn next(events: &mut UnboundedReceiver<Event>, what: &str) -> Event {
    match timeout(LIMIT, events.recv()).await {
        Ok(Some(event)) => event,
        Ok(None) => panic!("the client ended while waiting for {what}"),
        Err(_) => panic!("nothing happens while waiting for {what}"),
    }
}

/// The first problem that keeps the client offline.
pub async fn problem(events: &mut UnboundedReceiver<Event>) -> Problem {
    loop {
        let event = next(events, "a problem").await;
        if let Event::Connection(ConnectionState::Offline { problem, .. }) = event {
            return problem;
        }
    }
}

/// Messages in the outbox on disk of a client that is not running.
pub fn outbox(state: &Path) -> usize {
    let connection = rusqlite::Connection::open(state.join("sotto.sqlite")).unwrap();
    let query = "SELECT count(*) FROM record WHERE store = 'outbox'";
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

impl Peer {
    async fn new(name: &'static str, host: Host, mut events: UnboundedReceiver<Event>) -> Self {
        let (mut early, mut states) = (Vec::new(), Vec::new());
        let mut address = None;
        let mut online = false;
        while address.is_none() || !online {
            match next(&mut events, "the connection").await {
                Event::Address(own) => address = Some(own),
                Event::Connection(state) => {
                    online = matches!(state, ConnectionState::Online { .. })
                }
                Event::Message(message) => early.push((message.id, message.body.clone())),
                Event::Delivery { id, state } => states.push((id, state)),
                _ => {}
            }
        }
        Self {
            name,
            host,
            address: address.unwrap(),
            events,
            early,
            states,
        }
    }

    pub async fn send(&mut self, to: &Peer, body: Vec<u8>) -> MessageId {
        self.host.handle().send(&to.address, body).await.unwrap()
    }

    /// Waits for the message; any other is a failure.
    pub async fn receive(&mut self, body: Vec<u8>) -> MessageId {
        // In all, as some events never end: news of the topology, for one.
        let arrives = async {
            while self.early.is_empty() {
                let event = next(&mut self.events, "a message").await;
                self.note(event);
            }
        };
        timeout(LIMIT, arrives).await.expect("a message arrives");
        let (id, arrived) = self.early.remove(0);
        assert_eq!(
            arrived.len(),
            body.len(),
            "{} got another message",
            self.name
        );
        assert!(
            arrived == body,
            "{} got a message with other bytes",
            self.name
        );
        id
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Message(message) => self.early.push((message.id, message.body.clone())),
            Event::Delivery { id, state } => self.states.push((id, state)),
            _ => {}
        }
    }

    pub async fn until_delivery(&mut self, id: MessageId, is: impl Fn(&DeliveryState) -> bool) {
        let told = async {
            while !self.states.iter().any(|(of, state)| *of == id && is(state)) {
                let event = next(&mut self.events, "delivery").await;
                self.note(event);
            }
        };
        timeout(LIMIT, told).await.expect("the delivery is told of");
    }

    pub async fn until_at_gateway(&mut self, id: MessageId) {
        self.until_delivery(id, |state| *state == DeliveryState::AtGateway)
            .await;
    }

    /// Waits until so many packets, but not all, are acked.
    pub async fn until_acked(&mut self, id: MessageId, count: usize) {
        self.until_delivery(id, |state| {
            assert_ne!(
                *state,
                DeliveryState::AtGateway,
                "it was too fast to be interrupted"
            );
            matches!(state, DeliveryState::Sending { acked, .. } if *acked >= count)
        })
        .await;
    }

    /// Ends the client: messages in its outbox on disk.
    pub async fn outbox(self, world: &World) -> usize {
        self.host.shutdown().await;
        outbox(&world.folder.path().join(self.name))
    }

    /// Restarts the client: exactly these messages have arrived in all.
    pub async fn has_exactly<const N: usize>(self, world: &World, expected: [Vec<u8>; N]) {
        let name = self.name;
        self.host.shutdown().await;
        let again = world.peer(name).await;
        let mut arrived: Vec<_> = again.early.into_iter().map(|(_, body)| body).collect();
        arrived.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        let lengths = |bodies: &[Vec<u8>]| bodies.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&arrived), lengths(&expected), "{name}");
        assert!(arrived == expected, "{name} has messages with other bytes");
        again.host.shutdown().await;
    }
}
