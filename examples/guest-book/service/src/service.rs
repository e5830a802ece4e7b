//! The guest book at work.

use sotto::{Event, Handle, HandleError};
use sotto_core::address::Address;
use sotto_core::client::{ConnectionState, ReceivedMessage};
use sotto_core::envelope::Content;
use sotto_core::keys::PublicKeys;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::book::{Book, Entry, Visitor};
use crate::error::Error;
use crate::protocol::{LATEST, Request, Response, View, parse};
use crate::reading::{Incoming, letter};
use crate::terminal::{Command, HELP, tame};

/// Answers visitors and obeys the owner, one thing after the other.
pub(crate) struct Service {
    handle: Handle,
    own: PublicKeys,
    book: Book,
    publish: Option<PathBuf>,
    /// What was announced.
    address: Option<Address>,
}

impl Service {
    /// A service on a running client.
    pub(crate) async fn new(
        handle: Handle,
        book: Book,
        publish: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let own = handle.public_keys().await?;
        Ok(Self {
            handle,
            own,
            book,
            publish,
            address: None,
        })
    }

    /// Serves until the owner wants no more.
    pub(crate) async fn serve(mut self, mut lines: UnboundedReceiver<String>) -> Result<(), Error> {
        let mut events = self.handle.subscribe().await?;
        for entry in self.book.untold()? {
            self.tell(entry).await?;
        }
        loop {
            tokio::select! {
                event = events.recv() => self.take(event.ok_or(HandleError::Stopped)?).await?,
                Some(line) = lines.recv() => match Command::parse(&line) {
                    Command::Quit => return Ok(()),
                    command => self.obey(command).await?,
                },
            }
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Address(address) => self.announce(address),
            Event::Connection(ConnectionState::Offline { problem, .. }) => {
                println!("Offline: {problem}");
                Ok(())
            }
            Event::Message(message) => self.receive(&message).await,
            _ => Ok(()),
        }
    }

    fn announce(&mut self, address: Address) -> Result<(), Error> {
        if self.address.replace(address) == Some(address) {
            return Ok(());
        }
        if let Some(file) = &self.publish {
            publish(file, &address).map_err(Error::Publish)?;
        }
        println!("The guest book is at {address}\n{HELP}");
        Ok(())
    }

    /// Takes a message out of the inbox once it is in the book and its answer in the outbox. If we are killed
    /// before, it comes again: the entry is known then, and the answer is sent twice rather than never.
    async fn receive(&self, message: &ReceivedMessage) -> Result<(), Error> {
        if let Some(incoming) = Incoming::read(message, &self.own) {
            self.confirm(&incoming).await?;
            let response = self.respond(message, &incoming)?;
            self.reply(incoming.visitor, &response).await?;
        }
        Ok(self.handle.take_out(message.id).await?)
    }

    fn respond(&self, message: &ReceivedMessage, incoming: &Incoming) -> Result<Response, Error> {
        Ok(match parse(&incoming.body) {
            Ok(Request::Entry { text, reference }) => {
                let entry = self.book.add(message.id, incoming.visitor, &text, now())?;
                print_entry(&entry);
                Response::Thanks {
                    number: entry.number,
                    reference,
                    latest: self.latest()?,
                }
            }
            Ok(Request::Latest {}) => Response::Latest {
                latest: self.latest()?,
            },
            Err(refusal) => refusal,
        })
    }

    fn latest(&self) -> Result<Vec<View>, Error> {
        let entries = self.book.latest(LATEST)?;
        Ok(entries.into_iter().map(View::from).collect())
    }

    async fn confirm(&self, incoming: &Incoming) -> Result<(), Error> {
        if let (Some(visitor), Some(id)) = (incoming.visitor, incoming.receipt) {
            let receipt = letter(visitor, Content::Receipt(vec![id]));
            excuse(self.handle.send_letter(receipt).await)?;
        }
        Ok(())
    }

    /// Sends a response if there is a way, in the form in which the visitor writes.
    async fn reply(&self, visitor: Option<Visitor>, response: &Response) -> Result<(), Error> {
        let json = serde_json::to_string(response).unwrap_or_default();
        match visitor {
            None => Ok(()),
            Some(visitor) if visitor.is_sotto => {
                let letter = letter(visitor, Content::Json(json));
                excuse(self.handle.send_letter(letter).await)
            }
            Some(visitor) => excuse(self.handle.reply(visitor.tag, json.into_bytes()).await),
        }
    }

    async fn obey(&self, command: Command) -> Result<(), Error> {
        match command {
            Command::Answer(number, text) => match self.book.answer(number, &text)? {
                Some(entry) => self.tell(entry).await?,
                None => println!("There is no entry {number}."),
            },
            Command::List => self.book.latest(LATEST)?.iter().rev().for_each(print_entry),
            Command::Help => println!("{HELP}"),
            Command::Quit | Command::Nothing => {}
        }
        Ok(())
    }

    /// Tells whoever wrote an entry what the owner answered.
    async fn tell(&self, entry: Entry) -> Result<(), Error> {
        print_entry(&entry);
        let (number, text) = (entry.number, entry.answer.unwrap_or_default());
        let answer = Response::Answer { number, text };
        self.reply(entry.visitor, &answer).await?;
        Ok(self.book.told(number)?)
    }
}

/// Whoever reads the file meanwhile reads the whole of the old one.
fn publish(file: &Path, address: &Address) -> std::io::Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{{\"address\":\"{address}\"}}\n"))?;
    std::fs::rename(&new, file)
}

/// That one visitor cannot be answered is no reason to stop serving the others.
fn excuse<T>(done: Result<T, HandleError>) -> Result<(), Error> {
    match done {
        Ok(_) => Ok(()),
        Err(HandleError::Stopped) => Err(HandleError::Stopped.into()),
        Err(error) => {
            println!("An answer could not be sent: {error}");
            Ok(())
        }
    }
}

fn print_entry(entry: &Entry) {
    println!("#{} {}", entry.number, tame(&entry.text));
    if let Some(answer) = &entry.answer {
        println!("#{} answered: {}", entry.number, tame(answer));
    }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
