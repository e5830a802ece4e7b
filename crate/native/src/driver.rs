//! The loop around the client.

use crate::clock;
use crate::database::Database;
use crate::directory::Directory;
use crate::gateway::Gateway;
use crate::host::{Event, HandleError, Letter, Way};
use crate::inbox::{self, Inbox};
use sotto_core::client::{
    Client, Commit, ConnectionId, ConnectionState, DeliveryState, GatewayChoice, Input, MessageId,
    MoveError, OtherGateways, Output, ReceivedMessage, Recipient, Statistics, TopologyNews,
};
use sotto_core::envelope::Envelope;
use sotto_core::keys::{IdentityKey, PublicKeys};
use sotto_core::time::Time;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

/// Events that wait for the loop. A gateway that sends faster has to wait.
const QUEUE: usize = 256;

/// How long websockets have to say goodbye.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Tells whoever sends a message that it is on disk, or why not.
pub(crate) type Taken = oneshot::Sender<Result<MessageId, HandleError>>;

/// What handles ask of the loop.
pub(crate) enum Command {
    Send {
        /// One is drawn if there is none.
        id: Option<MessageId>,
        to: Recipient,
        /// For messages to an address that do not tell who we are.
        surbs: Option<u16>,
        body: Vec<u8>,
        answer: Taken,
    },
    SendLetter {
        letter: Letter,
        answer: Taken,
    },
    PublicKeys(oneshot::Sender<PublicKeys>),
    Retry(MessageId),
    Pause(MessageId),
    Resume(MessageId),
    Cancel(MessageId),
    TakeOut {
        ids: Vec<MessageId>,
        answer: oneshot::Sender<()>,
    },
    NetworkChanged,
    Probe,
    ChangeGateway {
        choice: GatewayChoice,
        answer: oneshot::Sender<Result<(), MoveError>>,
    },
    Stay,
    LeaveGateway(IdentityKey),
    Gateways(oneshot::Sender<Vec<IdentityKey>>),
    Subscribe(mpsc::UnboundedSender<Event>),
    Statistics(oneshot::Sender<Statistics>),
    Stop,
}

/// The client and everything around it.
pub(crate) struct Driver {
    client: Client,
    directory: Directory,
    database: Arc<Database>,
    inputs: mpsc::Sender<Input>,
    events: mpsc::Receiver<Input>,
    gateways: HashMap<ConnectionId, Gateway>,
    tasks: JoinSet<()>,
    subscribers: Vec<mpsc::UnboundedSender<Event>>,
    /// Who waits for a message to be on disk.
    unsaved: HashMap<MessageId, Taken>,
    connection: Option<ConnectionState>,
    topology: Option<TopologyNews>,
    others: OtherGateways,
    inbox: Inbox,
}

impl Driver {
    pub(crate) fn new(
        client: Client,
        directory: Directory,
        database: Arc<Database>,
        inbox: Vec<ReceivedMessage>,
    ) -> Self {
        let (inputs, events) = mpsc::channel(QUEUE);
        Self {
            client,
            directory,
            database,
            inputs,
            events,
            gateways: HashMap::new(),
            tasks: JoinSet::new(),
            subscribers: Vec::new(),
            unsaved: HashMap::new(),
            connection: None,
            topology: None,
            others: OtherGateways::default(),
            inbox: Inbox::new(inbox),
        }
    }

