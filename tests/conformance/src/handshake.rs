//! The registration handshake in both roles, over an in-memory duplex (protocol.md 8.3;
//! pitfalls 22-24).

use crate::fixture::{identity_pair, rng};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{Sink, SinkExt, Stream, StreamExt};
use nym_crypto::asymmetric::ed25519;
use nym_gateway_requests::registration::handshake::error::HandshakeError as TheirError;
use nym_gateway_requests::registration::handshake::{
    HandshakeResult, client_handshake, gateway_handshake,
};
use nym_gateway_requests::{CURRENT_PROTOCOL_VERSION, ClientControlRequest};
use nym_task::ShutdownToken;
use sotto_core::gateway::handshake::{
    ACCEPTED, HandshakeError, Initiator, REFUSED, Registered, Responder, receive_fourth,
};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::gateway::{PROTOCOL_VERSION, SharedKey};
use sotto_core::keys::SigningKey;
use std::pin::Pin;
use std::task::{Context, Poll};
use tungstenite::{Error as WsError, Message};

/// One end of a websocket that exists only in memory.
pub(crate) struct Duplex {
    sender: UnboundedSender<Message>,
    pub(crate) receiver: UnboundedReceiver<Message>,
}

pub(crate) fn duplex() -> (Duplex, Duplex) {
    let (to_right, from_left) = unbounded();
    let (to_left, from_right) = unbounded();
    let left = Duplex {
        sender: to_right,
        receiver: from_right,
    };
    (
        left,
        Duplex {
            sender: to_left,
            receiver: from_left,
        },
    )
}

impl Stream for Duplex {
    type Item = Result<Message, WsError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver
            .poll_next_unpin(cx)
            .map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Duplex {
    type Error = futures::channel::mpsc::SendError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Message) -> Result<(), Self::Error> {
        self.sender.start_send_unpin(item)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_close_unpin(cx)
    }
}

impl Duplex {
    async fn text(&mut self) -> String {
        self.receiver
            .next()
            .await
            .unwrap()
            .into_text()
            .unwrap()
            .to_string()
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.send(Message::Text(text.into())).await.unwrap();
    }

    /// As our gateway: the next handshake message of a client.
    async fn hear_client(&mut self) -> Vec<u8> {
        match ClientMessage::from_json(&self.text().await).unwrap() {
            ClientMessage::HandshakePayload {
                protocol_version,
                data,
            } => {
                assert_eq!(protocol_version, PROTOCOL_VERSION);
                data
            }
            other => panic!("{other:?}"),
        }
    }

    async fn tell_client(&mut self, data: Vec<u8>) {
        let message = ServerMessage::HandshakePayload {
            protocol_version: PROTOCOL_VERSION,
            data,
        };
        self.send_text(message.to_json()).await;
    }

    /// As our client: the next handshake message of a gateway.
    async fn hear_gateway(&mut self) -> Result<Vec<u8>, String> {
        match ServerMessage::from_json(&self.text().await).unwrap() {
            ServerMessage::HandshakePayload {
                protocol_version,
                data,
            } => {
                assert_eq!(protocol_version, PROTOCOL_VERSION);
                Ok(data)
            }
            ServerMessage::HandshakeError { message } => Err(message),
            other => panic!("{other:?}"),
        }
    }

    async fn tell_gateway(&mut self, data: Vec<u8>) {
        let message = ClientMessage::HandshakePayload {
            protocol_version: PROTOCOL_VERSION,
            data,
        };
        self.send_text(message.to_json()).await;
    }
}

fn keys() -> (SigningKey, SigningKey) {
    let mut rng = rng(20);
    (
        SigningKey::generate(&mut rng),
        SigningKey::generate(&mut rng),
    )
}

fn same_key(theirs: &HandshakeResult, ours: &SharedKey) {
    assert_eq!(theirs.derived_key.as_bytes(), ours.as_bytes());
    assert_eq!(theirs.negotiated_protocol, PROTOCOL_VERSION);
}

#[test]
fn both_speak_the_same_protocol_version() {
    assert_eq!(PROTOCOL_VERSION, CURRENT_PROTOCOL_VERSION);
}

/// An official client that registers with a gateway of the given identity.
async fn official_client(
    client: &SigningKey,
    gateway: &SigningKey,
    mut socket: Duplex,
) -> Result<HandshakeResult, TheirError> {
    let identity = identity_pair(client);
    let gateway = *identity_pair(gateway).public_key();
    client_handshake(
        &mut rng(21),
        &mut socket,
        &identity,
        gateway,
        CURRENT_PROTOCOL_VERSION,
        ShutdownToken::default(),
    )
    .await
}

/// Our gateway's side; `verdict` goes out last. The socket stays open for what the other says.
async fn our_gateway(gateway: &SigningKey, socket: &mut Duplex, verdict: [u8; 1]) -> Registered {
    let first = socket.hear_client().await;
    let (responder, second) = Responder::receive_first(&mut rng(22), gateway, &first).unwrap();
    socket.tell_client(second).await;
    let registered = responder
        .receive_third(&socket.hear_client().await)
        .unwrap();
    socket.tell_client(verdict.to_vec()).await;
    registered
}

#[tokio::test]
async fn an_official_client_registers_with_our_gateway() {
    let (client, gateway) = keys();
    let (left, mut right) = duplex();
    let ours = our_gateway(&gateway, &mut right, ACCEPTED);
    let (theirs, ours) = tokio::join!(official_client(&client, &gateway, left), ours);
    assert_eq!(ours.client, client.identity_key());
    same_key(&theirs.unwrap(), &ours.key);
}

