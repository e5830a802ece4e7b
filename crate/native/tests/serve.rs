//! `sotto serve` as programs in other languages meet it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::program::{Running, sotto};
use common::{LIMIT, World, next, small};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sotto::{Event, Letter, Way};
use sotto_core::address::Address;
use sotto_core::envelope::{Content, Envelope};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A mixnet, and `sotto serve` on it.
struct Served {
    world: World,
    folder: TempDir,
    running: Running,
    url: String,
}

impl Served {
    async fn new(arguments: &[&str]) -> Self {
        let world = World::new(small()).await;
        let folder = tempfile::tempdir().unwrap();
        let (running, url) = serve(&world, &folder.path().join("served"), arguments).await;
        Self {
            world,
            folder,
            running,
            url,
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("served")
    }

    async fn program(&self) -> Program {
        Program::connect(&self.url, None).await.unwrap()
    }

    /// Kills the server and starts it again.
    async fn restarted(self) -> Self {
        let state = self.state();
        let Self {
            world,
            folder,
            running,
            ..
        } = self;
        running.kill().await;
        let (running, url) = serve(&world, &state, &[]).await;
        Self {
            world,
            folder,
            running,
            url,
        }
    }
}

async fn serve(world: &World, state: &Path, arguments: &[&str]) -> (Running, String) {
    let arguments = [&["--json", "serve", "--port", "0"], arguments].concat();
    let mut running = Running::start(sotto(world.mixnet.directory_url(), state, &arguments));
    let serving = running.next("serving").await;
    (running, serving["url"].as_str().unwrap().to_owned())
}

/// A program in another language.
struct Program(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Program {
    async fn connect(url: &str, origin: Option<&str>) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        if let Some(origin) = origin {
            let origin = origin.parse().unwrap();
            request.headers_mut().insert("origin", origin);
        }
        let connected = timeout(LIMIT, connect_async(request)).await;
        connected.unwrap().map(|(socket, _)| Self(socket))
    }

    async fn ask(&mut self, request: Value) {
        let request = Message::text(request.to_string());
        self.0.send(request).await.unwrap();
    }

    async fn ask_in_bytes(&mut self, request: &[u8]) {
        let request = Message::binary(request.to_vec());
        self.0.send(request).await.unwrap();
    }

    /// What comes next, pings aside.
    async fn next(&mut self) -> Message {
        let next = async {
            loop {
                let message = self.0.next().await.expect("a connection").unwrap();
                if !message.is_ping() {
                    return message;
                }
            }
        };
        // In all, as pings never end.
        timeout(LIMIT, next).await.expect("an answer")
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(self.next().await.to_text().unwrap()).unwrap()
    }

    async fn bytes(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("not in bytes: {other:?}"),
        }
    }

    /// The own address, and whatever came before the answer.
    async fn address(&mut self) -> (Address, Vec<Value>) {
        self.ask(json!({"type": "selfAddress"})).await;
        let mut before = Vec::new();
        loop {
            let told = self.json().await;
            if told["type"] == "selfAddress" {
                return (told["address"].as_str().unwrap().parse().unwrap(), before);
            }
            before.push(told);
        }
    }

    async fn say_goodbye(mut self) {
        self.0.close(None).await.unwrap();
        while let Some(Ok(_)) = timeout(LIMIT, self.0.next()).await.unwrap() {}
    }
}

fn send(to: &Address, message: &str) -> Value {
    json!({"type": "send", "recipient": to.to_string(), "message": message})
}

