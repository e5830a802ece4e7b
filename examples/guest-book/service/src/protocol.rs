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
    },
}

/// An entry as visitors see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    number: u64,
    text: String,
    answer: Option<String>,
    written_at: u64,
}

/// Reads a request.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn parse(body: &[u8]) -> Result<Request, String> {
    let request = serde_json::from_slice(body);
    let request = request.map_err(|error| format!("This is no request: {error}."))?;
    if let Request::Entry { text } = &request {
        check(text)?;
    }
    Ok(request)
}

fn check(text: &str) -> Result<(), String> {
    match text.chars().count() {
        _ if text.trim().is_empty() => Err("The entry is empty.".to_owned()),
        0..=MAX_TEXT => Ok(()),
        length => Err(format!(
            "The entry has {length} characters. At most {MAX_TEXT} fit."
        )),
    }
}

impl From<Entry> for View {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number,
            text: excerpt(&entry.text),
            answer: entry.answer.as_deref().map(excerpt),
            written_at: entry.written_at,
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
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[test]
    fn requests_are_read_and_anything_else_is_refused_with_a_sentence() {
        let entry = |text: &str| Request::Entry {
            text: text.to_owned(),
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
            let sentence = read(wrong).unwrap_err();
            assert!(
                sentence.starts_with("Th") && sentence.ends_with('.'),
                "{sentence}"
            );
        }
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
            written_at: 5,
            answer: None,
        });
        let excerpt = format!("{}…", "ü".repeat(MAX_EXCERPT));
        assert_eq!(
            serde_json::to_value(view).unwrap(),
            json!({ "number": 3, "text": excerpt, "answer": null, "writtenAt": 5 })
        );
    }
}
