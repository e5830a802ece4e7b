//! What the commands do.

use crate::cli::{Cli, Command, Common, Send, Serve};
use crate::line::{Line, Printer, failure};
use crate::reading::{Echo, Reading};
use crate::serve::{Desk, Server};
use sotto::{Event, Handle, HandleError, Host, HostError, Letter, Options, Way};
use sotto_core::address::Address;
use sotto_core::client::{
    Config, DeliveryState, GatewayChoice, MessageId, ReceivedMessage, Recipient,
};
use sotto_core::envelope::{Attachment, Content, FileName, MediaType};
use sotto_core::keys::PublicKeys;
use std::io::Read;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

type Events = UnboundedReceiver<Event>;

/// Why a command ends without having done what it was asked for.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Handle(#[from] HandleError),
    #[error("The message cannot be read: {0}.")]
    Input(std::io::Error),
    #[error("Cannot listen at {0} ({1}). Stop the program that does, or choose another --port.")]
    Listen(SocketAddr, std::io::Error),
    #[error("There is no address yet: {0} seconds were not enough to register with a gateway.")]
    NoAddress(u64),
    #[error(
        "The message is not at the recipient's gateway after {0} seconds. It is kept, and leaves \
         when sotto runs again."
    )]
    Late(u64),
    #[error("The message was given up: {0}.")]
    GivenUp(&'static str),
    #[error("Stopped. What was not sent is kept, and leaves when sotto runs again.")]
    Interrupted,
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Host(HostError::Directory(_)) => 2,
            Self::Host(_) | Self::Input(_) | Self::Listen(..) => 1,
            Self::Handle(HandleError::Move(_)) => 2,
            Self::Handle(_) | Self::GivenUp(_) => 3,
            Self::NoAddress(_) | Self::Late(_) => 4,
            Self::Interrupted => 130,
        })
    }
}

/// Runs the command to its end.
pub(crate) async fn run(cli: Cli) -> ExitCode {
    let printer = Printer {
        json: cli.common.json,
    };
    match start_and_run(cli, printer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.print(&Line::Error {
                message: failure.to_string(),
            });
            failure.exit_code()
        }
    }
}

async fn start_and_run(cli: Cli, printer: Printer) -> Result<(), Failure> {
    // Before the client starts: what cannot be read shall not cost a connection.
    let body = match &cli.command {
        Command::Send(send) => read_body(send).map_err(Failure::Input)?,
        _ => Vec::new(),
    };
    let server = match &cli.command {
        Command::Serve(serve) => Some(bind(serve).await?),
        _ => None,
    };
    let host = Host::start(options(&cli.common)).await?;
    let session = Session {
        own: host.handle().public_keys().await?,
        handle: host.handle(),
        printer,
        seconds: cli.common.timeout,
    };
    let ended = match (&cli.command, server) {
        (Command::Serve(serve), Some(server)) => session.serve(serve, server).await,
        (command, _) => session.run_until_interrupted(command, body).await,
    };
    host.shutdown().await;
    ended
}

async fn bind(serve: &Serve) -> Result<Server, Failure> {
    let at = SocketAddr::new(serve.host, serve.port);
    let server = Server::bind(at, serve.allow_origin.clone()).await;
    server.map_err(|error| Failure::Listen(at, error))
}

/// Waits until the program is told to end, from the keyboard or by whoever started it.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn options(common: &Common) -> Options {
    let config = if common.paced {
        Config::protected()
    } else {
        Config::default()
    };
    Options {
        directory: common.directory.clone(),
        state: common.state(),
        config: Config {
            gateway: common.gateway,
            ..config
        },
    }
}

fn read_body(send: &Send) -> std::io::Result<Vec<u8>> {
    if let Some(file) = &send.file {
        return std::fs::read(file);
    }
    let message = send.message.clone().unwrap_or_default();
    if message != "-" {
        return Ok(message.into_bytes());
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body)?;
    Ok(body)
}

/// A running client and how to talk of it.
struct Session {
    handle: Handle,
    /// What messages to us are read with.
    own: PublicKeys,
    printer: Printer,
    /// How long a command may take that comes to an end by itself.
    seconds: u64,
}

impl Session {
    async fn run_until_interrupted(&self, command: &Command, body: Vec<u8>) -> Result<(), Failure> {
        tokio::select! {
            ended = self.run(command, body) => ended,
            () = interrupted() => match command {
                Command::Listen { .. } | Command::Echo => Ok(()),
                _ => Err(Failure::Interrupted),
            },
        }
    }

