//! One connected program: what it asks, and what it is told.

use super::desk::{Answer, Desk};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use sotto::websocket::{Format, Refusal, Request, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<TcpStream>;
type Sink = SplitSink<Socket, Message>;

/// Requests that were begun and not answered. A program that asks faster has to wait.
const UNANSWERED: usize = 256;

/// Answers that the program has not read.
const UNREAD: usize = 64;

/// How often a silent connection is tried. Whoever is gone without a word is noticed only by what
/// is sent to them.
const TRY_EVERY: Duration = Duration::from_secs(60);

/// How long a goodbye may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection ends.
enum End {
    /// The program says goodbye.
    Goodbye,
    /// The program is gone.
    Gone,
    /// We say goodbye, and why.
    Ours(CloseCode, &'static str),
}

/// Serves a program until it goes, or `closing` says that we do.
pub(crate) async fn serve(
    desk: Arc<Desk>,
    socket: Socket,
    place: OwnedSemaphorePermit,
    closing: CancellationToken,
) {
    let (mut sink, mut stream) = socket.split();
    let end = converse(&desk, &mut sink, &mut stream, &closing).await;
    // Before the goodbye is answered: who comes next finds the place free.
    desk.hang_up();
    drop(place);
    let farewell = async {
        if let End::Ours(code, reason) = end {
            let reason = reason.into();
            let frame = CloseFrame { code, reason };
            sink.send(Message::Close(Some(frame))).await?;
        }
        if !matches!(end, End::Gone) {
            while stream.next().await.transpose()?.is_some() {}
        }
        Ok::<(), Error>(())
    };
    let _ = timeout(CLOSE_LIMIT, farewell).await;
}

async fn converse(
    desk: &Arc<Desk>,
    sink: &mut Sink,
    stream: &mut SplitStream<Socket>,
    closing: &CancellationToken,
) -> End {
    let (answers, begun) = mpsc::channel(UNANSWERED);
    let (said, unread) = mpsc::channel(UNREAD);
    let gone = CancellationToken::new();
    let _gone = gone.clone().drop_guard();
    // By itself, as what a program has sent is sent also if the program goes.
    tokio::spawn(answer(begun, said));
    let connection = Connection {
        desk,
        text: AtomicBool::new(false),
        gone,
    };
    tokio::select! {
        end = connection.read(stream, answers) => end,
        _ = connection.write(sink, unread) => End::Gone,
        () = closing.cancelled() => End::Ours(CloseCode::Away, "sotto is stopped"),
    }
}

/// Waits for one answer after the other.
async fn answer(mut begun: mpsc::Receiver<(Format, Answer)>, said: mpsc::Sender<Message>) {
    while let Some((format, answer)) = begun.recv().await {
        if let Some(response) = answer.await {
            // It fails when the program has gone.
            let _ = said.send(in_format(format, &response)).await;
        }
    }
}

fn in_format(format: Format, response: &Response) -> Message {
    match format {
        Format::Binary => Message::binary(response.to_binary()),
        Format::Text => Message::text(response.to_text()),
    }
}

struct Connection<'a> {
    desk: &'a Arc<Desk>,
    /// Whether the last request was text.
    text: AtomicBool,
    /// Tells that the program has gone.
    gone: CancellationToken,
}

/// What the program asks.
impl Connection<'_> {
    async fn read(
        &self,
        stream: &mut SplitStream<Socket>,
        answers: mpsc::Sender<(Format, Answer)>,
    ) -> End {
        while let Some(message) = stream.next().await {
            let begun = match message {
                Ok(Message::Text(text)) => {
                    let request = Request::from_text(&text);
                    drop(text);
                    self.begin(Format::Text, request).await
                }
                Ok(Message::Binary(bytes)) => {
                    let request = Request::from_binary(&bytes);
                    drop(bytes);
                    self.begin(Format::Binary, request).await
                }
                Ok(Message::Pong(number)) => match self.confirm(&number).await {
                    Some(()) => continue,
                    None => return End::Gone,
                },
                Ok(Message::Close(_)) => return End::Goodbye,
                // Pings are answered by the websocket itself.
                Ok(_) => continue,
                Err(Error::Capacity(_)) => {
                    return End::Ours(CloseCode::Size, "the request is too large");
                }
                Err(_) => return End::Gone,
            };
            if answers.send(begun).await.is_err() {
                return End::Gone;
            }
        }
        End::Gone
    }

    async fn begin(&self, format: Format, request: Result<Request, Refusal>) -> (Format, Answer) {
        self.text.store(format == Format::Text, Ordering::Relaxed);
        let answer: Answer = match request {
            Ok(request) => self.desk.begin(request, self.gone.clone()).await,
            Err(refusal) => Box::pin(async { Some(Response::Error(refusal)) }),
        };
        (format, answer)
    }

    /// An answer to a ping; `None` if the client has been stopped.
    async fn confirm(&self, number: &[u8]) -> Option<()> {
        match number.try_into() {
            Ok(number) => self.desk.confirm(u64::from_be_bytes(number)).await.ok(),
            // To the ping of a silent connection.
            Err(_) => Some(()),
        }
    }
}

/// What the program is told.
impl Connection<'_> {
    async fn write(
        &self,
        sink: &mut Sink,
        mut unread: mpsc::Receiver<Message>,
    ) -> Result<(), Error> {
        let mut silence = every(TRY_EVERY);
        loop {
            self.deliver(sink).await?;
            sink.flush().await?;
            tokio::select! {
                Some(message) = unread.recv() => sink.feed(message).await?,
                () = self.desk.mail() => {}
                _ = silence.tick() => sink.feed(Message::Ping(Bytes::new())).await?,
            }
            for _ in 0..UNREAD {
                let Ok(message) = unread.try_recv() else {
                    break;
                };
                sink.feed(message).await?;
            }
        }
    }

    /// Gives the program as many messages as it may have, and asks how far it has read.
    async fn deliver(&self, sink: &mut Sink) -> Result<(), Error> {
        while let Some(response) = self.desk.give() {
            let format = if self.text.load(Ordering::Relaxed) {
                Format::Text
            } else {
                Format::Binary
            };
            sink.feed(in_format(format, &response)).await?;
        }
        if let Some(number) = self.desk.ask() {
            let number = number.to_be_bytes().to_vec();
            sink.feed(Message::Ping(number.into())).await?;
        }
        Ok(())
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
