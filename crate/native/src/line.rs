//! What is printed: an event as JSON, or as text for a person.

use crate::clock;
use crate::reading::Reading;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sotto::Event;
use sotto_core::client::{
    ConnectionState, DeliveryState, FailReason, Fault, FormerGateway, MessageId, Problem,
    ReceivedMessage,
};
use sotto_core::envelope::{Attachment, Content, Opened, Origin, ReadError};
use sotto_core::keys::PublicKeys;
use std::io::Write;

/// One event.
#[derive(Debug, Serialize)]
#[serde(
    tag = "event",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Line {
    Address {
        address: String,
    },
    Connecting {
        step: String,
    },
    Online {
        gateway: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<ProblemLine>,
    },
    Offline {
        problem: ProblemLine,
        /// Milliseconds since the Unix epoch.
        retry_at: u64,
    },
    /// A message is on disk and will be sent.
    Accepted {
        id: String,
    },
    Delivery {
        id: String,
        #[serde(flatten)]
        state: StateLine,
    },
    Message(Box<MessageLine>),
    /// The disk fails, or works again.
    Storage {
        problem: Option<ProblemLine>,
    },
    /// How long one packet took round the loop.
    Probe {
        #[serde(skip_serializing_if = "Option::is_none")]
        milliseconds: Option<u128>,
        /// Why it did not come back.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
    },
    /// So many single-use ways back to an anonymous sender are on hand.
    Surbs {
        sender_tag: String,
        available: usize,
    },
    /// A gateway that can be moved to.
    Gateway {
        gateway: String,
        own: bool,
    },
    /// The topology in use is another one.
    Topology {
        /// Milliseconds since the Unix epoch.
        fetched_at: u64,
        epoch: u32,
        /// Whether it is from disk, as the directory does not answer.
        stored: bool,
    },
    /// Where else we are known than at our own gateway.
    OtherGateways {
        /// How a move under way stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Box<Line>>,
        former: Vec<FormerLine>,
    },
    /// Programs can connect.
    Serving {
        url: String,
        /// Whether from other computers as well.
        open: bool,
    },
    /// The program ends without having done what it was asked for.
    Error {
        message: String,
    },
}

/// A gateway that was left, and is still received from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormerLine {
    gateway: String,
    /// Milliseconds since the Unix epoch, as the next.
    left_at: u64,
    received_at: u64,
    online: bool,
    leaving: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProblemLine {
    code: &'static str,
    fault: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub(crate) enum StateLine {
    Queued {
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<ProblemLine>,
    },
    Sending {
        acked: usize,
        total: usize,
    },
    Paused {
        acked: usize,
        total: usize,
    },
    Sent,
    AtGateway,
    Failed {
        reason: &'static str,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageLine {
    id: String,
    /// Whom an answer goes to, if the sender is anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_tag: Option<String>,
    /// The sender's address, if it proved that it is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    /// Milliseconds since the Unix epoch.
    received_at: u64,
    /// Bytes.
    size: usize,
    #[serde(flatten)]
    body: BodyLine,
}

/// What a message says.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyLine {
    /// Words.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// What the rest is, if it is a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileLine>,
    /// Messages of ours that have arrived.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    receipt_for: Vec<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileLine {
    name: String,
    media_type: String,
}

#[derive(Debug, Serialize)]
struct RefusedLine {
    code: &'static str,
    message: String,
}

impl From<&Problem> for ProblemLine {
    fn from(problem: &Problem) -> Self {
        let fault = match problem.fault() {
            Fault::Caller => "you",
            Fault::Peer => "peer",
            Fault::Gateway => "gateway",
            Fault::Directory => "directory",
            Fault::Storage => "storage",
        };
        Self {
            code: problem.code(),
            fault,
            message: problem.to_string(),
        }
    }
}

impl From<&DeliveryState> for StateLine {
    fn from(state: &DeliveryState) -> Self {
        match state {
            DeliveryState::Queued { waiting } => Self::Queued {
                problem: waiting.as_ref().map(ProblemLine::from),
            },
            DeliveryState::Sending { acked, total } => Self::Sending {
                acked: *acked,
                total: *total,
            },
            DeliveryState::Paused { acked, total } => Self::Paused {
                acked: *acked,
                total: *total,
            },
            DeliveryState::Sent => Self::Sent,
            DeliveryState::AtGateway => Self::AtGateway,
            DeliveryState::Failed(reason) => Self::Failed {
                reason: failure(*reason),
            },
        }
    }
}

/// Why a message was given up, in words.
pub(crate) const fn failure(reason: FailReason) -> &'static str {
    match reason {
        FailReason::Expired => "it could not be delivered for too long",
        FailReason::Cancelled => "it was taken back",
        FailReason::NoSurbs => "the anonymous sender gave no more ways back",
    }
}

