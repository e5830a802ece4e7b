//! What the official native client and programs say to each other over a websocket, as text (JSON)
//! and as bytes (protocol.md 11). Pure: from bytes to [`Request`], from [`Response`] to bytes.
//!
//! ```
//! use sotto::websocket::{ErrorKind, Request, Response};
//!
//! assert_eq!(Request::from_text(r#"{"type":"selfAddress"}"#), Ok(Request::SelfAddress));
//! assert_eq!(Request::from_binary(&[3]), Ok(Request::SelfAddress));
//! let refusal = Request::from_binary(&[9]).unwrap_err();
//! assert_eq!(refusal.kind, ErrorKind::UnknownRequest);
//! let answer = Response::Error(refusal).to_text();
//! assert_eq!(answer, r#"{"type":"error","message":"unknown request type:there is no request 9"}"#);
//! ```

mod refusal;
mod request;
mod response;

pub use refusal::{ErrorKind, Refusal};
pub use request::Request;
pub use response::Response;

/// In which of the two forms something is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As bytes: until a program asks as text.
    #[default]
    Binary,
    /// As JSON.
    Text,
}
