//! A message body as a person can read it: text as text, anything else as a note and hexadecimal
//! digits.

use std::fmt::Write as _;

/// How much of a text a list shows, in characters.
pub const PREVIEW_CHARS: usize = 2_000;
/// How much of a text stands in one line of a list, in characters.
const EXCERPT_CHARS: usize = 120;
/// How much of a body that is no text a list shows, in bytes.
const PREVIEW_BYTES: usize = 64;
/// How much of a body that is no text is shown on request, in bytes.
const FULL_BYTES: usize = 16 * 1024;

/// The beginning of a message body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preview {
    pub(crate) text: String,
    /// Whether there is more than `text` shows.
    pub(crate) truncated: bool,
}

/// The beginning of `body`, for a list.
pub(crate) fn preview(body: &[u8]) -> Preview {
    match std::str::from_utf8(body) {
        Ok(text) => {
            let text = first_chars(text, PREVIEW_CHARS);
            Preview {
                truncated: text.len() < body.len(),
                text: text.to_owned(),
            }
        }
        Err(_) => Preview {
            text: hexadecimal(body, PREVIEW_BYTES),
            truncated: body.len() > PREVIEW_BYTES,
        },
    }
}

/// The beginning of `text` in one line.
pub(crate) fn excerpt(text: &str) -> String {
    // Blanks in a row take no room, however many there are.
    let begin = first_chars(text, PREVIEW_CHARS);
    let line: Vec<&str> = begin.split_whitespace().collect();
    first_chars(&line.join(" "), EXCERPT_CHARS).to_owned()
}

/// All of `body`, except that of a long body that is no text only the beginning is written out.
pub(crate) fn full_text(body: Vec<u8>) -> String {
    match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => hexadecimal(error.as_bytes(), FULL_BYTES),
    }
}

/// Cuts between characters, so that no half of one is shown.
fn first_chars(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

fn hexadecimal(body: &[u8], limit: usize) -> String {
    let mut text = format!("[{} bytes that are not text]", body.len());
    for byte in body.iter().take(limit) {
        // Writing to a String cannot fail.
        let _ = write!(text, " {byte:02x}");
    }
    if body.len() > limit {
        text.push_str(" …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(
            preview("żółw 🐢".as_bytes()),
            Preview {
                text: "żółw 🐢".into(),
                truncated: false
            }
        );
        assert_eq!(
            preview(b""),
            Preview {
                text: String::new(),
                truncated: false
            }
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for (body, truncated) in [("🐢".repeat(2_000), false), ("🐢".repeat(2_001), true)] {
            let shown = preview(body.as_bytes());
            assert_eq!(shown.text, "🐢".repeat(2_000));
            assert_eq!(shown.truncated, truncated);
            assert_eq!(full_text(body.clone().into_bytes()), body);
        }
    }

    #[test]
    fn an_excerpt_is_one_line_cut_between_characters() {
        assert_eq!(excerpt(" one\n\n two\t three "), "one two three");
        assert_eq!(excerpt(&"🐢".repeat(500)), "🐢".repeat(120));
        assert_eq!(excerpt(""), "");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_as_such() {
        assert_eq!(
            preview(&[0xff, 0x00]).text,
            "[2 bytes that are not text] ff 00"
        );
        let long = vec![0xab; 100_000];
        let shown = preview(&long);
        assert!(shown.truncated && shown.text.ends_with(" ab …") && shown.text.len() < 300);
        assert!(full_text(long).len() < 60_000);
    }

    #[test]
    fn a_text_that_ends_in_half_a_character_is_no_text() {
        assert!(preview(&"🐢".as_bytes()[..3]).text.starts_with("[3 bytes"));
    }
}