impl MessageLine {
    fn of(message: &ReceivedMessage, own: &PublicKeys) -> Self {
        let reading = Reading::of(message, own);
        let (body, size) = match &reading {
            Reading::Plain => (BodyLine::plain(&message.body), message.body.len()),
            Reading::Envelope(opened) => BodyLine::envelope(&opened.envelope.content),
            Reading::Refused(error) => (BodyLine::refused(*error), message.body.len()),
        };
        let signed_by = match &reading {
            Reading::Envelope(Opened {
                origin: Origin::Signed(sender),
                ..
            }) => Some(sender.to_string()),
            _ => None,
        };
        Self {
            id: message.id.to_string(),
            sender_tag: message.sender_tag.map(|tag| tag.to_string()),
            signed_by,
            received_at: message.received_at.as_millis(),
            size,
            body,
        }
    }

    /// What a person wants to see of it, if it says something.
    fn result(&self) -> Option<String> {
        let Self { id, size, body, .. } = self;
        match body {
            BodyLine {
                text: Some(text), ..
            } => Some(text.clone()),
            BodyLine {
                file: Some(FileLine { name, media_type }),
                ..
            } => Some(format!(
                "(file {name}, {media_type}, {size} bytes; --json shows it)"
            )),
            BodyLine {
                refused: Some(refused),
                ..
            } => Some(format!("(message {id}: {})", refused.message)),
            BodyLine {
                base64: Some(_), ..
            } => Some(format!(
                "(message {id} of {size} bytes, not text; --json shows it)"
            )),
            _ => None,
        }
    }

    /// What it says of messages of ours.
    fn progress(&self) -> Option<String> {
        match self.body.receipt_for.len() {
            0 => None,
            1 => Some("A message has been received.".to_owned()),
            count => Some(format!("{count} messages have been received.")),
        }
    }
}

impl BodyLine {
    fn plain(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).ok();
        Self {
            text: text.map(str::to_owned),
            base64: text.is_none().then(|| STANDARD.encode(body)),
            ..Self::default()
        }
    }

    /// Also gives its size in bytes.
    fn envelope(content: &Content) -> (Self, usize) {
        match content {
            Content::Text(text) | Content::Json(text) => (Self::plain(text.as_bytes()), text.len()),
            Content::Bytes(bytes) => (Self::plain(bytes), bytes.len()),
            Content::File(file) => (Self::file(file), file.bytes.len()),
            Content::Receipt(of) => {
                let receipt_for = of.iter().map(MessageId::to_string).collect();
                let body = Self {
                    receipt_for,
                    ..Self::default()
                };
                (body, 0)
            }
        }
    }

    fn file(file: &Attachment) -> Self {
        Self {
            base64: Some(STANDARD.encode(&file.bytes)),
            file: Some(FileLine {
                name: file.name.as_str().to_owned(),
                media_type: file.media_type.as_str().to_owned(),
            }),
            ..Self::default()
        }
    }

    fn refused(error: ReadError) -> Self {
        Self {
            refused: Some(RefusedLine {
                code: error.code(),
                message: error.to_string(),
            }),
            ..Self::default()
        }
    }
}

