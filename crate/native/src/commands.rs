//! What the commands do.

use crate::cli::{Cli, Command, Common, Send};
use crate::line::{Line, Printer, failure};
use sotto::{Event, Handle, HandleError, Host, HostError, Options};
use sotto_core::address::Address;
use sotto_core::client::{Config, DeliveryState, GatewayChoice, MessageId, ReceivedMessage};
use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

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
            Self::Host(_) | Self::Input(_) => 1,
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
    let host = Host::start(options(&cli.common)).await?;
    let session = Session {
        handle: host.handle(),
        printer,
        seconds: cli.common.timeout,
    };
    let ended = tokio::select! {
        ended = session.run(&cli.command, body) => ended,
        _ = tokio::signal::ctrl_c() => match cli.command {
            Command::Listen { .. } | Command::Echo => Ok(()),
            _ => Err(Failure::Interrupted),
        },
    };
    host.shutdown().await;
    ended
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
    printer: Printer,
    /// How long a command may take that comes to an end by itself.
    seconds: u64,
}

impl Session {
    async fn run(&self, command: &Command, body: Vec<u8>) -> Result<(), Failure> {
        let limit = Duration::from_secs(self.seconds);
        match command {
            Command::Address => timeout(limit, self.address())
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Send(options) => timeout(limit, self.send(options, body))
                .await
                .unwrap_or(Err(Failure::Late(self.seconds))),
            Command::Gateways => timeout(limit, self.gateways())
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Move { to } => timeout(limit, self.change_gateway(*to))
                .await
                .unwrap_or(Err(Failure::NoAddress(self.seconds))),
            Command::Listen { count } => self.listen(*count).await,
            Command::Echo => self.echo().await,
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

    /// Messages stay on disk for `listen`.
    fn print_unless_message(&self, event: &Event) {
        if !matches!(event, Event::Message(_)) {
            self.printer.print(&Line::from(event));
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
        let Send { to, surbs, .. } = options;
        let ours = if options.anonymous {
            self.handle.send_anonymous(to, body, *surbs).await?
        } else {
            self.handle.send(to, body).await?
        };
        self.printer.print(&Line::Accepted {
            id: ours.to_string(),
        });
        loop {
            let event = self.next(&mut events).await?;
            if self.concerns(&event, ours) {
                self.printer.print(&Line::from(&event));
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

    /// Whether whoever sends this message wants to hear of the event.
    fn concerns(&self, event: &Event, ours: MessageId) -> bool {
        match event {
            Event::Delivery { id, .. } => *id == ours,
            // They stay on disk for `listen`.
            Event::Message(_) | Event::Surbs { .. } | Event::OtherGateways(_) => false,
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
            self.printer.print(&Line::from(&event));
            if let Event::Message(message) = event {
                // Only after it was printed: if we are killed in between it comes again.
                self.handle.take_out(message.id).await?;
                left = left.map(|left| left - 1);
            }
        }
        Ok(())
    }

    async fn echo(&self) -> Result<(), Failure> {
        let mut events = self.handle.subscribe().await?;
        loop {
            let event = self.next(&mut events).await?;
            self.printer.print(&Line::from(&event));
            let Event::Message(message) = event else {
                continue;
            };
            // An answer that cannot be sent is no reason to stop answering others.
            if let Err(error) = self.answer(&message).await {
                self.printer.print(&Line::Error {
                    message: error.to_string(),
                });
            }
            // Only after the answer is on disk: if we are killed in between it is sent twice, not
            // never.
            self.handle.take_out(message.id).await?;
        }
    }
}

impl Session {
    /// Sends a message back, if it says where to.
    async fn answer(&self, message: &ReceivedMessage) -> Result<(), HandleError> {
        if let Some(tag) = message.sender_tag {
            self.handle.reply(tag, message.body.clone()).await?;
        } else if let Some((to, body)) = split_request(&message.body) {
            self.handle.send(&to, body.to_vec()).await?;
        }
        Ok(())
    }
}

/// The address in the first line, and what follows it.
fn split_request(body: &[u8]) -> Option<(Address, &[u8])> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let (first, rest) = body.split_at_checked(end)?;
    let to = std::str::from_utf8(first).ok()?.trim().parse().ok()?;
    Some((to, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_request_begins_with_an_address() {
        let key = "4jRYfQm8L9Bsns7WyLPPno8R4P4sU5VaztfVVX3xodg4";
        let address = format!("{key}.{key}@{key}");
        let request = format!("{address}\nhello\nworld");
        let (to, body) = split_request(request.as_bytes()).unwrap();
        assert_eq!((to.to_string(), body), (address, &b"hello\nworld"[..]));
        for bad in ["", "hello", "hello\nworld", "\n"] {
            assert!(split_request(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }
}
