//! From a packet's last hop to its client: what is pushed, what is confirmed, what is stored
//! (protocol.md 8.7, 10.5). The rules are those of `crate/mixnet/src/gateway`.

use crate::gateway::{Gateway, Manners};
use crate::network::Flying;
use crate::trace::Note;
use crate::world::{Event, LATENCY, Socket, World};
use sotto_core::address::NodeAddress;
use sotto_core::client::Input;
use sotto_core::gateway::{SharedKey, binary};
use std::collections::VecDeque;
use std::time::Duration;

/// A client that does not answer a ping for so long is gone.
const PONG_LIMIT: Duration = Duration::from_secs(10);

/// Stored messages are deleted at this age.
const EXPIRY: Duration = Duration::from_secs(24 * 3600);

/// Bytes of live messages that may be unconfirmed; more are stored.
const MAX_BYTES: usize = 4 << 20;

/// An ack: where it goes, and the packet.
pub(crate) type Ack = Option<(NodeAddress, Flying)>;

/// One pushed message.
enum Pushed {
    /// It is nowhere else, and its ack has not left.
    Live { body: Vec<u8>, ack: Ack },
    /// It is stored under this number.
    Stored(u64),
}

/// Messages pushed to a client and not confirmed by it.
#[derive(Default)]
pub(crate) struct Unconfirmed {
    pushed: VecDeque<Pushed>,
    confirmed: u64,
    pinged: Option<u64>,
    bytes: usize,
}

impl Unconfirmed {
    fn add(&mut self, pushed: Pushed) {
        if let Pushed::Live { body, .. } = &pushed {
            self.bytes += body.len();
        }
        self.pushed.push_back(pushed);
    }

    /// The payload of a ping to send now: if something is unconfirmed and no ping is on its way.
    fn ping(&mut self) -> Option<u64> {
        if self.pushed.is_empty() || self.pinged.is_some() {
            return None;
        }
        self.pinged = Some(self.confirmed + self.pushed.len() as u64);
        self.pinged
    }

    fn confirm(&mut self, payload: u64) -> Vec<Pushed> {
        if self.pinged != Some(payload) {
            return Vec::new();
        }
        self.pinged = None;
        let count = (payload - self.confirmed) as usize;
        self.confirmed = payload;
        let confirmed: Vec<_> = self.pushed.drain(..count).collect();
        for pushed in &confirmed {
            if let Pushed::Live { body, .. } = pushed {
                self.bytes -= body.len();
            }
        }
        confirmed
    }
}

impl Gateway {
    /// A packet has come to its last hop, without an ack.
    pub fn arrived(world: &mut World, at: NodeAddress, destination: [u8; 32], delivery: Vec<u8>) {
        Self::take(world, at, destination, delivery, None);
    }

    /// A packet has come to its last hop. Its ack leaves when the client confirms it, or when it
    /// is stored.
    pub(crate) fn take(
        world: &mut World,
        address: NodeAddress,
        client: [u8; 32],
        body: Vec<u8>,
        ack: Ack,
    ) {
        let there = |gateway: &Gateway| gateway.address == address;
        let gateway = world.gateways.iter().position(there).unwrap();
        let len = body.len();
        world.note(Note::Arrived { gateway, len });
        let sessions = &world.gateways[gateway].sessions;
        let online = sessions
            .iter()
            .find(|(_, session)| session.is_of(&client) && session.unconfirmed.bytes < MAX_BYTES);
        match online.map(|(socket, _)| *socket) {
            None => Self::keep(world, gateway, client, body, ack),
            Some(socket) => {
                Self::push(world, gateway, socket, &body);
                Self::note_pushed(world, gateway, socket, Pushed::Live { body, ack });
                Self::ping(world, gateway, socket);
            }
        }
    }

    /// Stores a message. It is durable at once, so its ack leaves.
    fn keep(world: &mut World, at: usize, client: [u8; 32], body: Vec<u8>, ack: Ack) {
        let (number, now) = (world.sequence(), world.now);
        world.number_something();
        let inbox = &mut world.gateways[at].inbox;
        inbox.insert((client, number), (now, body));
        Self::launch(world, ack);
    }

    fn launch(world: &mut World, ack: Ack) {
        if let Some((next, packet)) = ack {
            world.forward(next, Duration::ZERO, packet);
        }
    }

