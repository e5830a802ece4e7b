//! What a browser does around a client: sockets, a disk, a clock and a timer.

use crate::disk::Disk;
use crate::fault::Fault;
use crate::frames::Frames;
use crate::gateway::Gateway;
use crate::guest::Guest;
use crate::trace::Note;
use crate::world::{Event, LATENCY, Socket, World};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{
    Client, Commit, Config, ConnectionId, ConnectionState, DeliveryState, Input, MessageId,
    OtherGateways, Output, ProbeError, Store, TopologyNews,
};
use sotto_core::message::SenderTag;
use sotto_core::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the disk takes.
const DISK: Duration = Duration::from_millis(5);

/// How long the directory takes to answer.
const FETCH: Duration = Duration::from_millis(10);

/// When a worker is killed.
#[derive(Clone, Copy, Debug)]
pub struct Fuse {
    /// After so many more effects.
    pub effects: u64,
    /// Whether the commit that is under way then is on disk.
    pub reached: bool,
    /// When the worker starts again.
    pub down_for: Duration,
}

/// What a browser does around a client.
pub struct Host {
    /// What the client is started with.
    pub config: Config,
    client: Option<Client>,
    /// Set if the client runs elsewhere.
    pub(crate) guest: Option<Guest>,
    /// What is on disk.
    pub disk: Disk,
    under_way: Option<Commit>,
    /// Counts restarts, so that events of an earlier life are known.
    pub(crate) life: u32,
    /// Whether the disk takes anything.
    pub disk_full: bool,
    /// Whether a commit was asked for and has had no answer yet.
    asked: bool,
    /// Whether the last commit was refused.
    refused: bool,
    /// Milliseconds by which the clock is ahead of the truth.
    ahead: i64,
    /// The client's deadline, and the true time at which the timer set for it fires. A timer
    /// counts by itself: it does not notice that the clock is set.
    timer: Option<(Time, Time)>,
    /// How long what came waits in the browser until the worker takes it.
    pub(crate) lag: Duration,
    /// The open websockets, and the gateway behind each.
    sockets: BTreeMap<ConnectionId, (usize, Socket)>,
    /// Whether the machine sleeps.
    pub(crate) asleep: bool,
    pub(crate) frames: Frames,
    /// The gateways will not notice that the websockets are closed.
    pub(crate) leaves_silently: bool,
    fuse: Option<Fuse>,
    /// Effects carried out so far.
    pub effects: u64,
    /// Times that the timer fired.
    pub ticks: u64,
    /// Packets of earlier lives.
    past_packets: (u64, u64),
    /// Every message shown.
    pub received: Vec<Vec<u8>>,
    /// The tag of each received message's sender.
    pub senders: Vec<Option<SenderTag>>,
    /// Whose answer each received message is.
    pub answers_from: Vec<Option<Address>>,
    /// Every delivery state told.
    pub states: Vec<(MessageId, DeliveryState)>,
    /// The connection state told last in this life.
    pub connection: Option<ConnectionState>,
    /// Every connection state told.
    pub connections: Vec<ConnectionState>,
    /// Every address told.
    pub addresses: Vec<Address>,
    /// Every storage problem told; empty when the disk works again.
    pub storage_problems: Vec<String>,
    /// When which number of bytes went over the websocket, as an observer sees it.
    pub observed: Vec<(Time, usize)>,
    /// What was last told of gateways other than the own one.
    pub others: OtherGateways,
    /// Every topology told.
    pub topologies: Vec<TopologyNews>,
    /// What became of every probe.
    pub probes: Vec<Result<Duration, ProbeError>>,
}