#[tokio::test]
async fn an_official_client_understands_our_refusal_and_our_error() {
    let (client, gateway) = keys();
    let (left, mut right) = duplex();
    let ours = our_gateway(&gateway, &mut right, REFUSED);
    let (theirs, _) = tokio::join!(official_client(&client, &gateway, left), ours);
    assert!(matches!(theirs, Err(TheirError::HandshakeFailure)));
    let last = ClientMessage::from_json(&right.text().await).unwrap();
    assert!(
        matches!(last, ClientMessage::HandshakeError { .. }),
        "{last:?}"
    );

    let (left, mut right) = duplex();
    let refuse = async {
        right.hear_client().await;
        let message = ServerMessage::HandshakeError {
            message: "full".into(),
        };
        right.send_text(message.to_json()).await;
    };
    let (theirs, ()) = tokio::join!(official_client(&client, &gateway, left), refuse);
    assert!(matches!(theirs, Err(TheirError::RemoteError(message)) if message == "full"));
}

#[tokio::test]
async fn an_official_client_notices_a_gateway_with_another_identity() {
    let (client, gateway) = keys();
    let (left, mut right) = duplex();
    let impostor = async {
        let first = right.hear_client().await;
        let (_, second) = Responder::receive_first(&mut rng(23), &client, &first).unwrap();
        right.tell_client(second).await;
        ClientMessage::from_json(&right.text().await).unwrap()
    };
    let (theirs, last) = tokio::join!(official_client(&client, &gateway, left), impostor);
    assert!(matches!(theirs, Err(TheirError::InvalidSignature)));
    assert!(
        matches!(last, ClientMessage::HandshakeError { .. }),
        "{last:?}"
    );
}

/// An official gateway that takes the first message as its websocket handler does.
async fn official_gateway(
    gateway: &SigningKey,
    mut socket: Duplex,
) -> Result<HandshakeResult, TheirError> {
    let first = socket.text().await.parse().unwrap();
    let ClientControlRequest::RegisterHandshakeInitRequest {
        protocol_version,
        data,
    } = first
    else {
        panic!("{first:?}");
    };
    let identity = identity_pair(gateway);
    let token = ShutdownToken::default();
    gateway_handshake(
        &mut rng(24),
        &mut socket,
        &identity,
        data,
        protocol_version,
        token,
    )
    .await
}

#[tokio::test]
async fn we_register_with_an_official_gateway() {
    let (client, gateway) = keys();
    let (mut left, right) = duplex();
    let ours = async {
        let (initiator, first) = Initiator::new(&mut rng(25), &client, gateway.identity_key());
        left.tell_gateway(first).await;
        let second = left.hear_gateway().await.unwrap();
        let agreed = initiator.receive_second(&mut rng(26), &second).unwrap();
        left.tell_gateway(agreed.reply).await;
        let fourth = left.hear_gateway().await.unwrap();
        assert_eq!(receive_fourth(&fourth), Ok(()));
        agreed.key
    };
    let (theirs, key) = tokio::join!(official_gateway(&gateway, right), ours);
    same_key(&theirs.unwrap(), &key);
}

#[tokio::test]
async fn we_notice_an_official_gateway_with_another_identity() {
    let (client, gateway) = keys();
    let (mut left, right) = duplex();
    let ours = async {
        let (initiator, first) = Initiator::new(&mut rng(27), &client, client.identity_key());
        left.tell_gateway(first).await;
        let second = left.hear_gateway().await.unwrap();
        let error = initiator.receive_second(&mut rng(28), &second).unwrap_err();
        let farewell = ClientMessage::HandshakeError {
            message: error.to_string(),
        };
        left.send_text(farewell.to_json()).await;
        error
    };
    let (theirs, error) = tokio::join!(official_gateway(&gateway, right), ours);
    assert_eq!(error, HandshakeError::Signature);
    assert!(
        matches!(theirs, Err(TheirError::RemoteError(message)) if message == error.to_string())
    );
}

#[tokio::test]
async fn an_official_gateway_refuses_a_signature_that_is_not_ours() {
    let (client, gateway) = keys();
    let (mut left, right) = duplex();
    let ours = async {
        // Names one identity and signs with another.
        let (initiator, mut first) = Initiator::new(&mut rng(29), &client, gateway.identity_key());
        first[..32].copy_from_slice(gateway.identity_key().as_bytes());
        left.tell_gateway(first).await;
        let second = left.hear_gateway().await.unwrap();
        let agreed = initiator.receive_second(&mut rng(30), &second).unwrap();
        left.tell_gateway(agreed.reply).await;
        left.hear_gateway().await.unwrap_err()
    };
    let (theirs, told) = tokio::join!(official_gateway(&gateway, right), ours);
    let error = theirs.unwrap_err();
    assert!(matches!(error, TheirError::InvalidSignature));
    assert_eq!(told, error.to_string());
}

#[test]
fn signatures_are_verified_alike() {
    let (client, _) = keys();
    let theirs = identity_pair(&client);
    let signature = client.sign(b"message");
    let read = ed25519::Signature::from_bytes(&signature).unwrap();
    assert!(theirs.public_key().verify(b"message", &read).is_ok());
    let signature = theirs.private_key().sign(b"message").to_bytes();
    assert!(client.identity_key().verify(b"message", &signature));
    assert!(!client.identity_key().verify(b"massage", &signature));
}