    /// Pushes everything stored that this session has not pushed before.
    pub(crate) fn push_stored(world: &mut World, at: usize, socket: Socket) {
        let now = world.now;
        let gateway = &mut world.gateways[at];
        gateway
            .inbox
            .retain(|_, (came, _)| now.saturating_since(*came) <= EXPIRY);
        let session = &gateway.sessions[&socket];
        let client = *session.client.as_ref().unwrap().0.as_bytes();
        let new = (client, session.last_stored + 1)..=(client, u64::MAX);
        let stored: Vec<_> = gateway
            .inbox
            .range(new)
            .map(|((_, number), (_, body))| (*number, body.clone()))
            .collect();
        for (number, body) in stored {
            Self::push(world, at, socket, &body);
            Self::note_pushed(world, at, socket, Pushed::Stored(number));
            let session = world.gateways[at].sessions.get_mut(&socket).unwrap();
            session.last_stored = number;
        }
        Self::ping(world, at, socket);
    }

    fn note_pushed(world: &mut World, at: usize, socket: Socket, pushed: Pushed) {
        let session = world.gateways[at].sessions.get_mut(&socket).unwrap();
        session.unconfirmed.add(pushed);
    }

    fn push(world: &mut World, at: usize, socket: Socket, delivery: &[u8]) {
        let gateway = &world.gateways[at];
        let key = match gateway.manners {
            Manners::WrongKey => SharedKey::from_bytes([0; 32]),
            _ => gateway.sessions[&socket].client.clone().unwrap().1,
        };
        let mut bytes = binary::encode_push(&key, [7; 12], delivery);
        if gateway.manners == Manners::Unencrypted {
            bytes[1] = 0;
        }
        let connection = socket.connection;
        world.input_socket(socket, Input::GatewayBinary { connection, bytes });
        let number = world.sequence();
        let host = &mut world.hosts[socket.host];
        if host.listens(socket) {
            host.frames.pushed(number, connection, delivery);
        }
    }

    /// Asks for a confirmation of what was pushed, if none is on its way.
    fn ping(world: &mut World, gateway: usize, socket: Socket) {
        let sessions = &mut world.gateways[gateway].sessions;
        let Some(payload) = sessions.get_mut(&socket).unwrap().unconfirmed.ping() else {
            return;
        };
        let behind = world.sequence();
        let ping = Event::Ping {
            gateway,
            socket,
            payload,
            behind,
        };
        world.after(LATENCY, ping);
        let due = Event::PongDue {
            gateway,
            socket,
            payload,
        };
        world.after(PONG_LIMIT, due);
    }

    /// The client has all that was pushed before the ping.
    pub(crate) fn pong(world: &mut World, at: usize, socket: Socket, payload: u64) {
        let Some(session) = world.gateways[at].sessions.get_mut(&socket) else {
            return;
        };
        let client = session
            .client
            .as_ref()
            .map(|(client, _)| *client.as_bytes());
        for pushed in session.unconfirmed.confirm(payload) {
            match pushed {
                Pushed::Live { ack, .. } => Self::launch(world, ack),
                Pushed::Stored(number) => {
                    let inbox = &mut world.gateways[at].inbox;
                    inbox.remove(&(client.unwrap(), number));
                }
            }
        }
        Self::push_stored(world, at, socket);
    }

    /// A client that has not answered by now is gone.
    pub(crate) fn pong_due(world: &mut World, at: usize, socket: Socket, payload: u64) {
        let session = world.gateways[at].sessions.get(&socket);
        if session.is_some_and(|session| session.unconfirmed.pinged == Some(payload)) {
            Self::end_session(world, at, socket);
            world.close(socket, "no pong came");
        }
    }

    /// The session is over. What its client may not have is brought to safety.
    pub(crate) fn end_session(world: &mut World, gateway: usize, socket: Socket) {
        let Some(session) = world.gateways[gateway].sessions.remove(&socket) else {
            return;
        };
        let Some((client, _)) = session.client else {
            return;
        };
        let saved = session.unconfirmed.pushed.len();
        world.note(Note::SessionEnded { gateway, saved });
        for pushed in session.unconfirmed.pushed {
            if let Pushed::Live { body, ack } = pushed {
                Self::keep(world, gateway, *client.as_bytes(), body, ack);
            }
        }
    }

    /// The gateway dies without a chance to save anything.
    pub(crate) fn crash(world: &mut World, at: usize) {
        let sessions = std::mem::take(&mut world.gateways[at].sessions);
        Self::go_down(world, at, sessions.into_keys().collect());
    }

    /// The gateway is stopped in an orderly way.
    pub(crate) fn stop(world: &mut World, at: usize) {
        let sockets: Vec<_> = world.gateways[at].sessions.keys().copied().collect();
        for socket in &sockets {
            Self::end_session(world, at, *socket);
        }
        Self::go_down(world, at, sockets);
    }

    fn go_down(world: &mut World, at: usize, sockets: Vec<Socket>) {
        let now = world.now;
        world.gateways[at].node.stop(now);
        for socket in sockets {
            world.close(socket, "the gateway is gone");
        }
    }
}