impl Host {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            client: None,
            guest: None,
            disk: Disk::default(),
            under_way: None,
            life: 0,
            disk_full: false,
            asked: false,
            refused: false,
            ahead: 0,
            timer: None,
            lag: Duration::ZERO,
            sockets: BTreeMap::new(),
            asleep: false,
            frames: Frames::default(),
            leaves_silently: false,
            fuse: None,
            effects: 0,
            ticks: 0,
            past_packets: (0, 0),
            received: Vec::new(),
            senders: Vec::new(),
            answers_from: Vec::new(),
            states: Vec::new(),
            connection: None,
            connections: Vec::new(),
            addresses: Vec::new(),
            storage_problems: Vec::new(),
            observed: Vec::new(),
            others: OtherGateways::default(),
            topologies: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// What the clock shows at that true time.
    pub fn clock(&self, now: Time) -> Time {
        Time::from_millis(now.as_millis().saturating_add_signed(self.ahead))
    }

    /// Sets the clock so many milliseconds ahead of the truth, or behind.
    pub const fn set_clock(&mut self, ahead: i64) {
        self.ahead = ahead;
    }

    pub(crate) fn start(&mut self, now: Time, seed: [u8; 32]) {
        let rng = ChaCha20Rng::from_seed(seed);
        let now = self.clock(now);
        let client = Client::new(self.config.clone(), self.disk.load(), rng, now);
        self.client = Some(client.unwrap());
    }

    /// Gives the websockets that break with it.
    pub(crate) fn kill(&mut self, reached: bool) -> Vec<(usize, Socket)> {
        if let Some(commit) = self.under_way.take().filter(|_| reached) {
            self.frames.durable(commit.id);
            self.disk.write(commit);
        }
        self.frames.killed();
        self.past_packets = self.packets();
        self.client = None;
        self.connection = None;
        self.others = OtherGateways::default();
        (self.asked, self.refused) = (false, false);
        self.timer = None;
        self.fuse = None;
        self.life += 1;
        std::mem::take(&mut self.sockets).into_values().collect()
    }

    pub(crate) fn fall_asleep(&mut self) {
        self.asleep = true;
        let connections: Vec<_> = self.sockets.keys().copied().collect();
        for connection in connections {
            self.forget_socket(connection);
        }
    }

    /// Whether an event reaches the worker: while the machine sleeps, none from outside does.
    const fn hears(&self, input: &Input) -> bool {
        !self.asleep || matches!(input, Input::Saved(_) | Input::SaveFailed(..))
    }

    /// The worker is to be killed between two effects.
    pub const fn set_fuse(&mut self, fuse: Fuse) {
        self.fuse = Some(fuse);
    }

    pub(crate) const fn clear_fuse(&mut self) {
        self.fuse = None;
    }

    /// Packets given to gateways in all lives, cover included, and those that repeat a fragment.
    pub fn packets(&self) -> (u64, u64) {
        let now = self.client.as_ref().map(Client::statistics);
        let now = now.unwrap_or_default();
        let (sent, repeated) = self.past_packets;
        (
            sent + now.packets_sent + now.cover_sent,
            repeated + now.packets_repeated,
        )
    }

    /// Whether the worker runs.
    pub const fn is_alive(&self) -> bool {
        self.client.is_some()
    }

    /// Whether the worker could be started.
    pub(crate) const fn is_dead_and_awake(&self) -> bool {
        !self.is_alive() && !self.asleep
    }

    /// Whether the worker runs, on a machine that is awake.
    pub(crate) const fn is_awake(&self) -> bool {
        self.is_alive() && !self.asleep
    }

