//! The guest book as its owner and its visitors meet it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::{Value, json};
use sotto::{Event, Host, Letter, Way};
use sotto_core::address::Address;
use sotto_core::client::Config;
use sotto_core::envelope::{Content, Envelope};
use sotto_mixnet::{Mixnet, Options};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

/// A bound on failure, not a wait.
const LIMIT: Duration = Duration::from_secs(90);

async fn mixnet() -> Mixnet {
    let options = Options {
        mixes_per_layer: 1,
        gateways: 1,
        ..Options::on_free_ports()
    };
    Mixnet::start(options).await.unwrap()
}

/// The running program.
struct Service {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    typing: ChildStdin,
}

impl Service {
    fn start(directory: &str, folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sotto-guest-book"))
            .args(["--directory", directory, "--state"])
            .arg(folder.join("state"))
            .arg("--publish")
            .arg(folder.join("service.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            typing: child.stdin.take().unwrap(),
            child,
        }
    }

    /// The next line that begins like this.
    async fn until(&mut self, beginning: &str) -> String {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await;
            let line = line.unwrap().unwrap().unwrap();
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    async fn enter(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.typing.write_all(line.as_bytes()).await.unwrap();
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

fn published(folder: &Path) -> Address {
    let json = std::fs::read(folder.join("service.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    json["address"].as_str().unwrap().parse().unwrap()
}

/// Somebody who writes in the book.
struct Visitor {
    host: Host,
    events: UnboundedReceiver<Event>,
}

impl Visitor {
    async fn new(directory: &str, state: &Path) -> Self {
        let host = Host::start(sotto::Options {
            directory: directory.to_owned(),
            state: state.to_owned(),
            config: Config::default(),
        });
        let host = host.await.unwrap();
        let events = host.handle().subscribe().await.unwrap();
        Self { host, events }
    }

    /// As a page does that uses `window.nym`.
    async fn write(&self, to: Address, request: Value) {
        let letter = Letter {
            way: Way::Anonymous { to, surbs: 20 },
            wants_receipt: false,
            content: Content::Json(request.to_string()),
        };
        self.host.handle().send_letter(letter).await.unwrap();
    }

    /// As other programs do.
    async fn write_plain(&self, to: Address, request: Value) {
        let body = request.to_string().into_bytes();
        let handle = self.host.handle();
        handle.send_anonymous(&to, body, 20).await.unwrap();
    }

    /// What comes next, and whether there is an envelope around it.
    async fn next(&mut self) -> (Value, bool) {
        let handle = self.host.handle();
        loop {
            let event = timeout(LIMIT, self.events.recv()).await.unwrap().unwrap();
            let Event::Message(message) = event else {
                continue;
            };
            handle.take_out(message.id).await.unwrap();
            let keys = handle.public_keys().await.unwrap();
            return match Envelope::read(&message.body, &keys) {
                None => (serde_json::from_slice(&message.body).unwrap(), false),
                Some(opened) => match opened.unwrap().envelope.content {
                    Content::Json(text) => (serde_json::from_str(&text).unwrap(), true),
                    other => panic!("{other:?}"),
                },
            };
        }
    }

    /// The same, and with what kind of message.
    async fn expect(&mut self, kind: &str) -> Value {
        let (value, _) = self.next().await;
        assert_eq!(value["type"], kind, "{value}");
        value
    }
}

fn entry(text: &str) -> Value {
    json!({ "type": "entry", "text": text })
}

#[tokio::test]
async fn a_visitor_is_thanked_at_once_and_answered_by_the_owner_later() {
    let (mixnet, folder) = (mixnet().await, tempfile::tempdir().unwrap());
    let mut service = Service::start(mixnet.directory_url(), folder.path());
    service.until("The guest book is at").await;
    let book = published(folder.path());
    let mut visitor = Visitor::new(mixnet.directory_url(), &folder.path().join("visitor")).await;
    visitor.write(book, entry("Hello!\u{1b}[2J")).await;
    let (thanks, enveloped) = visitor.next().await;
    assert!(enveloped);
    assert_eq!(
        (&thanks["type"], &thanks["number"]),
        (&json!("thanks"), &json!(1))
    );
    assert_eq!(thanks["latest"][0]["text"], "Hello!\u{1b}[2J");
    assert_eq!(service.until("#1").await, "#1 Hello!\u{fffd}[2J");
    service.enter("answer 1 Thank you").await;
    let answer = visitor.expect("answer").await;
    assert_eq!(
        answer,
        json!({ "type": "answer", "number": 1, "text": "Thank you" })
    );
    // Whoever comes later sees both.
    let mut other = Visitor::new(mixnet.directory_url(), &folder.path().join("other")).await;
    other.write(book, json!({ "type": "latest" })).await;
    let latest = other.expect("latest").await;
    assert_eq!(latest["latest"][0]["answer"], "Thank you");
    service.enter("quit").await;
    assert!(service.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn other_programs_are_answered_with_nothing_around_it_and_nonsense_with_a_sentence() {
    let (mixnet, folder) = (mixnet().await, tempfile::tempdir().unwrap());
    let mut service = Service::start(mixnet.directory_url(), folder.path());
    service.until("The guest book is at").await;
    let book = published(folder.path());
    let mut visitor = Visitor::new(mixnet.directory_url(), &folder.path().join("visitor")).await;
    visitor.write_plain(book, entry("Plainly")).await;
    let (thanks, enveloped) = visitor.next().await;
    assert_eq!((&thanks["type"], enveloped), (&json!("thanks"), false));
    visitor.write(book, json!({ "type": "burn" })).await;
    let refused = visitor.expect("refused").await;
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .starts_with("This is no request")
    );
}

#[tokio::test]
async fn a_killed_service_has_its_book_and_its_address_again_and_answers_whom_it_knew() {
    let (mixnet, folder) = (mixnet().await, tempfile::tempdir().unwrap());
    let mut service = Service::start(mixnet.directory_url(), folder.path());
    service.until("The guest book is at").await;
    let book = published(folder.path());
    let mut visitor = Visitor::new(mixnet.directory_url(), &folder.path().join("visitor")).await;
    visitor.write(book, entry("Before")).await;
    visitor.expect("thanks").await;
    service.kill().await;
    let mut service = Service::start(mixnet.directory_url(), folder.path());
    service.until("The guest book is at").await;
    assert_eq!(published(folder.path()), book);
    service.enter("answer 1 Still here").await;
    assert_eq!(visitor.expect("answer").await["text"], "Still here");
}
