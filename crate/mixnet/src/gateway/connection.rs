//! A websocket before its client is known (protocol.md 8.1 to 8.4).

use super::Gateway;
use super::mailbox::Mailbox;
use super::session::{Greeting, Session};
use super::store::ClientId;
use crate::ports::accept;
use crate::{clock, random};
use futures_util::{SinkExt, StreamExt};
use rand_chacha::ChaCha20Rng;
use sotto_core::gateway::authenticate::AuthenticateRequest;
use sotto_core::gateway::handshake::{ACCEPTED, HandshakeError, REFUSED, Registered, Responder};
use sotto_core::gateway::message::{ClientMessage, ServerMessage};
use sotto_core::gateway::{OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SharedKey};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Connections from clients at a time.
const MAX_CONNECTIONS: usize = 1024;
/// Bytes of the largest message; the largest packet takes 33,200.
const MAX_MESSAGE: usize = 64 * 1024;

const UPGRADE_LIMIT: Duration = Duration::from_millis(1500);
const MESSAGE_LIMIT: Duration = Duration::from_secs(10);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// How long a client's older session has to show that it lives.
const DUPLICATE_LIMIT: Duration = Duration::from_secs(2);
/// How long a session that was ended has to save its messages.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(5);
/// A request to authenticate may be so many seconds older or newer than our clock says.
const MAX_SKEW: u64 = 120;

/// Why a connection ends before there is a session.
#[derive(Debug)]
enum Farewell {
    /// The client is told why.
    Say(ServerMessage),
    /// Nobody listens any more.
    Gone,
}

impl Farewell {
    fn error(message: impl Into<String>) -> Self {
        Self::Say(ServerMessage::Error {
            message: message.into(),
        })
    }

    fn handshake(error: HandshakeError) -> Self {
        Self::Say(ServerMessage::HandshakeError {
            message: error.to_string(),
        })
    }

    fn internal() -> Self {
        Self::error("the gateway has trouble with its storage; try again later")
    }
}

/// Accepts clients until the gateway stops.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<Gateway>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let stream = tokio::select! {
            () = gateway.core.tasks.stopped() => return,
            stream = accept(&listener) => stream,
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            continue;
        };
        let task_gateway = gateway.clone();
        gateway.core.tasks.spawn(async move {
            connect(stream, task_gateway).await;
            drop(slot);
        });
    }
}

/// One connection from its first byte to its last.
async fn connect(stream: TcpStream, gateway: Arc<Gateway>) {
    let _ = stream.set_nodelay(true);
    // The default buffers of 128 KiB would let a thousand idle clients take a quarter of a GiB.
    let config = WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(16 * 1024)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let accepting = tokio_tungstenite::accept_async_with_config(stream, Some(config));
    let Ok(Ok(socket)) = timeout(UPGRADE_LIMIT, accepting).await else {
        return;
    };
    let Ok(rng) = random::generator() else {
        return;
    };
    let mut fresh = Fresh {
        gateway: gateway.clone(),
        socket,
        rng,
    };
    let identified = tokio::select! {
        () = gateway.core.tasks.stopped() => return,
        identified = fresh.identify() => identified,
    };
    match identified {
        Ok(known) => known.into_session(fresh).serve().await,
        Err(Farewell::Say(message)) => {
            tracing::debug!(?message, "refused a client");
            let _ = fresh.say(&message).await;
            let _ = timeout(WRITE_LIMIT, fresh.socket.close(None)).await;
        }
        Err(Farewell::Gone) => {}
    }
}

/// A client that has proven who it is.
struct Known {
    client: ClientId,
    key: SharedKey,
    mailbox: Arc<Mailbox>,
    greeting: Greeting,
}

impl Known {
    fn into_session(self, fresh: Fresh) -> Session {
        let Fresh {
            gateway,
            socket,
            rng,
        } = fresh;
        let Self {
            client,
            key,
            mailbox,
            greeting,
        } = self;
        Session::new(gateway, socket, rng, client, key, mailbox, greeting)
    }
}

/// A connection of nobody as yet.
struct Fresh {
    gateway: Arc<Gateway>,
    socket: Socket,
    rng: ChaCha20Rng,
}

impl Fresh {
    /// Talks until the client has proven who it is.
    async fn identify(&mut self) -> Result<Known, Farewell> {
        loop {
            match self.hear(MESSAGE_LIMIT).await? {
                ClientMessage::SupportedProtocol {} => {
                    self.say(&ServerMessage::SupportedProtocol {
                        version: PROTOCOL_VERSION,
                    })
                    .await?;
                }
                ClientMessage::HandshakePayload {
                    protocol_version,
                    data,
                } => {
                    return self.register(protocol_version, &data).await;
                }
                ClientMessage::AuthenticateV2(request) => return self.authenticate(&request).await,
                ClientMessage::Authenticate {} => {
                    return Err(Farewell::error(
                        "this way to authenticate is obsolete; use authenticateV2",
                    ));
                }
                _ => return Err(Farewell::error("register or authenticate first")),
            }
        }
    }

