//! What pages and the service say to each other: JSON values with a `type`.

use serde::{Deserialize, Serialize};

use crate::book::Entry;

/// The longest entry, in characters.
pub(crate) const MAX_TEXT: usize = 2_000;

/// How many entries are told at once, and how much of each, in characters: what fits into few packets, as each
/// takes one of the ways back that the visitor sent along.
pub(crate) const LATEST: u32 = 10;
const MAX_EXCERPT: usize = 280;

/// What a visitor asks.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Request {
    /// Write this in the book. Answered with `thanks`.
    Entry {
        /// What to write.
        text: String,
        /// By which the page knows what is answered.
        reference: Option<String>,
    },
    /// What was written last. Answered with `latest`.
    Latest {},
}

/// What the service says.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Response {
    /// The entry is in the book.
    Thanks {
        /// Its number.
        number: u64,
        /// The request's.
        reference: Option<String>,
        /// What is in the book now.
        latest: Vec<View>,
    },
    /// What was written last.
    Latest {
        /// The newest first.
        latest: Vec<View>,
    },
    /// The owner answered.
    Answer {
        /// To which entry.
        number: u64,
        /// What.
        text: String,
    },
    /// The request is none, or cannot be fulfilled.
    Refused {
        /// For a person.
        message: String,
        /// The request's, if it could be read.
        reference: Option<String>,
    },
}

/// An entry as visitors see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    number: u64,
    text: String,
    answer: Option<String>,
    /// To the hour: who watches a visitor's connection shall not find their entry by its time.
    written_at: u64,
}

/// The longest reference, in bytes.
const MAX_REFERENCE: usize = 64;

/// Reads a request.
///
/// # Errors
/// The refusal to answer with.
pub(crate) fn parse(body: &[u8]) -> Result<Request, Response> {
    let refused = |message, reference| Response::Refused { message, reference };
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| refused(format!("This is no request: {error}."), None))?;
    match &request {
        Request::Latest {} => Ok(request),
        Request::Entry { text, reference } => match problem(text, reference.as_deref()) {
            Some(message) => Err(refused(message, reference.clone())),
            None => Ok(request),
        },
    }
}

fn problem(text: &str, reference: Option<&str>) -> Option<String> {
    let length = text.chars().count();
    if reference.is_some_and(|reference| reference.len() > MAX_REFERENCE) {
        return Some("The reference is too long.".to_owned());
    }
    if text.trim().is_empty() {
        return Some("The entry is empty.".to_owned());
    }
    (length > MAX_TEXT)
        .then(|| format!("The entry has {length} characters. At most {MAX_TEXT} fit."))
}

/// In milliseconds.
const HOUR: u64 = 3_600_000;

impl From<Entry> for View {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number,
            text: excerpt(&entry.text),
            answer: entry.answer.as_deref().map(excerpt),
            written_at: entry.written_at - entry.written_at % HOUR,
        }
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[test]
    fn requests_are_read_and_anything_else_is_refused_with_a_sentence() {
        let entry = |text: &str| Request::Entry {
            text: text.to_owned(),
            reference: None,
        };
        let read = |text: &str| parse(text.as_bytes());
        assert_eq!(read(r#"{"type":"entry","text":"hi"}"#), Ok(entry("hi")));
        assert_eq!(read(r#"{"type":"latest"}"#), Ok(Request::Latest {}));
        let longest = "ü".repeat(MAX_TEXT);
        let request = |text: &str| json!({ "type": "entry", "text": text }).to_string();
        assert_eq!(read(&request(&longest)), Ok(entry(&longest)));
        for wrong in [
            "",
            "hello",
            "{}",
            r#"{"type":"delete"}"#,
            r#"{"type":"entry"}"#,
            r#"{"type":"entry","text":5}"#,
            &request(" \n"),
            &request(&format!("{longest}!")),
        ] {
            let Err(Response::Refused { message, reference }) = read(wrong) else {
                panic!("{wrong}");
            };
            assert!(
                message.starts_with("Th") && message.ends_with('.'),
                "{message}"
            );
            assert_eq!(reference, None);
        }
    }

    #[test]
    fn a_refusal_says_which_request_it_is_about() {
        let refusal = |reference: &str| {
            parse(
                json!({ "type": "entry", "text": "", "reference": reference })
                    .to_string()
                    .as_bytes(),
            )
        };
        let expected = Response::Refused {
            message: "The entry is empty.".to_owned(),
            reference: Some("mine".to_owned()),
        };
        assert_eq!(refusal("mine"), Err(expected));
        assert!(refusal(&"x".repeat(MAX_REFERENCE + 1)).is_err());
    }

    #[test]
    fn visitors_see_excerpts_and_nothing_that_stands_for_a_writer() {
        let view = View::from(Entry {
            number: 3,
            visitor: Some(crate::book::Visitor {
                tag: sotto_core::message::SenderTag([7; 16]),
                is_sotto: true,
            }),
            text: "ü".repeat(MAX_EXCERPT + 1),
            written_at: HOUR + 5,
            answer: None,
        });
        let excerpt = format!("{}…", "ü".repeat(MAX_EXCERPT));
        assert_eq!(
            serde_json::to_value(view).unwrap(),
            json!({ "number": 3, "text": excerpt, "answer": null, "writtenAt": HOUR })
        );
    }
}
