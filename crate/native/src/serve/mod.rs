//! `sotto serve`: a websocket through which programs in any language use the client, with the
//! interface of the official native client. See docs/native-websocket.md.

mod connection;
mod desk;
mod lanes;
mod mailbox;
mod origin;

pub(crate) use desk::Desk;
pub(crate) use origin::WebOrigin;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};
use tokio_util::sync::CancellationToken;

/// Bytes of the largest request: a message of the largest size in JSON, unless most of its
/// characters have to be escaped.
const MAX_REQUEST: usize = 32 << 20;

/// Connections that are being opened or refused. Others are closed without a word.
const AT_THE_DOOR: usize = 32;

/// How long a program may take to say what it wants.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How long a program waits for another that is just leaving.
const CHANGE_LIMIT: Duration = Duration::from_secs(2);

/// A websocket server for one program at a time.
pub(crate) struct Server {
    listener: TcpListener,
    door: Arc<Door>,
}

/// Who may come in.
struct Door {
    allowed: Vec<WebOrigin>,
    /// One permit.
    place: Arc<Semaphore>,
}

impl Server {
    /// Takes the port. Programs can connect from now on, and are heard once it runs.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) async fn bind(at: SocketAddr, allowed: Vec<WebOrigin>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let mut door = Door {
            allowed,
            place: Arc::new(Semaphore::new(1)),
        };
        // Some libraries name the server itself. No page does, as no page comes from here.
        door.allowed.extend(origin::own(listener.local_addr()?));
        let door = Arc::new(door);
        Ok(Self { listener, door })
    }

    /// Where programs connect to.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves programs until `closing` says that it is over.
    pub(crate) async fn run(self, desk: Arc<Desk>, closing: CancellationToken) {
        let mut visitors = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if visitors.len() < AT_THE_DOOR => {
                        let door = self.door.clone();
                        visitors.spawn(door.receive(stream, desk.clone(), closing.clone()));
                    }
                    Ok(_) => tracing::warn!("too many programs connect at once"),
                    Err(error) => {
                        tracing::warn!(%error, "cannot take a connection");
                        sleep(CHANGE_LIMIT).await;
                    }
                },
                Some(_) = visitors.join_next() => {}
                () = closing.cancelled() => break,
            }
        }
        while visitors.join_next().await.is_some() {}
    }
}

impl Door {
    async fn receive(
        self: Arc<Self>,
        stream: TcpStream,
        desk: Arc<Desk>,
        closing: CancellationToken,
    ) {
        // Answers and pings are short, and waited for.
        let _ = stream.set_nodelay(true);
        let opened = timeout(HANDSHAKE_LIMIT, self.open(stream));
        let opened = closing.run_until_cancelled(Box::pin(opened)).await;
        if let Some(Ok(Some((socket, place)))) = opened {
            connection::serve(desk, socket, place, closing).await;
        }
    }

    /// Opens the websocket, if its program may come in.
    async fn open(
        &self,
        stream: TcpStream,
    ) -> Option<(WebSocketStream<TcpStream>, OwnedSemaphorePermit)> {
        // It is not taken before the program has said what it is.
        drop(timeout(CHANGE_LIMIT, self.place.acquire()).await);
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_REQUEST))
            .max_frame_size(Some(MAX_REQUEST));
        let mut place = None;
        #[expect(clippy::result_large_err, reason = "the type is given")]
        let judge = |request: &Request, response: Response| {
            place = Some(self.admit(request)?);
            Ok(response)
        };
        let socket = accept_hdr_async_with_config(stream, judge, Some(config)).await;
        Some((socket.ok()?, place?))
    }

    #[expect(clippy::result_large_err, reason = "the type is given")]
    fn admit(&self, request: &Request) -> Result<OwnedSemaphorePermit, ErrorResponse> {
        if let Some(origin) = origin::refused(request.headers(), &self.allowed) {
            tracing::warn!(
                origin,
                "a web page is refused; --allow-origin would let it in"
            );
            let reason = "Web pages may not connect. See sotto serve --help, --allow-origin.\n";
            return Err(refusal(StatusCode::FORBIDDEN, reason));
        }
        let place = self.place.clone().try_acquire_owned();
        place.map_err(|_| {
            let reason = "Another program is connected. There can be one at a time.\n";
            refusal(StatusCode::SERVICE_UNAVAILABLE, reason)
        })
    }
}

fn refusal(status: StatusCode, reason: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = status;
    response
}
