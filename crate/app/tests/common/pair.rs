//! Two people with Sotto, and the simulated network between them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use sotto_app::background::{Effect, FetchId, Input, SocketId};
use sotto_core::client::{self, ConnectionId, Output};
use sotto_core::time::Time;
use sotto_sim::World as Network;

use super::{Disk, PAGE, World};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// One person's place in the network.
struct Place {
    guest: usize,
    sockets: BTreeMap<ConnectionId, SocketId>,
    next: u64,
    /// Who asked the directory and was not answered, in order.
    fetches: VecDeque<FetchId>,
}

/// Alice (0) and Bob (1), each with a page that has subscribed.
pub struct Pair {
    pub network: Network,
    pub people: [World; 2],
    places: [Place; 2],
    /// All that pages were told, in order.
    pub events: [Vec<Value>; 2],
}

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

impl Pair {
    /// Both are connected.
    pub fn new() -> Self {
        Self::with_disks([Disk::default(), Disk::default()])
    }

    /// Both are connected, and had this on disk before.
    pub fn with_disks(disks: [Disk; 2]) -> Self {
        let mut network = Network::new(11);
        let places = [(); 2].map(|()| Place {
            guest: network.add_guest(),
            sockets: BTreeMap::new(),
            next: 0,
            fetches: VecDeque::new(),
        });
        let mut seed = 0;
        let people = disks.map(|disk| {
            seed += 1;
            World::lent(seed, network.now, disk)
        });
        let events = [Vec::new(), Vec::new()];
        let mut pair = Self {
            network,
            people,
            places,
            events,
        };
        pair.run_until(|pair| [ALICE, BOB].map(|who| pair.is_online(who)) == [true; 2]);
        pair
    }

    /// Whether a page was told last that there is a connection without a problem.
    pub fn is_online(&mut self, who: usize) -> bool {
        self.collect();
        let told = self.events[who].iter().rev();
        let mut connections = told.filter_map(|event| match event["type"].as_str() {
            Some("connection") => Some(&event["connection"]),
            Some("snapshot") => Some(&event["snapshot"]["connection"]),
            _ => None,
        });
        let last = connections.next();
        last.is_some_and(|last| last["state"] == "online" && last["problem"].is_null())
    }

    /// Somebody's address.
    pub fn address(&mut self, who: usize) -> String {
        let address = self.people[who].snapshot()["address"].clone();
        address.as_str().unwrap().to_owned()
    }

    /// Asks on somebody's page, and gives the reply.
    pub fn ask(&mut self, who: usize, request: &Value) -> Value {
        let id = self.people[who].post(PAGE, request);
        let mut reply = None;
        self.run_until(|pair| {
            reply = pair.people[who].reply(id);
            reply.is_some()
        });
        reply.unwrap()
    }

    /// Asks, and gives the code of the error.
    pub fn refused(&mut self, who: usize, request: &Value) -> String {
        let reply = self.ask(who, request);
        assert_eq!(reply["type"], "error", "{reply}");
        reply["error"]["code"].as_str().unwrap().to_owned()
    }

    /// Sends a text to a conversation; gives the message's id.
    pub fn write(&mut self, who: usize, to: &str, text: &str, anonymous: bool) -> String {
        let request = match to.contains('@') {
            true => json!({"type": "send", "to": to, "text": text, "anonymous": anonymous}),
            false => json!({"type": "reply", "to": to, "text": text}),
        };
        let reply = self.ask(who, &request);
        assert_eq!(reply["type"], "accepted", "{reply}");
        reply["id"].as_str().unwrap().to_owned()
    }

    /// The newest messages of a conversation, oldest first.
    pub fn messages(&mut self, who: usize, conversation: &str) -> Vec<Value> {
        let request = json!({"type": "messages", "conversation": conversation, "before": null, "after": null});
        let reply = self.ask(who, &request);
        reply["messages"].as_array().unwrap_or(&Vec::new()).clone()
    }

