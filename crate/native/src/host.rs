//! Runs one client on tokio: events go in, what the client asks for is carried out.

use crate::clock;
use crate::database::{Database, DatabaseError};
use crate::directory::{Directory, NotAnAddress};
use crate::driver::{Command, Driver};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{
    Client, Config, ConnectionState, DeliveryState, GatewayChoice, MessageId, MoveError,
    OtherGateways, ProbeError, Problem, ReceivedMessage, Recipient, SendError, Statistics,
    StorageError, TopologyNews,
};
use sotto_core::envelope::{Content, WriteError};
use sotto_core::keys::{IdentityKey, PublicKeys};
use sotto_core::message::SenderTag;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Where every Sotto program looks for a directory unless told otherwise.
pub const DEFAULT_DIRECTORY: &str = "http://127.0.0.1:17080/";

/// What a host needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory's base address, http or https.
    pub directory: String,
    /// The folder for keys and messages. Made if it is missing.
    pub state: PathBuf,
    /// How the client behaves.
    pub config: Config,
}

/// Why a client cannot run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The directory's address is none.
    #[error(transparent)]
    Directory(#[from] NotAnAddress),
    /// The state folder cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The state is damaged.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The operating system has no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Randomness(getrandom::Error),
    /// A thread of the runtime failed.
    #[error("the program's runtime failed: {0}")]
    Runtime(#[from] tokio::task::JoinError),
}

/// What a host tells its subscribers.
#[derive(Clone, Debug)]
pub enum Event {
    /// The client's address. Told first to whoever subscribes after it is known.
    Address(Address),
    /// The connection has changed. Told to whoever subscribes as well.
    Connection(ConnectionState),
    /// A message has arrived and is on disk, where it stays until [`Handle::take_out`]. Messages
    /// that a former run left there are told again when the host starts.
    Message(Arc<ReceivedMessage>),
    /// A message of ours has got on.
    Delivery {
        /// Which one.
        id: MessageId,
        /// Where it is now.
        state: DeliveryState,
    },
    /// The topology in use is another one. Told to whoever subscribes as well.
    Topology(TopologyNews),
    /// Where else we are known than at our own gateway. Told to whoever subscribes as well, if
    /// there is anything to tell.
    OtherGateways(OtherGateways),
    /// The disk fails, or works again (`None`).
    Storage(Option<Problem>),
    /// The probe that [`Handle::probe`] asked for is back after so long, or will not be.
    Probe(Result<Duration, ProbeError>),
    /// So many SURBs are on hand for answering an anonymous correspondent.
    Surbs {
        /// The correspondent.
        tag: SenderTag,
        /// SURBs on hand.
        available: usize,
    },
}

/// A message for another Sotto peer.
#[derive(Clone, Debug)]
pub struct Letter {
    /// How it goes, and to whom.
    pub way: Way,
    /// Whether the recipient is asked to say that it has arrived.
    pub wants_receipt: bool,
    /// What it says.
    pub content: Content,
}

/// How a message goes, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the owner of an address, with our own address and signature.
    Signed(Address),
    /// To the owner of an address, without saying who we are and without ways back.
    Unsigned(Address),
    /// To the owner of an address, with so many single-use ways back.
    Anonymous {
        /// The address.
        to: Address,
        /// The ways back.
        surbs: u16,
    },
    /// To an anonymous correspondent.
    Reply(SenderTag),
}

/// A message of plain bytes, which any client reads, and whose name the sender chooses.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its name, 16 random bytes: known before anything is told of it.
    pub id: MessageId,
    /// Whom it is for.
    pub to: Recipient,
    /// Not to tell who we are, and to give so many single-use ways back; `None` sends it without
    /// either. For the owner of an address alone: an answer to a tag gives none.
    pub surbs: Option<u16>,
    /// What it says.
    pub body: Vec<u8>,
}

/// A message that the client has in hand, and that is perhaps not on disk yet.
#[derive(Debug)]
pub struct Queued(oneshot::Receiver<Result<MessageId, HandleError>>);

impl Queued {
    /// Waits until the message is on disk, from where it leaves as soon as it can.
    ///
    /// # Errors
    /// [`HandleError`]; it will not be sent then.
    pub async fn on_disk(self) -> Result<MessageId, HandleError> {
        self.0.await.map_err(|_| HandleError::Stopped)?
    }
}