    /// The client; it must be alive.
    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("the client is dead")
    }

    pub(crate) fn client_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("the client is dead")
    }

    fn handle(&mut self, now: Time, input: Input) {
        match &input {
            Input::Saved(id) => {
                (self.asked, self.refused) = (false, false);
                self.frames.durable(*id);
                if let Some(commit) = self.under_way.take() {
                    self.disk.write(commit);
                }
            }
            Input::SaveFailed(id, _) => {
                (self.asked, self.refused) = (false, true);
                self.frames.failed(*id);
            }
            Input::GatewayBinary { connection, .. } => self.frames.taken(*connection),
            Input::GatewayClosed { connection, .. } => _ = self.forget_socket(*connection),
            _ => {}
        }
        let now = self.clock(now);
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        } else if let Some(guest) = &mut self.guest {
            guest.inputs.push(input);
        }
    }

    fn forget_socket(&mut self, connection: ConnectionId) -> Option<(usize, Socket)> {
        self.frames.closed(connection);
        self.sockets.remove(&connection)
    }

    fn is_open(&self, connection: ConnectionId) -> bool {
        self.sockets.contains_key(&connection)
    }

    /// Whether what is sent over a websocket still reaches the browser.
    pub(crate) fn listens(&self, socket: Socket) -> bool {
        self.life == socket.life && self.is_open(socket.connection)
    }

    /// When the timer fires, in true time.
    pub(crate) fn alarm(&self) -> Option<Time> {
        let (_, alarm) = self.timer.filter(|_| !self.asleep)?;
        Some(alarm)
    }

    fn set_timer(&mut self, now: Time) {
        let deadline = self.client.as_ref().and_then(Client::next_deadline);
        if deadline != self.timer.map(|(deadline, _)| deadline) {
            let clock = self.clock(now);
            self.timer =
                deadline.map(|deadline| (deadline, now + deadline.saturating_since(clock)));
        }
    }

    /// Whether the client is connected and has nothing to complain of, or is dead.
    pub fn is_online(&self) -> bool {
        self.client.is_none()
            || matches!(
                self.connection,
                Some(ConnectionState::Online { problem: None, .. })
            )
    }

    /// What was told last of a message.
    pub fn state(&self, id: MessageId) -> Option<&DeliveryState> {
        self.states
            .iter()
            .rev()
            .find(|(told, _)| *told == id)
            .map(|(_, state)| state)
    }

    /// The code of the problem that keeps the client from being connected.
    pub fn problem(&self) -> Option<&'static str> {
        match self.connection.as_ref()? {
            ConnectionState::Offline { problem, .. }
            | ConnectionState::Online {
                problem: Some(problem),
                ..
            } => Some(problem.code()),
            _ => None,
        }
    }

    /// Records on disk in a store.
    pub fn count(&self, store: Store) -> usize {
        self.disk.of(store).count()
    }

    /// What is on disk in a store.
    pub fn values(&self, store: Store) -> impl Iterator<Item = &Vec<u8>> {
        self.disk.of(store).map(|(_, value)| value)
    }

    /// Cuts every record of a store short.
    pub fn damage(&mut self, store: Store) {
        self.disk
            .values_mut(store)
            .for_each(|value| value.truncate(3));
    }
}

/// The timer fires.
pub(crate) fn tick(world: &mut World, host: usize) {
    let now = world.now;
    let it = &mut world.hosts[host];
    let (deadline, _) = it.timer.take().unwrap();
    it.ticks += 1;
    let late = it.clock(now).as_millis() as i64 - deadline.as_millis() as i64;
    it.handle(now, Input::Tick);
    world.note(Note::Tick { host, late });
    drain(world, host);
}

/// Something happened to a client of that life.
pub(crate) fn input(world: &mut World, host: usize, life: u32, input: Input) {
    let it = &mut world.hosts[host];
    // A browser has nothing more to say of a websocket that its worker has closed.
    let stale =
        matches!(&input, Input::GatewayBinary { connection, .. } if !it.is_open(*connection));
    if it.life != life || stale || !it.hears(&input) {
        return;
    }
    let what = name(&input);
    it.handle(world.now, input);
    world.note(Note::Input { host, what });
    drain(world, host);
}

const fn name(input: &Input) -> &'static str {
    match input {
        Input::Tick => "tick",
        Input::GatewayOpened { .. } => "opened",
        Input::GatewayText { .. } => "text",
        Input::GatewayBinary { .. } => "binary",
        Input::GatewayClosed { .. } => "closed",
        Input::TopologyFetched(_) => "topology",
        Input::TopologyFailed(_) => "no topology",
        Input::Saved(_) => "saved",
        Input::SaveFailed(..) => "save failed",
        Input::NetworkChanged => "network changed",
    }
}

