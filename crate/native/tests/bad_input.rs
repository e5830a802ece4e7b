//! Directories and gateways that misbehave: each gives its own problem, and the message stays in
//! the outbox.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{World, outbox, problem, small, start};
use futures_util::{SinkExt, StreamExt};
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{Config, SendError};
use sotto_core::gateway::handshake::{ACCEPTED, Responder};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::keys::{ClientKeys, EncryptionKey, SigningKey};
use sotto_mixnet::{Descriptor, DirectoryOptions, DirectoryServer, Role, SphinxKeys};
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How the gateway misbehaves.
#[derive(Clone, Copy, Debug)]
enum Misbehaviour {
    /// Answers everything with an error.
    Refuses,
    /// Ends the connection after the second message of the handshake.
    ClosesInMidHandshake,
    /// Answers with what is not JSON.
    SaysGarbage,
    /// Answers in JSON, but with a handshake message of the wrong length.
    ShortHandshake,
    /// Signs with another identity than the directory lists.
    HasWrongKeys,
    /// Says no at the end of the handshake.
    RefusesAtTheEnd,
    /// Speaks a version from before signatures.
    IsTooOld,
    /// Registers the client, then pushes a packet in clear.
    PushesInClear,
    /// Registers the client, then pushes what was encrypted under another key.
    PushesUnderAnotherKey,
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn anybody() -> Address {
    let keys = ClientKeys::generate(&mut rng(8));
    let identity = keys.signing.identity_key();
    Address {
        identity,
        encryption: keys.encryption.public_key(),
        gateway: identity,
    }
}

/// A directory with three mixes that do not matter and one gateway.
async fn directory(gateway: SocketAddr, folder: &TempDir) -> DirectoryServer {
    let node = |seed, role| Descriptor {
        role,
        mix_address: ([127, 0, 0, 1], 9).into(),
        identity: SigningKey::generate(&mut rng(seed)).identity_key(),
        sphinx: SphinxKeys::Fixed(EncryptionKey::from_bytes([seed; 32])),
        api: None,
    };
    let gateway = Role::Gateway {
        websocket_port: gateway.port(),
        hostname: None,
        tls_port: None,
    };
    let mix = |layer| node(layer, Role::Mix { layer: Some(layer) });
    let nodes = [mix(1), mix(2), mix(3), node(GATEWAY_SEED, gateway)];
    let path = folder.path().join("nodes.json");
    std::fs::write(&path, serde_json::to_string(&nodes).unwrap()).unwrap();
    let options = DirectoryOptions {
        extra_nodes: Some(path),
        ..DirectoryOptions::default()
    };
    DirectoryServer::start(options).await.unwrap()
}

const GATEWAY_SEED: u8 = 50;

async fn serve(listener: TcpListener, misbehaviour: Misbehaviour) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // The client may leave at any point.
            let _ = misbehave(stream, misbehaviour).await;
        });
    }
}

type Socket = WebSocketStream<TcpStream>;
type Ended = Box<dyn std::error::Error + Send + Sync>;

async fn misbehave(stream: TcpStream, how: Misbehaviour) -> Result<(), Ended> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    hear(&mut socket).await?;
    match how {
        Misbehaviour::Refuses => {
            say(
                &mut socket,
                ServerMessage::Error {
                    message: "go away".into(),
                },
            )
            .await?;
        }
        Misbehaviour::SaysGarbage => socket.send(Message::text("garbage")).await?,
        Misbehaviour::IsTooOld => {
            say(&mut socket, ServerMessage::SupportedProtocol { version: 3 }).await?;
        }
        _ => shake_hands(&mut socket, how).await?,
    }
    // The end is for the client to make.
    while socket.next().await.is_some() {}
    Ok(())
}

async fn shake_hands(socket: &mut Socket, how: Misbehaviour) -> Result<(), Ended> {
    say(socket, ServerMessage::SupportedProtocol { version: 6 }).await?;
    let first = handshake(hear(socket).await?)?;
    let seed = if matches!(how, Misbehaviour::HasWrongKeys) {
        99
    } else {
        GATEWAY_SEED
    };
    let signing = SigningKey::generate(&mut rng(seed));
    let (responder, mut second) = Responder::receive_first(&mut rng(3), &signing, &first)?;
    if matches!(how, Misbehaviour::ShortHandshake) {
        second.truncate(20);
    }
    say(socket, payload(second)).await?;
    let third = handshake(hear(socket).await?)?;
    match how {
        Misbehaviour::ClosesInMidHandshake => Ok(socket.close(None).await?),
        Misbehaviour::RefusesAtTheEnd => say(socket, payload(vec![0])).await,
        _ => {
            responder.receive_third(&third)?;
            say(socket, payload(ACCEPTED.to_vec())).await?;
            let (status, upgrade_mode) = (true, false);
            say(
                socket,
                ServerMessage::Register {
                    protocol_version: 6,
                    status,
                    upgrade_mode,
                },
            )
            .await?;
            let flag = u8::from(matches!(how, Misbehaviour::PushesUnderAnotherKey));
            let frame = [&[1, flag][..], &[0; 12], &[5; 1659]].concat();
            Ok(socket.send(Message::binary(frame)).await?)
        }
    }
}