/// Why a host did not do as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// The message can never be sent like this.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The envelope cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The gateway cannot be moved to.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// The host has ended.
    #[error("the client has been stopped")]
    Stopped,
}

/// A running client. Its handles do the talking; this is for starting and ending.
pub struct Host {
    handle: Handle,
    driver: JoinHandle<()>,
    database: Arc<Database>,
}

impl Host {
    /// Opens the state folder and starts the client, with a new identity if there is none.
    ///
    /// # Errors
    /// [`HostError`] says what stands in the way.
    pub async fn start(options: Options) -> Result<Self, HostError> {
        let directory = Directory::new(&options.directory)?;
        let state = options.state.clone();
        let opened = tokio::task::spawn_blocking(move || open(&state)).await?;
        let (database, records, inbox) = opened?;
        let client = Client::new(options.config, records, generator()?, clock::now())?;
        let (commands, receiver) = mpsc::channel(64);
        let driver = Driver::new(client, directory, database.clone(), inbox);
        let driver = tokio::spawn(driver.run(receiver));
        Ok(Self {
            handle: Handle { commands },
            driver,
            database,
        })
    }

    /// What talks to the client.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends the client in order: the websocket is closed, and what is being saved is saved.
    pub async fn shutdown(self) {
        let _ = self.handle.commands.send(Command::Stop).await;
        let _ = self.driver.await;
        close(self.database).await;
    }

    /// Ends the client as a crash would: wherever it stands, without a word. For tests.
    pub async fn kill(self) {
        self.driver.abort();
        let _ = self.driver.await;
        close(self.database).await;
    }
}

type Opened = (
    Arc<Database>,
    Vec<sotto_core::client::Record>,
    Vec<ReceivedMessage>,
);

fn open(folder: &std::path::Path) -> Result<Opened, DatabaseError> {
    let database = Database::open(folder)?;
    let (records, inbox) = (database.load()?, database.inbox()?);
    Ok((Arc::new(database), records, inbox))
}

/// Waits for a commit under way, then lets go of the folder.
async fn close(database: Arc<Database>) {
    let _ = tokio::task::spawn_blocking(move || database.close()).await;
}

fn generator() -> Result<ChaCha20Rng, HostError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(HostError::Randomness)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Talks to a running client. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

impl Handle {
    /// Sends a message. When this returns the message is on disk, and leaves as soon as it can.
    ///
    /// # Errors
    /// [`HandleError`]; nothing was queued then.
    pub async fn send(&self, to: &Address, body: Vec<u8>) -> Result<MessageId, HandleError> {
        self.send_plain(Recipient::Address(*to), None, body).await
    }

    /// Sends a message without telling who we are, with so many single-use ways back for the
    /// answer. When this returns the message is on disk, and leaves as soon as it can.
    ///
    /// # Errors
    /// [`HandleError`]; nothing was queued then.
    pub async fn send_anonymous(
        &self,
        to: &Address,
        body: Vec<u8>,
        surbs: u16,
    ) -> Result<MessageId, HandleError> {
        let to = Recipient::Address(*to);
        self.send_plain(to, Some(surbs), body).await
    }

    /// Answers an anonymous correspondent. When this returns the answer is on disk, and leaves as
    /// soon as there are SURBs for it.
    ///
    /// # Errors
    /// [`HandleError`]; nothing was queued then.
    pub async fn reply(&self, to: SenderTag, body: Vec<u8>) -> Result<MessageId, HandleError> {
        self.send_plain(Recipient::Anonymous(to), None, body).await
    }

    async fn send_plain(
        &self,
        to: Recipient,
        surbs: Option<u16>,
        body: Vec<u8>,
    ) -> Result<MessageId, HandleError> {
        self.ask(|answer| Command::Send {
            id: None,
            to,
            surbs,
            body,
            answer,
        })
        .await?
    }

