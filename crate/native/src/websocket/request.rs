//! What programs ask for.

use super::refusal::{ErrorKind, Refusal};
use serde::Deserialize;
use sotto_core::address::Address;
use sotto_core::message::SenderTag;
use std::fmt;

/// What a program asks for. `connection_id` is whatever the program tells its streams apart by;
/// with one, the answer to a send is how long the queue of that stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Send a message that does not say who we are and gives no way back.
    Send {
        /// To whom.
        recipient: Address,
        /// What it says.
        message: Vec<u8>,
        /// The stream it belongs to.
        connection_id: Option<u64>,
    },
    /// Send a message that can be answered without knowing who we are.
    SendAnonymous {
        /// To whom.
        recipient: Address,
        /// What it says.
        message: Vec<u8>,
        /// Single-use ways back that go with it.
        reply_surbs: u32,
        /// The stream it belongs to.
        connection_id: Option<u64>,
    },
    /// Answer an anonymous correspondent.
    Reply {
        /// Whom.
        sender_tag: SenderTag,
        /// What it says.
        message: Vec<u8>,
        /// The stream it belongs to.
        connection_id: Option<u64>,
    },
    /// Tell the own address.
    SelfAddress,
    /// Forget the stream and what waits in it. Not in JSON, and neither is the next.
    ClosedConnection(u64),
    /// Tell how long the queue of the stream is.
    GetLaneQueueLength(u64),
}

impl Request {
    /// Reads a request in bytes. All integers are big-endian; connection id 0 stands for none.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn from_binary(bytes: &[u8]) -> Result<Self, Refusal> {
        let Some((tag, rest)) = bytes.split_first() else {
            return Err(Refusal::new(ErrorKind::EmptyRequest, "no data provided"));
        };
        let fields = Fields(rest);
        match tag {
            0 => send(fields),
            1 => send_anonymous(fields),
            2 => reply(fields),
            3 => Ok(Self::SelfAddress),
            4 => Ok(Self::ClosedConnection(fields.only("closed connection")?)),
            5 => Ok(Self::GetLaneQueueLength(fields.only("lane queue length")?)),
            _ => {
                let text = format!("there is no request {tag}");
                Err(Refusal::new(ErrorKind::UnknownRequest, text))
            }
        }
    }

    /// Reads a request in JSON.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn from_text(text: &str) -> Result<Self, Refusal> {
        let request: Json = serde_json::from_str(text).map_err(Refusal::malformed)?;
        request.read()
    }
}

/// The bytes of a request that were not read yet.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Refusal> {
        let taken = self.0.split_first_chunk();
        let (taken, rest) = taken.ok_or_else(|| Refusal::too_short(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self, what: &str) -> Result<u64, Refusal> {
        self.take(what).map(u64::from_be_bytes)
    }

    /// A connection id, and nothing else.
    fn only(self, what: &str) -> Result<u64, Refusal> {
        let id = self.0.try_into().map_err(|_| {
            let text = format!("a '{what}' request has 9 bytes");
            Refusal::malformed(text)
        })?;
        Ok(u64::from_be_bytes(id))
    }

    /// What stands before every message: the connection id, and the message's length.
    fn header(&mut self, what: &str) -> Result<(Option<u64>, u64), Refusal> {
        let id = self.number(what)?;
        Ok(((id != 0).then_some(id), self.number(what)?))
    }

    /// The message: the rest, which has the length said.
    fn message(self, said: u64) -> Result<Vec<u8>, Refusal> {
        let given = self.0.len();
        if u64::try_from(given) == Ok(said) {
            return Ok(self.0.to_vec());
        }
        let text = format!("the message has {given} bytes, its length says {said}");
        Err(Refusal::malformed(text))
    }
}

fn address(bytes: &[u8; 96]) -> Result<Address, Refusal> {
    Address::from_bytes(bytes).map_err(|error| damaged("recipient", error))
}

fn damaged(part: &str, error: impl fmt::Display) -> Refusal {
    Refusal::malformed(format!("malformed {part}: {error}"))
}

/// As the official client does, first looks whether all is there, then at the address.
fn send(mut fields: Fields<'_>) -> Result<Request, Refusal> {
    let recipient = fields.take("send")?;
    let (connection_id, len) = fields.header("send")?;
    Ok(Request::Send {
        recipient: address(&recipient)?,
        message: fields.message(len)?,
        connection_id,
    })
}

fn send_anonymous(mut fields: Fields<'_>) -> Result<Request, Refusal> {
    let reply_surbs = u32::from_be_bytes(fields.take("send anonymous")?);
    let recipient = fields.take("send anonymous")?;
    let (connection_id, len) = fields.header("send anonymous")?;
    Ok(Request::SendAnonymous {
        recipient: address(&recipient)?,
        message: fields.message(len)?,
        reply_surbs,
        connection_id,
    })
}

fn reply(mut fields: Fields<'_>) -> Result<Request, Refusal> {
    let sender_tag = SenderTag(fields.take("reply")?);
    let (connection_id, len) = fields.header("reply")?;
    Ok(Request::Reply {
        sender_tag,
        message: fields.message(len)?,
        connection_id,
    })
}

/// A request as it stands in JSON.
#[derive(Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Json {
    Send {
        message: String,
        recipient: String,
        connection_id: Option<u64>,
    },
    SendAnonymous {
        message: String,
        recipient: String,
        reply_surbs: u32,
        connection_id: Option<u64>,
    },
    Reply {
        sender_tag: String,
        message: String,
        connection_id: Option<u64>,
    },
    SelfAddress,
}

impl Json {
    fn read(self) -> Result<Request, Refusal> {
        Ok(match self {
            Self::Send {
                message,
                recipient,
                connection_id,
            } => Request::Send {
                recipient: parse("recipient", &recipient)?,
                message: message.into_bytes(),
                connection_id,
            },
            Self::SendAnonymous {
                message,
                recipient,
                reply_surbs,
                connection_id,
            } => Request::SendAnonymous {
                recipient: parse("recipient", &recipient)?,
                message: message.into_bytes(),
                reply_surbs,
                connection_id,
            },
            Self::Reply {
                sender_tag,
                message,
                connection_id,
            } => Request::Reply {
                sender_tag: parse("sender tag", &sender_tag)?,
                message: message.into_bytes(),
                connection_id,
            },
            Self::SelfAddress => Request::SelfAddress,
        })
    }
}

fn parse<T: std::str::FromStr<Err: fmt::Display>>(part: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|error| damaged(part, error))
}