async fn say(socket: &mut Socket, message: ServerMessage) -> Result<(), Ended> {
    Ok(socket.send(Message::text(message.to_json())).await?)
}

async fn hear(socket: &mut Socket) -> Result<ClientMessage, Ended> {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => Ok(ClientMessage::from_json(text.as_str())?),
        other => Err(format!("expected text, got {other:?}").into()),
    }
}

fn handshake(message: ClientMessage) -> Result<Vec<u8>, Ended> {
    match message {
        ClientMessage::HandshakePayload { data, .. } => Ok(data),
        other => Err(format!("expected the handshake, got {other:?}").into()),
    }
}

fn payload(data: Vec<u8>) -> ServerMessage {
    ServerMessage::HandshakePayload {
        protocol_version: 6,
        data,
    }
}

/// Sends a message through such a directory: the problem's code, with the message in the outbox.
async fn code(directory: &str, folder: &TempDir) -> &'static str {
    let state = folder.path().join("state");
    let host = start(directory, &state, Config::default()).await;
    let mut events = host.handle().subscribe().await.unwrap();
    host.handle()
        .send(&anybody(), b"keep me".to_vec())
        .await
        .unwrap();
    let problem = problem(&mut events).await;
    assert!(problem.to_string().ends_with('.'), "a sentence: {problem}");
    host.shutdown().await;
    assert_eq!(outbox(&state), 1, "the message is kept");
    problem.code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_misbehaviour_of_a_gateway_has_its_own_name_and_keeps_the_message() {
    let cases = [
        (Misbehaviour::Refuses, "gateway.refused"),
        (Misbehaviour::ClosesInMidHandshake, "gateway.closed"),
        (Misbehaviour::SaysGarbage, "gateway.garbage"),
        (Misbehaviour::ShortHandshake, "gateway.garbage"),
        (Misbehaviour::HasWrongKeys, "gateway.impostor"),
        (Misbehaviour::RefusesAtTheEnd, "gateway.refused"),
        (Misbehaviour::IsTooOld, "gateway.too-old"),
        (Misbehaviour::PushesInClear, "gateway.unencrypted"),
        (Misbehaviour::PushesUnderAnotherKey, "gateway.impostor"),
    ];
    for (misbehaviour, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let directory = directory(listener.local_addr().unwrap(), &folder).await;
        let gateway = tokio::spawn(serve(listener, misbehaviour));
        let code = code(&directory.ready().directory, &folder).await;
        assert_eq!(code, expected, "{misbehaviour:?}");
        gateway.abort();
        directory.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = dead_address().await;
    let directory = directory(nobody, &folder).await;
    assert_eq!(
        code(&directory.ready().directory, &folder).await,
        "gateway.unreachable"
    );
    directory.shutdown().await;
}

/// An address on which nobody listens.
async fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A web server that gives the same answer to every request.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_directory_has_its_own_name_and_keeps_the_message() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
    let leaked = |text: String| -> &'static str { text.leak() };
    let cases = [
        (
            format!("http://{}/", dead_address().await),
            "directory.unreachable",
        ),
        (
            answering("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .await,
            "directory.unreachable",
        ),
        (answering("nonsense\r\n\r\n").await, "directory.unreachable"),
        (
            answering(leaked(format!("{head} 5\r\n\r\nhello"))).await,
            "directory.nonsense",
        ),
        (
            answering(leaked(format!("{head} 2\r\n\r\n{{}}"))).await,
            "directory.nonsense",
        ),
        (
            answering(leaked(format!("{head} 99999999\r\n\r\n{{"))).await,
            "directory.unreachable",
        ),
    ];
    for (directory, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(code(&directory, &folder).await, expected, "{directory}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_kept_through_a_dead_directory_leaves_when_there_is_one() {
    let world = World::new(small()).await;
    let mut bob = world.peer("bob").await;
    let folder = tempfile::tempdir().unwrap();
    let dead = format!("http://{}/", dead_address().await);
    let host = start(&dead, folder.path(), Config::default()).await;
    let mut events = host.handle().subscribe().await.unwrap();
    host.handle()
        .send(&bob.address, b"at last".to_vec())
        .await
        .unwrap();
    assert_eq!(problem(&mut events).await.code(), "directory.unreachable");
    host.kill().await;
    let host = start(
        world.mixnet.directory_url(),
        folder.path(),
        Config::default(),
    )
    .await;
    bob.receive(b"at last".to_vec()).await;
    host.shutdown().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_never_be_sent_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let dead = format!("http://{}/", dead_address().await);
    let host = start(&dead, folder.path(), Config::default()).await;
    let handle = host.handle();
    let empty = handle.send(&anybody(), Vec::new()).await.unwrap_err();
    assert_eq!(empty, SendError::Empty.into());
    let large = handle.send(&anybody(), vec![0; 1 << 28]).await.unwrap_err();
    assert!(large.to_string().contains("too large"), "{large}");
    host.shutdown().await;
    assert_eq!(outbox(folder.path()), 0);
}