impl Line {
    /// An event of the client with the keys `own`.
    pub(crate) fn of(event: &Event, own: &PublicKeys) -> Self {
        match event {
            Event::Address(address) => Self::Address {
                address: address.to_string(),
            },
            Event::Connection(state) => state.into(),
            Event::Message(message) => Self::Message(Box::new(MessageLine::of(message, own))),
            Event::Delivery { id, state } => Self::delivery(*id, state),
            Event::Storage(problem) => Self::Storage {
                problem: problem.as_ref().map(ProblemLine::from),
            },
            Event::Probe(result) => Self::Probe {
                milliseconds: result.ok().map(|took| took.as_millis()),
                problem: result.err().map(|error| error.to_string()),
            },
            Event::Topology(news) => Self::Topology {
                fetched_at: news.fetched_at.as_millis(),
                epoch: news.epoch,
                stored: news.stored,
            },
            Event::OtherGateways(others) => Self::OtherGateways {
                next: others
                    .next
                    .as_ref()
                    .map(|next| Box::new((&next.state).into())),
                former: others.former.iter().map(FormerLine::from).collect(),
            },
            Event::Surbs { tag, available } => Self::Surbs {
                sender_tag: tag.to_string(),
                available: *available,
            },
        }
    }
}

impl From<&FormerGateway> for FormerLine {
    fn from(former: &FormerGateway) -> Self {
        Self {
            gateway: former.gateway.to_string(),
            left_at: former.left_at.as_millis(),
            received_at: former.received_at.as_millis(),
            online: former.online,
            leaving: former.leaving,
        }
    }
}

impl From<&ConnectionState> for Line {
    fn from(state: &ConnectionState) -> Self {
        match state {
            ConnectionState::Connecting { step } => Self::Connecting {
                step: step.to_string(),
            },
            ConnectionState::Online { gateway, problem } => Self::Online {
                gateway: gateway.to_string(),
                problem: problem.as_ref().map(ProblemLine::from),
            },
            ConnectionState::Offline { problem, retry_at } => Self::Offline {
                problem: problem.into(),
                retry_at: retry_at.as_millis(),
            },
        }
    }
}

impl Line {
    fn delivery(id: MessageId, state: &DeliveryState) -> Self {
        Self::Delivery {
            id: id.to_string(),
            state: state.into(),
        }
    }

    /// What a person wants on standard output: what was asked for.
    fn result(&self) -> Option<String> {
        match self {
            Self::Address { address } => Some(address.clone()),
            Self::Gateway { gateway, .. } => Some(gateway.clone()),
            Self::Message(message) => message.result(),
            _ => None,
        }
    }

    /// What a person wants on standard error: how it goes.
    fn progress(&self) -> Option<String> {
        match self {
            Self::Online {
                problem: Some(problem),
                ..
            }
            | Self::Offline { problem, .. }
            | Self::Storage {
                problem: Some(problem),
            }
            | Self::Delivery {
                state:
                    StateLine::Queued {
                        problem: Some(problem),
                    },
                ..
            } => Some(problem.message.clone()),
            Self::Delivery {
                state: StateLine::Sending { acked, total },
                ..
            } => Some(format!("{acked} of {total} packets arrived")),
            Self::Delivery {
                state: StateLine::AtGateway,
                ..
            } => Some("The message is at the recipient's gateway.".to_owned()),
            Self::Delivery {
                state: StateLine::Failed { reason },
                ..
            } => Some(format!("The message was given up: {reason}.")),
            Self::Topology {
                fetched_at,
                stored: true,
                ..
            } => Some(stale(*fetched_at)),
            Self::Message(message) => message.progress(),
            Self::OtherGateways {
                next: Some(next), ..
            } => next.progress(),
            Self::Serving { url, open } => Some(serving(url, *open)),
            Self::Error { message } => Some(message.clone()),
            _ => None,
        }
    }
}

fn serving(url: &str, open: bool) -> String {
    let warning = " from other computers as well: whoever does can read and send in your name";
    let warning = if open { warning } else { "" };
    format!("Programs can connect to {url}{warning}.")
}

/// Says how old the topology is.
fn stale(fetched_at: u64) -> String {
    let now = clock::now().as_millis();
    let minutes = now.saturating_sub(fetched_at) / 60_000;
    format!("The directory gives no answer. Its list of {minutes} minutes ago is used.")
}

/// Where lines go.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    pub(crate) json: bool,
}