/// A gateway's ping comes behind its pushes: the browser answers, whatever its worker does.
pub(crate) fn ping(world: &mut World, gateway: usize, socket: Socket, payload: u64, behind: u64) {
    let Socket {
        host, connection, ..
    } = socket;
    if !world.hosts[host].listens(socket) {
        return;
    }
    world.hosts[host].frames.confirmed(connection, behind);
    world.note(Note::Pong { host, gateway });
    let pong = Event::Pong {
        gateway,
        socket,
        payload,
    };
    world.after(LATENCY, pong);
}

/// Carries out what a client asks for, one effect after the other.
pub(crate) fn drain(world: &mut World, host: usize) {
    while let Some(output) = world.hosts[host].client.as_mut().and_then(Client::poll) {
        let (what, size) = describe(&output);
        world.note(Note::Effect { host, what, size });
        carry_out(world, host, output);
        world.hosts[host].effects += 1;
        burn_fuse(world, host);
    }
    let now = world.now;
    let it = &mut world.hosts[host];
    if !it.asked && !it.refused {
        it.frames.nothing_to_write();
    }
    it.set_timer(now);
}

/// Between this effect and the next, the worker may be killed.
fn burn_fuse(world: &mut World, host: usize) {
    let Some(fuse) = &mut world.hosts[host].fuse else {
        return;
    };
    if fuse.effects > 0 {
        fuse.effects -= 1;
        return;
    }
    let fuse = *fuse;
    world.kill_for(host, fuse);
}

fn describe(output: &Output) -> (&'static str, usize) {
    match output {
        Output::OpenGateway { .. } => ("open", 0),
        Output::CloseGateway { .. } => ("close", 0),
        Output::SendText { text, .. } => ("text", text.len()),
        Output::SendBinary { bytes, .. } => ("binary", bytes.len()),
        Output::FetchTopology => ("fetch", 0),
        Output::Commit(commit) => ("commit", commit.changes.len()),
        Output::Message(message) => ("message", message.body.len()),
        Output::Delivery { state, .. } => (state_name(state), 0),
        Output::Surbs { available, .. } => ("surbs", *available),
        Output::Connection(state) => (connection_name(state), 0),
        Output::Address(_) => ("address", 0),
        Output::Topology(_) => ("topology", 0),
        Output::OtherGateways(_) => ("other gateways", 0),
        Output::Storage(problem) => ("storage", usize::from(problem.is_some())),
        Output::Probe(result) => ("probe", usize::from(result.is_ok())),
    }
}

const fn connection_name(state: &ConnectionState) -> &'static str {
    match state {
        ConnectionState::Connecting { .. } => "connecting",
        ConnectionState::Online { problem: None, .. } => "online",
        ConnectionState::Online {
            problem: Some(problem),
            ..
        }
        | ConnectionState::Offline { problem, .. } => problem.code(),
    }
}

const fn state_name(state: &DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued { waiting: None } => "queued",
        DeliveryState::Queued { waiting: Some(_) } => "waiting",
        DeliveryState::Sending { .. } => "sending",
        DeliveryState::Paused { .. } => "paused",
        DeliveryState::Sent => "sent",
        DeliveryState::AtGateway => "at gateway",
        DeliveryState::Failed(_) => "failed",
    }
}

pub(crate) fn carry_out(world: &mut World, host: usize, output: Output) {
    match output {
        Output::OpenGateway { connection, url } => open(world, host, connection, &url),
        Output::CloseGateway { connection } => close(world, host, connection),
        Output::SendText { connection, text } => {
            if let Some((gateway, socket)) = speak(world, host, connection, text.len()) {
                let event = Event::Text {
                    gateway,
                    socket,
                    text,
                };
                world.after(LATENCY, event);
            }
        }
        Output::SendBinary { connection, bytes } => {
            if let Some((gateway, socket)) = speak(world, host, connection, bytes.len()) {
                let event = Event::Binary {
                    gateway,
                    socket,
                    bytes,
                };
                world.after(LATENCY, event);
            }
        }
        Output::FetchTopology => {
            let input = match world.replies() {
                Some(replies) => Input::TopologyFetched(replies),
                None => {
                    world.happened(Fault::DirectoryDown);
                    Input::TopologyFailed("connection refused".to_owned())
                }
            };
            world.input(host, FETCH, input);
        }
        Output::Commit(commit) => save(world, host, commit),
        told => tell(&mut world.hosts[host], told),
    }
}

