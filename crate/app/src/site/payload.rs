//! What a site sends and gets: text, JSON or bytes, told apart, so that it arrives as it was sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Data of a site's message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// What it is.
    pub kind: PayloadKind,
    /// The text, the JSON text, or the bytes in base64.
    pub content: String,
}

/// What data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub enum PayloadKind {
    /// A string.
    Text,
    /// Any value that JSON can write.
    Json,
    /// Bytes.
    Bytes,
}

/// Data is not what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The data cannot be read. Send a text, bytes, or a value that JSON can write.")]
pub struct BadPayload;

impl std::fmt::Debug for Payload {
    /// Shows nothing of what it says.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Payload({:?}, {} characters)",
            self.kind,
            self.content.len()
        )
    }
}

impl Payload {
    /// Text.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self {
            kind: PayloadKind::Text,
            content: text,
        }
    }

    /// JSON text that was checked.
    #[must_use]
    pub fn json(json: String) -> Self {
        Self {
            kind: PayloadKind::Json,
            content: json,
        }
    }

    /// Bytes.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self {
            kind: PayloadKind::Bytes,
            content: STANDARD.encode(bytes),
        }
    }

    /// What came from a program that puts nothing around it: text if it is some, and else bytes.
    #[must_use]
    pub fn of_program(body: &[u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::text(text.to_owned()),
            Err(_) => Self::bytes(body),
        }
    }

    /// The bytes that it stands for: what a program gets that expects nothing around them.
    ///
    /// # Errors
    /// [`BadPayload`] for what is neither JSON nor base64 and claims to be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BadPayload> {
        match self.kind {
            PayloadKind::Text => Ok(self.content.clone().into_bytes()),
            PayloadKind::Json => {
                let json: Result<&RawValue, _> = serde_json::from_slice(self.content.as_bytes());
                json.map_err(|_| BadPayload)?;
                Ok(self.content.clone().into_bytes())
            }
            PayloadKind::Bytes => STANDARD.decode(&self.content).map_err(|_| BadPayload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stands_for_its_bytes_or_is_refused() {
        let json = |text: &str| Payload::json(text.to_owned()).to_bytes();
        assert_eq!(Payload::text("ü".to_owned()).to_bytes(), Ok("ü".into()));
        assert_eq!(Payload::bytes(&[0, 255]).to_bytes(), Ok(vec![0, 255]));
        assert_eq!(json("{\"a\":[1,null]}"), Ok(b"{\"a\":[1,null]}".to_vec()));
        for wrong in ["", "{", "1 2", "NaN", "{\"a\":}"] {
            assert_eq!(json(wrong), Err(BadPayload), "{wrong}");
        }
        let base64 = Payload {
            kind: PayloadKind::Bytes,
            content: "a".to_owned(),
        };
        assert_eq!(base64.to_bytes(), Err(BadPayload));
    }

    #[test]
    fn what_a_program_sends_is_text_if_it_can_be() {
        assert_eq!(Payload::of_program(b"hi"), Payload::text("hi".to_owned()));
        assert_eq!(Payload::of_program(&[255]), Payload::bytes(&[255]));
    }

    #[test]
    fn debug_shows_nothing_of_what_is_sent() {
        let shown = format!("{:?}", Payload::text("a secret".to_owned()));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