impl Printer {
    /// Prints a line in the form asked for.
    pub(crate) fn print(self, line: &Line) {
        // Whoever closed our output is not interested.
        let _ = self.write(line);
    }

    fn write(self, line: &Line) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(line).unwrap_or_default())?;
        } else if let Some(result) = line.result() {
            writeln!(out, "{result}")?;
        } else if let Some(progress) = line.progress() {
            writeln!(std::io::stderr().lock(), "{progress}")?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use sotto_core::ChaCha20Rng;
    use sotto_core::envelope::{Envelope, FileName, MediaType};
    use sotto_core::keys::ClientKeys;
    use sotto_core::time::Time;

    fn message(body: &[u8]) -> ReceivedMessage {
        ReceivedMessage {
            id: MessageId([1; 16]),
            received_at: Time::from_millis(5),
            sender_tag: None,
            answer_from: None,
            body: body.to_vec(),
        }
    }

    fn keys(seed: u8) -> ClientKeys {
        ClientKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
    }

    fn line(body: &[u8]) -> Line {
        Line::of(&Event::Message(message(body).into()), &keys(1).public())
    }

    fn envelope(content: Content) -> Vec<u8> {
        let id = MessageId([1; 16]);
        let envelope = Envelope {
            id,
            wants_receipt: true,
            content,
        };
        envelope.write().unwrap()
    }

    fn file() -> Content {
        Content::File(Attachment {
            name: FileName::tidy("a.png"),
            media_type: MediaType::tidy("image/png"),
            bytes: vec![255],
        })
    }

    #[test]
    fn events_have_the_documented_json() {
        let id = MessageId([1; 16]);
        let hex = "01".repeat(16);
        let hi = envelope(Content::Text("hi".to_owned()));
        let receipt = envelope(Content::Receipt(vec![id]));
        let cases = [
            (line(b"hi"), r#""size":2,"text":"hi""#),
            (line(&[255]), r#""size":1,"base64":"/w==""#),
            (line(&hi), r#""size":2,"text":"hi""#),
            (
                line(&envelope(file())),
                r#""size":1,"base64":"/w==","file":{"name":"a.png","mediaType":"image/png"}"#,
            ),
            (
                line(&receipt),
                &format!(r#""size":0,"receiptFor":["{hex}"]"#),
            ),
            (
                line(&hi[..9]),
                r#""size":9,"refused":{"code":"envelope.malformed","message":"This message is damaged."}"#,
            ),
        ];
        let front = format!(r#"{{"event":"message","id":"{hex}","receivedAt":5,"#);
        for (line, json) in cases {
            let expected = format!("{front}{json}}}");
            assert_eq!(serde_json::to_string(&line).unwrap(), expected);
        }
        let sending = Line::delivery(id, &DeliveryState::Sending { acked: 1, total: 2 });
        let at_gateway = Line::delivery(id, &DeliveryState::AtGateway);
        let front = format!(r#"{{"event":"delivery","id":"{hex}","#);
        for (line, json) in [
            (sending, r#""state":"sending","acked":1,"total":2}"#),
            (at_gateway, r#""state":"atGateway"}"#),
        ] {
            let expected = format!("{front}{json}");
            assert_eq!(serde_json::to_string(&line).unwrap(), expected);
        }
    }

    #[test]
    fn a_person_sees_words_as_words_and_of_the_rest_what_it_is() {
        let receipt = |count| envelope(Content::Receipt(vec![MessageId([1; 16]); count]));
        let results = [
            (b"hi".to_vec(), "hi"),
            (envelope(Content::Text("hi".to_owned())), "hi"),
            (
                envelope(file()),
                "(file a.png, image/png, 1 bytes; --json shows it)",
            ),
        ];
        for (body, shown) in results {
            assert_eq!(line(&body).result().as_deref(), Some(shown));
        }
        for (count, shown) in [
            (1, "A message has been received."),
            (2, "2 messages have been received."),
        ] {
            assert_eq!(line(&receipt(count)).result(), None);
            assert_eq!(line(&receipt(count)).progress().as_deref(), Some(shown));
        }
    }
}