    /// The next control message. Anything else is the end, as the protocol has it: even a ping.
    async fn hear(&mut self, limit: Duration) -> Result<ClientMessage, Farewell> {
        let message = timeout(limit, self.socket.next())
            .await
            .map_err(|_| Farewell::error("nothing came for too long"))?;
        match message {
            Some(Ok(Message::Text(text))) => ClientMessage::from_json(text.as_str())
                .map_err(|error| Farewell::error(error.to_string())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Farewell::Gone),
            Some(Ok(_)) => Err(Farewell::error(
                "only text is expected before authentication",
            )),
        }
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), Farewell> {
        let sending = self.socket.send(Message::text(message.to_json()));
        match timeout(WRITE_LIMIT, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Farewell::Gone),
        }
    }

    async fn register(&mut self, client_version: u8, first: &[u8]) -> Result<Known, Farewell> {
        let version = client_version.min(PROTOCOL_VERSION);
        let Registered { client, key } = self.shake_hands(version, first).await?;
        let client = *client.as_bytes();
        let mailbox = self.open_mailbox(client).await?;
        // From here on the session owns the mailbox, so that it is closed in every case.
        let greeting = match self.gateway.store.register(client, &key).await {
            Ok(true) => Greeting::Registered { version },
            Ok(false) => Greeting::Refused("this gateway takes no more clients; choose another"),
            Err(_) => Greeting::Refused("the gateway cannot save; try again later"),
        };
        Ok(Known {
            client,
            key,
            mailbox,
            greeting,
        })
    }

    /// The four messages, except for the last one: that is for when all is saved.
    async fn shake_hands(&mut self, version: u8, first: &[u8]) -> Result<Registered, Farewell> {
        let signing = self.gateway.core.keys.signing();
        let (responder, second) =
            Responder::receive_first(&mut self.rng, signing, first).map_err(Farewell::handshake)?;
        self.say(&handshake_payload(version, second)).await?;
        let ClientMessage::HandshakePayload { data, .. } = self.hear(HANDSHAKE_LIMIT).await? else {
            return Err(Farewell::error("the handshake was not finished"));
        };
        match responder.receive_third(&data) {
            Ok(registered) => Ok(registered),
            Err(error) => {
                self.say(&handshake_payload(version, REFUSED.to_vec()))
                    .await?;
                Err(Farewell::handshake(error))
            }
        }
    }

    async fn authenticate(&mut self, request: &AuthenticateRequest) -> Result<Known, Farewell> {
        let version = request.protocol_version;
        if !(OLDEST_PROTOCOL_VERSION..=PROTOCOL_VERSION).contains(&version) {
            return Err(Farewell::error(format!(
                "protocol version {version} is not supported"
            )));
        }
        let skew = clock::now()
            .as_seconds()
            .abs_diff(request.request_unix_timestamp);
        if skew > MAX_SKEW {
            return Err(Farewell::error(
                "the request's timestamp is too far from the gateway's clock",
            ));
        }
        let client = *request.client_identity.as_bytes();
        let key = self.check(client, request).await?;
        let mailbox = self.open_mailbox(client).await?;
        Ok(Known {
            client,
            key,
            mailbox,
            greeting: Greeting::Authenticated { version },
        })
    }

    /// The client's key, if the request proves that the client has it too.
    async fn check(
        &self,
        client: ClientId,
        request: &AuthenticateRequest,
    ) -> Result<SharedKey, Farewell> {
        let store = &self.gateway.store;
        let registration = store
            .registration(client)
            .await
            .map_err(|_| Farewell::internal())?;
        let key = registration
            .ok_or_else(|| Farewell::error("the client is not registered"))?
            .key;
        request
            .verify(&key)
            .map_err(|error| Farewell::error(error.to_string()))?;
        let timestamp = request.request_unix_timestamp;
        match store.advance_timestamp(client, timestamp).await {
            Ok(true) => Ok(key),
            Ok(false) => Err(Farewell::error("the request's timestamp was used before")),
            Err(_) => Err(Farewell::internal()),
        }
    }

    /// Makes the client's mailbox. An older session of the client gives way if it is dead.
    async fn open_mailbox(&self, client: ClientId) -> Result<Arc<Mailbox>, Farewell> {
        for _ in 0..3 {
            let other = match self.gateway.sessions.open(client) {
                Ok(mailbox) => return Ok(mailbox),
                Err(other) => other,
            };
            if matches!(timeout(DUPLICATE_LIMIT, other.probe()).await, Ok(Ok(()))) {
                break;
            }
            other.kick();
            let _ = timeout(TAKEOVER_LIMIT, other.ended()).await;
        }
        Err(Farewell::error("the client is connected already"))
    }
}

fn handshake_payload(protocol_version: u8, data: Vec<u8>) -> ServerMessage {
    ServerMessage::HandshakePayload {
        protocol_version,
        data,
    }
}

/// The last message of the handshake.
pub(crate) fn accepted(version: u8) -> ServerMessage {
    handshake_payload(version, ACCEPTED.to_vec())
}