/// Something is sent over a websocket, if it is open: where it goes.
fn speak(
    world: &mut World,
    host: usize,
    connection: ConnectionId,
    len: usize,
) -> Option<(usize, Socket)> {
    let now = world.now;
    let it = &mut world.hosts[host];
    it.observed.push((now, len));
    it.sockets.get(&connection).copied()
}

fn open(world: &mut World, host: usize, connection: ConnectionId, url: &str) {
    let life = world.hosts[host].life;
    let socket = Socket {
        host,
        life,
        connection,
    };
    let found = world
        .gateways
        .iter()
        .position(|gateway| gateway.is_up() && gateway.url() == url);
    let Some(gateway) = found else {
        return world.close(socket, "connection refused");
    };
    let sockets = &mut world.hosts[host].sockets;
    sockets.insert(connection, (gateway, socket));
    Gateway::open_session(world, gateway, socket);
    world.input_socket(socket, Input::GatewayOpened { connection });
}

fn close(world: &mut World, host: usize, connection: ConnectionId) {
    let it = &mut world.hosts[host];
    let silently = it.leaves_silently;
    match it.forget_socket(connection) {
        Some(_) if silently => world.happened(Fault::HalfOpen),
        Some((gateway, socket)) => world.after(LATENCY, Event::Closed { gateway, socket }),
        None => {}
    }
}

fn save(world: &mut World, host: usize, commit: Commit) {
    let full = world.hosts[host].disk_full;
    let input = if full {
        world.happened(Fault::DiskFull);
        Input::SaveFailed(commit.id, "disk full".to_owned())
    } else {
        Input::Saved(commit.id)
    };
    let it = &mut world.hosts[host];
    assert!(it.under_way.is_none(), "one commit at a time");
    it.asked = true;
    it.frames.committing(commit.id);
    it.under_way = (!full).then_some(commit);
    world.input(host, DISK, input);
}

fn tell(host: &mut Host, output: Output) {
    match output {
        Output::Message(message) => {
            let durable = host.disk.contains(Store::Inbox, &message.id.0);
            assert!(durable, "shown before it was durable");
            host.received.push(message.body);
            host.senders.push(message.sender_tag);
            host.answers_from.push(message.answer_from);
        }
        Output::Delivery { id, state } => {
            let kept = [Store::Outbox, Store::Sent]
                .iter()
                .any(|store| host.disk.contains(*store, &id.0));
            assert!(kept, "told of before it was durable");
            host.states.push((id, state));
        }
        Output::Connection(state) => {
            host.connections.push(state.clone());
            host.connection = Some(state);
        }
        Output::Address(address) => {
            let names_gateway =
                |value: &Vec<u8>| value.get(2..34) == Some(address.gateway.as_bytes());
            let durable = host.values(Store::Registration).any(names_gateway);
            assert!(durable, "told before it was durable");
            host.addresses.push(address);
        }
        Output::Surbs { .. } => {}
        Output::Topology(news) => host.topologies.push(news),
        Output::OtherGateways(others) => host.others = others,
        Output::Probe(result) => host.probes.push(result),
        Output::Storage(problem) => {
            host.storage_problems
                .push(problem.map(|p| p.to_string()).unwrap_or_default());
        }
        other => unreachable!("carried out elsewhere: {other:?}"),
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let statistics = self.client.as_ref().map(Client::statistics);
        let last = self.states.last();
        let received = self.received.len();
        write!(
            f,
            "{:?}, {received} received, {last:?}, {statistics:?}",
            self.connection
        )
    }
}