    /// Runs until told to stop or until all handles are gone.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            self.carry_out_all();
            let due = self.until_deadline();
            tokio::select! {
                Some(input) = self.events.recv() => self.client.handle(clock::now(), input),
                command = commands.recv() => match command {
                    None | Some(Command::Stop) => break,
                    Some(command) => self.obey(command),
                },
                () = sleep(due) => self.client.handle(clock::now(), Input::Tick),
                // Ended tasks are cleared away.
                Some(_) = self.tasks.join_next() => {}
            }
        }
        self.gateways.clear();
        let tasks = async { while self.tasks.join_next().await.is_some() {} };
        let _ = timeout(CLOSE_LIMIT, tasks).await;
    }

    fn until_deadline(&self) -> Duration {
        const LONG: Duration = Duration::from_secs(3600);
        self.client
            .next_deadline()
            .map_or(LONG, |at| at.saturating_since(clock::now()))
    }

    fn obey(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Send {
                id,
                to,
                surbs,
                body,
                answer,
            } => {
                let id = id.unwrap_or_else(|| self.client.next_message_id());
                let taken = self.client.send_to(now, id, to, surbs, body);
                self.taken(taken.map_err(HandleError::Send), answer);
            }
            Command::SendLetter { letter, answer } => {
                let taken = self.send_letter(now, letter);
                self.taken(taken, answer);
            }
            Command::PublicKeys(answer) => drop(answer.send(self.client.public_keys())),
            Command::Retry(id) => self.client.retry(now, id),
            Command::Pause(id) => self.client.pause(now, id),
            Command::Resume(id) => self.client.resume(now, id),
            Command::Cancel(id) => self.client.cancel(now, id),
            Command::TakeOut { ids, answer } => self.take_out(ids, answer),
            Command::NetworkChanged => self.client.handle(now, Input::NetworkChanged),
            Command::Probe => self.client.probe(now),
            Command::ChangeGateway { choice, answer } => {
                let _ = answer.send(self.client.change_gateway(now, choice));
            }
            Command::Stay => self.client.stay(now),
            Command::LeaveGateway(gateway) => self.client.leave_gateway(now, &gateway),
            Command::Gateways(answer) => drop(answer.send(self.client.gateways_to_choose_from())),
            Command::Subscribe(subscriber) => self.subscribe(subscriber),
            Command::Statistics(answer) => drop(answer.send(self.client.statistics())),
            Command::Stop => {}
        }
    }

    fn send_letter(&mut self, now: Time, letter: Letter) -> Result<MessageId, HandleError> {
        let client = &mut self.client;
        let id = client.next_message_id();
        let envelope = Envelope {
            id,
            wants_receipt: letter.wants_receipt,
            content: letter.content,
        };
        let body = match &letter.way {
            Way::Signed(to) => client.write_signed(to, &envelope)?,
            _ => envelope.write()?,
        };
        let (to, surbs) = match letter.way {
            Way::Signed(to) | Way::Unsigned(to) => (Recipient::Address(to), None),
            Way::Anonymous { to, surbs } => (Recipient::Address(to), Some(surbs)),
            Way::Reply(tag) => (Recipient::Anonymous(tag), None),
        };
        Ok(client.send_to(now, id, to, surbs, body)?)
    }

    /// Tells a new subscriber how things stand.
    fn subscribe(&mut self, subscriber: mpsc::UnboundedSender<Event>) {
        let address = self.client.address().map(Event::Address);
        let connection = self.connection.clone().map(Event::Connection);
        let messages = self.inbox.messages().map(Event::Message);
        let others = Event::OtherGateways(self.others.clone());
        let others = (self.others != OtherGateways::default()).then_some(others);
        let topology = self.topology.map(Event::Topology);
        let now = address.into_iter().chain(connection).chain(topology);
        for event in now.chain(others).chain(messages) {
            let _ = subscriber.send(event);
        }
        self.subscribers.push(subscriber);
    }

    fn take_out(&mut self, ids: Vec<MessageId>, answer: oneshot::Sender<()>) {
        self.inbox.take_out(&ids);
        self.forget(ids, || {
            let _ = answer.send(());
        });
    }

    /// Takes received messages off the disk.
    fn forget(&mut self, ids: Vec<MessageId>, then: impl FnOnce() + Send + 'static) {
        let database = self.database.clone();
        self.tasks.spawn_blocking(move || {
            if let Err(error) = database.take_out(&ids) {
                // They will be told once more after the next start.
                tracing::warn!(%error, "cannot remove received messages");
            }
            then();
        });
    }

    /// A message is on disk. Without room for it, it is no longer.
    fn receive(&mut self, message: ReceivedMessage) {
        match self.inbox.admit(message) {
            Ok(message) => self.tell(Event::Message(message)),
            Err(id) => {
                let limit = inbox::LIMIT;
                tracing::warn!(%id, limit, "no room for a message: too many wait to be read");
                self.forget(vec![id], || ());
            }
        }
    }

    fn carry_out_all(&mut self) {
        while let Some(output) = self.client.poll() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::OpenGateway { connection, url } => self.open(connection, url),
            Output::CloseGateway { connection } => drop(self.gateways.remove(&connection)),
            Output::SendText { connection, text } => self.write(connection, Message::text(text)),
            Output::SendBinary { connection, bytes } => {
                self.write(connection, Message::binary(bytes));
            }
            Output::FetchTopology => self.fetch(),
            Output::Commit(commit) => self.commit(commit),
            Output::Message(message) => self.receive(message),
            Output::Delivery { id, state } => self.delivery(id, state),
            Output::Connection(state) => {
                self.connection = Some(state.clone());
                self.tell(Event::Connection(state));
            }
            Output::Address(address) => self.tell(Event::Address(address)),
            Output::Storage(problem) => self.tell(Event::Storage(problem)),
            Output::Probe(result) => self.tell(Event::Probe(result)),
            Output::Topology(news) => {
                self.topology = Some(news);
                self.tell(Event::Topology(news));
            }
            Output::OtherGateways(others) => {
                self.others = others.clone();
                self.tell(Event::OtherGateways(others));
            }
            Output::Surbs { tag, available } => self.tell(Event::Surbs { tag, available }),
        }
    }

    fn tell(&mut self, event: Event) {
        self.subscribers
            .retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    /// A message that was taken is answered for when it is on disk.
    fn taken(&mut self, taken: Result<MessageId, HandleError>, answer: Taken) {
        match taken {
            Ok(id) => drop(self.unsaved.insert(id, answer)),
            // Whoever asked may have gone; so below.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    /// The first state told of a message says that it is on disk.
    fn delivery(&mut self, id: MessageId, state: DeliveryState) {
        if let Some(answer) = self.unsaved.remove(&id) {
            let _ = answer.send(Ok(id));
        }
        self.tell(Event::Delivery { id, state });
    }

    fn open(&mut self, connection: ConnectionId, url: String) {
        let (gateway, task) = Gateway::open(connection, url, self.inputs.clone());
        self.gateways.insert(connection, gateway);
        self.tasks.spawn(task);
    }

    fn write(&self, connection: ConnectionId, message: Message) {
        if let Some(gateway) = self.gateways.get(&connection) {
            gateway.send(message);
        }
    }

    fn fetch(&mut self) {
        let (directory, inputs) = (self.directory.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let input = match directory.fetch().await {
                Ok(replies) => Input::TopologyFetched(replies),
                Err(reason) => Input::TopologyFailed(reason),
            };
            let _ = inputs.send(input).await;
        });
    }

    /// Saves on a thread for blocking work. The client has one commit under way at a time, so
    /// that they are carried out in order.
    fn commit(&mut self, commit: Commit) {
        let (database, inputs) = (self.database.clone(), self.inputs.clone());
        self.tasks.spawn(async move {
            let Commit { id, changes } = commit;
            let save = move || database.commit(&changes).map_err(|error| error.to_string());
            let saved = tokio::task::spawn_blocking(save).await;
            let input = match saved.unwrap_or_else(|error| Err(error.to_string())) {
                Ok(()) => Input::Saved(id),
                Err(reason) => Input::SaveFailed(id, reason),
            };
            let _ = inputs.send(input).await;
        });
    }
}