fn text(received: &Value) -> &str {
    assert_eq!(received["type"], "received", "{received}");
    received["message"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_writes_to_itself_in_json_and_in_bytes() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    program.ask_in_bytes(&[3]).await;
    let answer = program.bytes().await;
    assert_eq!((answer[0], answer.len()), (2, 97));
    let own = Address::from_bytes(&answer[1..]).unwrap();
    assert_eq!(program.address().await, (own, vec![]));

    program.ask(send(&own, "hello 🐢")).await;
    assert_eq!(
        program.json().await,
        json!({"type": "received", "message": "hello 🐢", "senderTag": null})
    );
    let (lane, len) = (7u64.to_be_bytes(), 3u64.to_be_bytes());
    let request = [&[0][..], &own.to_bytes(), &lane, &len, &[0, 255, 1]].concat();
    program.ask_in_bytes(&request).await;
    let queue = program.bytes().await;
    assert_eq!(
        (&queue[..9], queue.len()),
        (&[&[3][..], &lane].concat()[..], 17)
    );
    let received = [&[1, 0][..], &len, &[0, 255, 1]].concat();
    assert_eq!(program.bytes().await, received);
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anonymous_message_can_be_answered_by_its_tag() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    let (own, _) = program.address().await;
    program
        .ask(json!({
            "type": "sendAnonymous", "recipient": own.to_string(),
            "message": "who am I?", "replySurbs": 5,
        }))
        .await;
    let question = program.json().await;
    assert_eq!(text(&question), "who am I?");
    let tag = question["senderTag"].as_str().expect("a tag");
    let long = "nobody ".repeat(3000);
    program
        .ask(json!({"type": "reply", "senderTag": tag, "message": long}))
        .await;
    assert_eq!(text(&program.json().await), long);
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_is_its_answer_and_the_next_is_served() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    for (request, kind) in [(&[][..], 1), (&[0, 1, 2], 2), (&[9], 3), (&[4, 0], 4)] {
        program.ask_in_bytes(request).await;
        let answer = program.bytes().await;
        assert_eq!(answer[..2], [0, kind], "{request:?}");
    }
    let (own, _) = program.address().await;
    let tag = "22HJZpWgrJGpUR4wg8QkuB";
    let cases = [
        (json!(1), "malformed request:"),
        (json!({"type": "send"}), "malformed request:missing field"),
        (send(&own, ""), "other:The message is empty."),
        (
            send(&own, &"x".repeat((16 << 20) + 1)),
            "other:The message is too large",
        ),
        (
            json!({"type": "reply", "senderTag": tag, "message": "hi"}),
            "other:There is no way to answer",
        ),
    ];
    for (request, error) in cases {
        program.ask(request).await;
        let answer = program.json().await;
        assert_eq!(answer["type"], "error");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with(error), "{message}");
    }
    program.ask(send(&own, "still here")).await;
    assert_eq!(text(&program.json().await), "still here");
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_beyond_every_limit_ends_its_connection_and_no_more() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    // It may fail half-way: nobody reads on.
    let _ = program.0.feed(Message::binary(vec![0; 33 << 20])).await;
    let ended = async { while let Some(Ok(_)) = program.0.next().await {} };
    timeout(LIMIT, ended).await.expect("the connection ends");
    let mut program = served.program().await;
    program.address().await;
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_program_at_a_time() {
    let served = Served::new(&[]).await;
    let mut first = served.program().await;
    let refused = Program::connect(&served.url, None).await;
    assert_eq!(status(refused.err().unwrap()), 503);
    first.address().await;
    for _ in 0..5 {
        first.say_goodbye().await;
        first = served.program().await;
        drop(first);
        first = served.program().await;
    }
    first.address().await;
    served.world.end().await;
}

fn status(error: Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("no refusal: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_page_is_refused_unless_its_origin_is_allowed() {
    let served = Served::new(&["--allow-origin", "https://good.example"]).await;
    let other_port = "http://127.0.0.1:1";
    for origin in [
        "https://evil.example",
        "http://good.example",
        "null",
        "",
        other_port,
    ] {
        let refused = Program::connect(&served.url, Some(origin)).await;
        assert_eq!(status(refused.err().unwrap()), 403, "{origin}");
    }
    let itself = served.url.replace("ws://", "http://");
    for origin in ["https://good.example", &itself] {
        let page = Program::connect(&served.url, Some(origin)).await;
        let mut page = page.unwrap();
        page.address().await;
        page.say_goodbye().await;
    }
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_while_nobody_was_connected_is_given_to_the_next_also_after_a_crash() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    let (own, _) = program.address().await;
    program.say_goodbye().await;
    let mut bob = served.world.peer("bob").await;
    let id = bob.host.handle().send(&own, b"one".to_vec()).await.unwrap();
    bob.until_at_gateway(id).await;
    let served = served.restarted().await;

    let mut program = served.program().await;
    let one = [&[1, 0, 0, 0, 0, 0, 0, 0, 0, 3][..], b"one"].concat();
    assert_eq!(program.bytes().await, one, "until it asks in text");
    // It goes without having answered the ping.
    drop(program);
    let mut program = served.program().await;
    assert_eq!(program.bytes().await, one);
    program.address().await;
    program.say_goodbye().await;

    let served = served.restarted().await;
    let mut program = served.program().await;
    assert_eq!(program.address().await, (own, vec![]), "it has that one");
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_messages_in_a_row_arrive_each_once() {
    const COUNT: usize = 2000;
    let served = Served::new(&[]).await;
    let mut bob = served.world.peer("bob").await;
    let mut program = served.program().await;
    let start = std::time::Instant::now();
    for number in 0..COUNT {
        let message = send(&bob.address, &number.to_string());
        let message = Message::text(message.to_string());
        program.0.feed(message).await.unwrap();
    }
    program.0.flush().await.unwrap();
    println!("{COUNT} written after {:?}", start.elapsed());
    let mut arrived = HashSet::new();
    while arrived.len() < COUNT {
        if let Event::Message(message) = next(&mut bob.events, "a message").await {
            let text = String::from_utf8(message.body.clone()).unwrap();
            assert!(arrived.insert(text.clone()), "{text} came twice");
        }
    }
    println!("{COUNT} arrived after {:?}", start.elapsed());
    assert!((0..COUNT).all(|number| arrived.contains(&number.to_string())));
    let (_, told) = program.address().await;
    assert_eq!(told, Vec::<Value>::new(), "no send was refused");
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_reads_late_gets_all_of_it() {
    const COUNT: usize = 600;
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    let (own, _) = program.address().await;
    let mut bob = served.world.peer("bob").await;
    let mut last = None;
    for number in 0..COUNT {
        let body = [number.to_string().into_bytes(), vec![b' '; 1000]].concat();
        last = Some(bob.host.handle().send(&own, body).await.unwrap());
    }
    bob.until_at_gateway(last.unwrap()).await;
    let mut got: Vec<usize> = Vec::new();
    while got.len() < COUNT {
        got.push(text(&program.json().await).trim().parse().unwrap());
    }
    got.sort_unstable();
    assert_eq!(got, (0..COUNT).collect::<Vec<_>>());
    assert_eq!(program.address().await.1, Vec::<Value>::new());
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sotto_peer_is_heard_in_its_words_and_has_its_receipt() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    let (own, _) = program.address().await;
    let mut bob = served.world.peer("bob").await;
    let letter = Letter {
        way: Way::Signed(own),
        wants_receipt: true,
        content: Content::Text("hello".to_owned()),
    };
    let id = bob.host.handle().send_letter(letter).await.unwrap();
    assert_eq!(text(&program.json().await), "hello");
    program.address().await;
    let keys = bob.host.handle().public_keys().await.unwrap();
    let receipt = loop {
        if let Event::Message(message) = next(&mut bob.events, "a receipt").await {
            break Envelope::read(&message.body, &keys).unwrap().unwrap();
        }
    };
    assert_eq!(receipt.envelope.content, Content::Receipt(vec![id]));
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_wants_it_raw_gets_the_envelope() {
    let served = Served::new(&["--raw"]).await;
    let mut program = served.program().await;
    let (own, _) = program.address().await;
    let bob = served.world.peer("bob").await;
    let letter = Letter {
        way: Way::Unsigned(own),
        wants_receipt: false,
        content: Content::Text("hello".to_owned()),
    };
    program.ask_in_bytes(&[3]).await;
    program.bytes().await;
    bob.host.handle().send_letter(letter).await.unwrap();
    let received = program.bytes().await;
    assert_eq!(&received[10..16], b"\xf5Sotto");
    assert!(received.ends_with(b"hello"));
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_a_closed_stream_is_empty() {
    let served = Served::new(&[]).await;
    let elsewhere = World::new(small()).await;
    let stranger = elsewhere.peer("stranger").await;
    let mut program = served.program().await;
    program.address().await;
    let lane = |id: u64, tag: u8| [&[tag][..], &id.to_be_bytes()].concat();
    for _ in 0..2 {
        let mut request = send(&stranger.address, "hello?");
        request["connectionId"] = json!(9);
        program.ask(request).await;
    }
    let lengths = [program.json().await, program.json().await];
    let length =
        |length: u64| json!({"type": "laneQueueLength", "lane": 9, "queue_length": length});
    // Both were taken in hand before the first answer, or not.
    assert_eq!(lengths[1], length(2));
    program.ask_in_bytes(&lane(9, 4)).await;
    let empty = [&lane(9, 3)[..], &[0; 8]].concat();
    loop {
        program.ask_in_bytes(&lane(9, 5)).await;
        if program.bytes().await == empty {
            break;
        }
    }
    program.ask_in_bytes(&lane(8, 5)).await;
    assert_eq!(program.bytes().await, [&lane(8, 3)[..], &[0; 8]].concat());
    served.world.end().await;
    elsewhere.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_says_goodbye() {
    let served = Served::new(&[]).await;
    let mut program = served.program().await;
    program.address().await;
    let ended = tokio::spawn(served.running.terminate());
    match program.next().await {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("no goodbye: {other:?}"),
    }
    while let Some(Ok(_)) = program.0.next().await {}
    assert_eq!(ended.await.unwrap(), Some(0));
    served.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_a_sentence_and_a_status() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--port", &port];
    let mut command = sotto("http://127.0.0.1:9/", folder.path(), &arguments);
    let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("choose another --port"), "{said}");
}