    async fn run(&self, command: &Command, body: Vec<u8>) -> Result<(), Failure> {
        let limit = Duration::from_secs(self.seconds);
        match command {
            Command::Address => timeout(limit, self.address())
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Send(options) => self.send_by(Instant::now() + limit, options, body).await,
            Command::Gateways => timeout(limit, self.gateways())
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Move { to } => timeout(limit, self.change_gateway(*to))
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Listen { count } => self.listen(*count).await,
            Command::Echo => self.echo().await,
            // It ends in its own way.
            Command::Serve(_) => Ok(()),
        }
    }

    async fn next(&self, events: &mut Events) -> Result<Event, Failure> {
        let event = events.recv().await.ok_or(HandleError::Stopped)?;
        Ok(event)
    }

    async fn address(&self) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        loop {
            let event = self.next(&mut events).await?;
            self.print_unless_message(&event);
            if matches!(event, Event::Address(_)) {
                return Ok(());
            }
        }
    }

    fn print(&self, event: &Event) {
        self.printer.print(&Line::of(event, &self.own));
    }

    /// Messages stay on disk for `listen`.
    fn print_unless_message(&self, event: &Event) {
        if !matches!(event, Event::Message(_)) {
            self.print(event);
        }
    }

    /// The own address, once it is known, without printing it.
    async fn own_address(&self, events: &mut Events) -> Result<Address, Failure> {
        loop {
            if let Event::Address(address) = self.next(events).await? {
                return Ok(address);
            }
        }
    }

    async fn gateways(&self) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        let own = self.own_address(&mut events).await?.gateway;
        while self.handle.gateways().await?.is_empty() {
            self.next(&mut events).await?;
        }
        let mut gateways = self.handle.gateways().await?;
        gateways.sort_by_key(|gateway| *gateway != own);
        for gateway in gateways {
            self.printer.print(&Line::Gateway {
                gateway: gateway.to_string(),
                own: gateway == own,
            });
        }
        Ok(())
    }

    async fn change_gateway(&self, to: GatewayChoice) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        let before = self.own_address(&mut events).await?;
        self.handle.change_gateway(to).await?;
        loop {
            let event = self.next(&mut events).await?;
            self.print_unless_message(&event);
            if matches!(event, Event::Address(address) if address != before) {
                return Ok(());
            }
        }
    }

    async fn send(&self, options: &Send, body: Vec<u8>) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        let ours = self.hand_in(options, body).await?;
        self.printer.print(&Line::Accepted {
            id: ours.to_string(),
        });
        loop {
            let event = self.next(&mut events).await?;
            if self.concerns(&event, ours) {
                self.print(&event);
            }
            match event {
                Event::Delivery {
                    id,
                    state: DeliveryState::AtGateway,
                } if id == ours => {
                    return Ok(());
                }
                Event::Delivery {
                    id,
                    state: DeliveryState::Failed(reason),
                } if id == ours => {
                    return Err(Failure::GivenUp(failure(reason)));
                }
                _ => {}
            }
        }
    }

    /// Puts a message into the outbox, in the form asked for.
    async fn hand_in(&self, options: &Send, body: Vec<u8>) -> Result<MessageId, HandleError> {
        let Send { to, surbs, .. } = options;
        if options.anonymous {
            return self.handle.send_anonymous(to, body, *surbs).await;
        }
        if !options.signed {
            return self.handle.send(to, body).await;
        }
        let letter = Letter {
            way: Way::Signed(*to),
            wants_receipt: false,
            content: content(options, body),
        };
        self.handle.send_letter(letter).await
    }

    /// Waits until there is an address to sign for.
    async fn until_registered(&self) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        loop {
            match self.next(&mut events).await? {
                Event::Address(_) => return Ok(()),
                event @ Event::Connection(_) => self.print(&event),
                _ => {}
            }
        }
    }

    /// Sends a message before the deadline, as far as it is at the recipient's gateway.
    async fn send_by(
        &self,
        deadline: Instant,
        options: &Send,
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        if options.signed {
            let registered = timeout_at(deadline, self.until_registered()).await;
            registered.unwrap_or(Err(Failure::NoAddress(self.seconds)))?;
        }
        let sent = timeout_at(deadline, self.send(options, body)).await;
        sent.unwrap_or(Err(Failure::Late(self.seconds)))
    }

    /// Whether whoever sends this message wants to hear of the event.
    fn concerns(&self, event: &Event, ours: MessageId) -> bool {
        match event {
            Event::Delivery { id, .. } => *id == ours,
            // They stay on disk for `listen`.
            Event::Message(_) | Event::Surbs { .. } | Event::OtherGateways(_) => false,
            // Nobody asked for one.
            Event::Probe(_) => false,
            // The own address is for programs; a person asked for something else.
            Event::Address(_) => self.printer.json,
            Event::Connection(_) | Event::Storage(_) | Event::Topology(_) => true,
        }
    }

    async fn listen(&self, count: Option<u64>) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        let mut left = count;
        while left != Some(0) {
            let event = self.next(&mut events).await?;
            self.print(&event);
            if let Event::Message(message) = event {
                let reading = Reading::of(&message, &self.own);
                self.print_failure(self.confirm(&message, &reading).await);
                // Only after it was printed: if we are killed in between it comes again.
                self.handle.take_out(message.id).await?;
                left = left.map(|left| left - u64::from(reading.is_said()));
            }
        }
        Ok(())
    }

    async fn echo(&self) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        loop {
            let event = self.next(&mut events).await?;
            self.print(&event);
            let Event::Message(message) = event else {
                continue;
            };
            let reading = Reading::of(&message, &self.own);
            self.print_failure(self.confirm(&message, &reading).await);
            self.print_failure(self.answer(&message, &reading).await);
            // Only after the answer is on disk: if we are killed in between it is sent twice, not
            // never.
            self.handle.take_out(message.id).await?;
        }
    }
}