    /// The texts in a conversation, oldest first.
    pub fn texts(&mut self, who: usize, conversation: &str) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        self.messages(who, conversation).iter().map(text).collect()
    }

    /// A conversation in somebody's list.
    pub fn conversation(&mut self, who: usize, id: &str) -> Value {
        let snapshot = self.people[who].snapshot();
        let all = snapshot["conversations"].as_array().unwrap();
        let found = all.iter().find(|one| one["id"] == id);
        found.cloned().unwrap_or(Value::Null)
    }

    /// All conversations in somebody's list, by id.
    pub fn conversations(&mut self, who: usize) -> Vec<String> {
        let snapshot = self.people[who].snapshot();
        let all = snapshot["conversations"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How far a message got, as its sender's page was told last.
    pub fn state(&mut self, who: usize, id: &str) -> String {
        self.collect();
        let told = self.events[who].iter().rev();
        let mut of = told.filter(|event| event["message"]["id"] == id);
        let last = of
            .next()
            .map(|event| event["message"]["delivery"]["state"].clone());
        last.and_then(|state| Some(state.as_str()?.to_owned()))
            .unwrap_or_default()
    }

    /// Lets time pass until a message of somebody got so far.
    pub fn run_until_state(&mut self, who: usize, id: &str, state: &str) {
        self.run_until(|pair| pair.state(who, id) == state);
    }

    /// Lets time pass until somebody has so many messages in a conversation.
    pub fn run_until_messages(&mut self, who: usize, conversation: &str, count: usize) {
        self.run_until(|pair| pair.messages(who, conversation).len() == count);
    }

    fn collect(&mut self) {
        for (person, events) in self.people.iter_mut().zip(&mut self.events) {
            events.extend(person.events(PAGE));
        }
    }

    /// Lets time pass until `done`.
    ///
    /// # Panics
    /// If that takes longer than [`PATIENCE`].
    pub fn run_until(&mut self, mut done: impl FnMut(&mut Self) -> bool) {
        let end = self.network.now + PATIENCE;
        self.pump();
        while !done(self) {
            assert!(
                self.network.now < end,
                "it did not happen within {PATIENCE:?}"
            );
            self.run_for(Duration::from_millis(200));
        }
    }

    /// Lets that much time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.network.now + duration;
        self.pump();
        while self.step(end) {}
        self.wait_until(end);
    }

    fn wait_until(&mut self, time: Time) {
        let wait = time.saturating_since(self.network.now);
        self.network.run_for(wait);
        for person in &mut self.people {
            person.now = person.now.max(self.network.now);
        }
    }

    /// Does what comes next, if it comes before `end`.
    fn step(&mut self, end: Time) -> bool {
        let living = self.people.iter().filter(|one| !one.is_dead());
        let deadlines = living.map(|one| one.app.next_deadline());
        let next = deadlines.chain([self.network.next_event()]).flatten().min();
        let Some(next) = next.filter(|next| *next <= end) else {
            return false;
        };
        self.wait_until(next);
        for person in &mut self.people {
            if person
                .app
                .next_deadline()
                .is_some_and(|at| at <= person.now)
            {
                person.handle(Input::Tick);
            }
        }
        self.pump();
        true
    }

    /// Carries everything to and fro.
    pub fn pump(&mut self) {
        for who in [ALICE, BOB] {
            for input in self.network.guest_inputs(self.places[who].guest) {
                if let Some(input) = self.places[who].input(input) {
                    self.people[who].handle(input);
                }
            }
            for effect in std::mem::take(&mut self.people[who].wire) {
                let output = self.places[who].output(effect);
                self.network.serve_guest(self.places[who].guest, output);
            }
            if self.people[who].is_dead() && !self.places[who].sockets.is_empty() {
                // Nobody answers for it any more.
                self.network.kill_guest(self.places[who].guest);
                self.places[who].sockets.clear();
            }
        }
    }

    /// Somebody's background is killed, and starts again with what is on a disk.
    pub fn restart(&mut self, who: usize, disk: Disk) {
        self.kill(who);
        self.people[who] = World::lent(self.people[who].seed + 10, self.network.now, disk);
    }

    /// Somebody's background is killed, and starts again at once.
    pub fn kill_and_restart(&mut self, who: usize) {
        let disk = self.people[who].disk.clone();
        self.restart(who, disk);
    }

    fn kill(&mut self, who: usize) {
        self.network.kill_guest(self.places[who].guest);
        self.places[who].sockets.clear();
        self.places[who].fetches.clear();
        self.events[who].clear();
    }
}

impl Place {
    fn output(&mut self, effect: Effect) -> Output {
        match effect {
            Effect::OpenSocket { socket, url } => {
                self.next += 1;
                let connection = ConnectionId(self.next);
                self.sockets.insert(connection, socket);
                Output::OpenGateway { connection, url }
            }
            Effect::CloseSocket { socket } => {
                let connection = self.connection(socket);
                self.sockets.remove(&connection);
                Output::CloseGateway { connection }
            }
            Effect::SendText { socket, text } => Output::SendText {
                connection: self.connection(socket),
                text,
            },
            Effect::SendBinary { socket, bytes } => Output::SendBinary {
                connection: self.connection(socket),
                bytes,
            },
            Effect::FetchDirectory { fetch, .. } => {
                self.fetches.push_back(fetch);
                Output::FetchTopology
            }
            _ => unreachable!("nothing of the network"),
        }
    }

    /// The connection of a socket; one that was never opened is none.
    fn connection(&self, socket: SocketId) -> ConnectionId {
        let mut all = self.sockets.iter();
        all.find(|(_, own)| **own == socket)
            .map_or(ConnectionId(0), |(connection, _)| *connection)
    }

    fn input(&mut self, input: client::Input) -> Option<Input> {
        let socket = |connection| self.sockets.get(&connection).copied();
        Some(match input {
            client::Input::GatewayOpened { connection } => {
                Input::GatewayOpened(socket(connection)?)
            }
            client::Input::GatewayText { connection, text } => {
                Input::GatewayText(socket(connection)?, text)
            }
            client::Input::GatewayBinary { connection, bytes } => {
                Input::GatewayBinary(socket(connection)?, bytes)
            }
            client::Input::GatewayClosed { connection, reason } => {
                Input::GatewayClosed(self.sockets.remove(&connection)?, reason)
            }
            client::Input::TopologyFetched(replies) => {
                Input::DirectoryFetched(self.fetches.pop_front()?, Ok(replies))
            }
            client::Input::TopologyFailed(reason) => {
                Input::DirectoryFetched(self.fetches.pop_front()?, Err(reason))
            }
            _ => return None,
        })
    }
}