    /// Gives the client a message without waiting for the disk: many that are handed in one after
    /// the other leave in that order, and share the work of saving.
    ///
    /// # Errors
    /// [`HandleError::Stopped`]. Whatever else is wrong with it, [`Queued::on_disk`] tells.
    pub async fn hand_in(&self, note: Note) -> Result<Queued, HandleError> {
        let (answer, receiver) = oneshot::channel();
        let send = Command::Send {
            id: Some(note.id),
            to: note.to,
            surbs: note.surbs,
            body: note.body,
            answer,
        };
        self.tell(send).await?;
        Ok(Queued(receiver))
    }

    /// Sends a message for another Sotto peer. When this returns the message is on disk, and
    /// leaves as soon as it can.
    ///
    /// # Errors
    /// [`HandleError`]; nothing was queued then.
    pub async fn send_letter(&self, letter: Letter) -> Result<MessageId, HandleError> {
        self.ask(|answer| Command::SendLetter { letter, answer })
            .await?
    }

    /// The client's public keys, with which [`Envelope::read`](sotto_core::envelope::Envelope)
    /// reads what has come.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn public_keys(&self) -> Result<PublicKeys, HandleError> {
        self.ask(Command::PublicKeys).await
    }

    /// Puts a failed message on its way again.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn retry(&self, id: MessageId) -> Result<(), HandleError> {
        self.tell(Command::Retry(id)).await
    }

    /// Lets a message rest that is on its way, until [`Handle::resume`].
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn pause(&self, id: MessageId) -> Result<(), HandleError> {
        self.tell(Command::Pause(id)).await
    }

    /// Lets a message go on that rests.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn resume(&self, id: MessageId) -> Result<(), HandleError> {
        self.tell(Command::Resume(id)).await
    }

    /// Takes a message back, as far as it has not left.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn cancel(&self, id: MessageId) -> Result<(), HandleError> {
        self.tell(Command::Cancel(id)).await
    }

    /// Says that the machine woke up or is in another network.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn network_changed(&self) -> Result<(), HandleError> {
        self.tell(Command::NetworkChanged).await
    }

    /// Moves to another gateway. [`Event::Address`] tells the new address once it stands; messages
    /// to the old one are received as long as any come.
    ///
    /// # Errors
    /// [`HandleError`]; nothing has changed then.
    pub async fn change_gateway(&self, choice: GatewayChoice) -> Result<(), HandleError> {
        self.ask(|answer| Command::ChangeGateway { choice, answer })
            .await?
            .map_err(HandleError::Move)
    }

    /// Thinks better of a move that is under way.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn stay(&self) -> Result<(), HandleError> {
        self.tell(Command::Stay).await
    }

    /// Receives no more through a gateway that was left, and has it forget us.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn leave_gateway(&self, gateway: IdentityKey) -> Result<(), HandleError> {
        self.tell(Command::LeaveGateway(gateway)).await
    }

    /// The gateways that can be moved to. None before the directory has answered.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn gateways(&self) -> Result<Vec<IdentityKey>, HandleError> {
        self.ask(Command::Gateways).await
    }

    /// Takes a received message off the disk: it has been dealt with.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn take_out(&self, id: MessageId) -> Result<(), HandleError> {
        self.take_out_all(vec![id]).await
    }

    /// Takes received messages off the disk, all at once: they have been dealt with.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn take_out_all(&self, ids: Vec<MessageId>) -> Result<(), HandleError> {
        self.ask(|answer| Command::TakeOut { ids, answer }).await
    }

    /// All events from now on, after those that say how things stand. The queue grows if it is
    /// not read.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn subscribe(&self) -> Result<mpsc::UnboundedReceiver<Event>, HandleError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.tell(Command::Subscribe(sender)).await?;
        Ok(receiver)
    }

    /// Has one packet go round the loop, of which [`Event::Probe`] tells.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn probe(&self) -> Result<(), HandleError> {
        self.tell(Command::Probe).await
    }

    /// Counts of what the client did.
    ///
    /// # Errors
    /// [`HandleError::Stopped`].
    pub async fn statistics(&self) -> Result<Statistics, HandleError> {
        self.ask(Command::Statistics).await
    }

    async fn tell(&self, command: Command) -> Result<(), HandleError> {
        self.commands
            .send(command)
            .await
            .map_err(|_| HandleError::Stopped)
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, HandleError> {
        let (sender, receiver) = oneshot::channel();
        self.tell(command(sender)).await?;
        receiver.await.map_err(|_| HandleError::Stopped)
    }
}