impl Session {
    /// Serves programs until told to end, and says goodbye to the one that is connected.
    async fn serve(&self, serve: &Serve, server: Server) -> Result<(), Failure> {
        let at = server.address();
        let at = at.unwrap_or_else(|_| SocketAddr::new(serve.host, serve.port));
        self.printer.print(&Line::Serving {
            url: format!("ws://{at}"),
            open: !serve.host.is_loopback(),
        });
        let (handle, own) = (self.handle.clone(), self.own);
        let desk = Arc::new(Desk::new(handle, own, self.printer, serve.raw));
        let events = self.handle.subscribe().await?;
        let closing = CancellationToken::new();
        let serving = server.run(desk.clone(), closing.clone());
        let until = async {
            let ended = tokio::select! {
                Err(error) = desk.listen(events) => Err(error.into()),
                () = interrupted() => Ok(()),
            };
            closing.cancel();
            ended
        };
        tokio::join!(until, serving).0
    }

    /// Sends a message back, if it says where to.
    async fn answer(
        &self,
        message: &ReceivedMessage,
        reading: &Reading,
    ) -> Result<(), HandleError> {
        match reading.echo(message) {
            None => {}
            Some(Echo::Plain(Recipient::Anonymous(tag), body)) => {
                self.handle.reply(tag, body).await?;
            }
            Some(Echo::Plain(Recipient::Address(to), body)) => {
                self.handle.send(&to, body).await?;
            }
            Some(Echo::Envelope(way, content)) => {
                let letter = Letter {
                    way,
                    wants_receipt: false,
                    content,
                };
                self.handle.send_letter(letter).await?;
            }
        }
        Ok(())
    }

    /// Sends the receipt that a message asks for.
    async fn confirm(
        &self,
        message: &ReceivedMessage,
        reading: &Reading,
    ) -> Result<(), HandleError> {
        if let Some(receipt) = reading.receipt(message) {
            self.handle.send_letter(receipt).await?;
        }
        Ok(())
    }

    /// What cannot be sent to one is no reason to stop serving others.
    fn print_failure(&self, done: Result<(), HandleError>) {
        if let Err(error) = done {
            self.printer.print(&Line::Error {
                message: error.to_string(),
            });
        }
    }
}

/// What is sent in one's own name: a file as a file, anything else as words if it is text.
fn content(options: &Send, body: Vec<u8>) -> Content {
    let file = options.file.as_ref();
    let name = file.and_then(|path| path.file_name());
    let name = name.map_or_else(|| "message".into(), |name| name.to_string_lossy());
    let attachment = |bytes| {
        Content::File(Attachment {
            name: FileName::tidy(&name),
            media_type: MediaType::tidy(""),
            bytes,
        })
    };
    match file {
        Some(_) => attachment(body),
        None => String::from_utf8(body)
            .map_or_else(|error| attachment(error.into_bytes()), Content::Text),
    }
}
