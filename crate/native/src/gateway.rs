//! The websocket to the gateway.

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use sotto_core::client::{ConnectionId, Input};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Bytes of the largest message that a gateway may send; the largest packet takes 33,200.
const MAX_MESSAGE: usize = 1 << 20;

const CONNECT_LIMIT: Duration = Duration::from_secs(30);
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// An open or opening websocket. Dropping it closes the socket in order.
pub(crate) struct Gateway {
    outgoing: mpsc::UnboundedSender<Message>,
    close: CancellationToken,
}

impl Gateway {
    /// A handle on a websocket, and the task that carries it. The task tells `inputs` what
    /// happens, except for an end that was asked for.
    pub(crate) fn open(
        connection: ConnectionId,
        url: String,
        inputs: mpsc::Sender<Input>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        // Unbounded, but the client itself keeps few packets under way.
        let (outgoing, messages) = mpsc::unbounded_channel();
        let close = CancellationToken::new();
        let task = Task {
            connection,
            inputs,
            close: close.clone(),
        };
        (Self { outgoing, close }, task.run(url, messages))
    }

    pub(crate) fn send(&self, message: Message) {
        // It fails only after the socket has closed, which is told anyway.
        let _ = self.outgoing.send(message);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.close.cancel();
    }
}

/// What carries a websocket.
struct Task {
    connection: ConnectionId,
    inputs: mpsc::Sender<Input>,
    close: CancellationToken,
}

impl Task {
    async fn run(self, url: String, messages: mpsc::UnboundedReceiver<Message>) {
        let connection = self.connection;
        let reason = match self.close.run_until_cancelled(Box::pin(connect(url))).await {
            None => return,
            Some(Err(reason)) => reason,
            Some(Ok(socket)) => {
                self.tell(Input::GatewayOpened { connection }).await;
                match self.carry(socket, messages).await {
                    None => return,
                    Some(reason) => reason,
                }
            }
        };
        self.tell(Input::GatewayClosed { connection, reason }).await;
    }

    async fn tell(&self, input: Input) {
        // It fails only when the host has gone.
        let _ = self.inputs.send(input).await;
    }

    /// Carries messages both ways: the reason for the end, unless it was asked for.
    async fn carry(
        &self,
        socket: Socket,
        mut messages: mpsc::UnboundedReceiver<Message>,
    ) -> Option<String> {
        let (mut writing, mut reading) = socket.split();
        let write = async {
            while let Some(message) = messages.recv().await {
                writing.send(message).await?;
            }
            Ok(())
        };
        let ended = tokio::select! {
            () = self.close.cancelled() => None,
            reason = self.read(&mut reading) => Some(reason),
            Err(error) = write => Some(words(&error)),
        };
        if ended.is_none() {
            let _ = timeout(CLOSE_LIMIT, writing.close()).await;
        }
        ended
    }

    async fn read(&self, reading: &mut SplitStream<Socket>) -> String {
        let connection = self.connection;
        loop {
            let input = match reading.next().await {
                Some(Ok(Message::Text(text))) => Input::GatewayText {
                    connection,
                    text: text.as_str().to_owned(),
                },
                Some(Ok(Message::Binary(bytes))) => Input::GatewayBinary {
                    connection,
                    bytes: bytes.into(),
                },
                Some(Ok(Message::Close(frame))) => return farewell(frame),
                // Pings are answered by the websocket itself.
                Some(Ok(_)) => continue,
                Some(Err(error)) => return words(&error),
                None => return "the connection ended".to_owned(),
            };
            self.tell(input).await;
        }
    }
}

async fn connect(url: String) -> Result<Socket, String> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let no_delay = true;
    let connecting = tokio_tungstenite::connect_async_with_config(url, Some(config), no_delay);
    match timeout(CONNECT_LIMIT, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(words(&error)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

fn farewell(frame: Option<CloseFrame>) -> String {
    match frame {
        Some(frame) if frame.reason.is_empty() => format!("closed with code {}", frame.code),
        Some(frame) => frame.reason.as_str().to_owned(),
        None => "closed without a reason".to_owned(),
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
