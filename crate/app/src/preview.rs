//! The beginning of a message as a person can read it: text as text, anything else as hexadecimal
//! digits.

/// How much of a text a list shows, in characters.
pub const PREVIEW_CHARS: usize = 2_000;
/// How much of a text stands in one line of a list, in characters.
const EXCERPT_CHARS: usize = 120;
/// How much of a body that is no text a list shows, in bytes.
const PREVIEW_BYTES: usize = 64;
/// How much of a body that is no text is shown on request, in bytes.
const FULL_BYTES: usize = 16 * 1024;

/// The beginning of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preview {
    pub(crate) text: String,
    /// Whether there is more than `text` shows.
    pub(crate) truncated: bool,
}

/// The beginning of `text`, for a list.
pub(crate) fn of_text(text: &str) -> Preview {
    let begin = first_chars(text, PREVIEW_CHARS);
    Preview {
        truncated: begin.len() < text.len(),
        text: begin.to_owned(),
    }
}

/// The beginning of bytes that are no text, for a list.
pub(crate) fn of_bytes(bytes: &[u8]) -> Preview {
    Preview {
        text: hexadecimal(bytes, PREVIEW_BYTES),
        truncated: bytes.len() > PREVIEW_BYTES,
    }
}

/// The beginning of `text` in one line.
pub(crate) fn excerpt(text: &str) -> String {
    // Blanks in a row take no room, however many there are.
    let begin = first_chars(text, PREVIEW_CHARS);
    let line: Vec<&str> = begin.split_whitespace().collect();
    first_chars(&line.join(" "), EXCERPT_CHARS).to_owned()
}

/// Bytes that are no text; of many only the beginning.
pub(crate) fn all_bytes(bytes: &[u8]) -> String {
    hexadecimal(bytes, FULL_BYTES)
}

/// Cuts between characters, so that no half of one is shown.
fn first_chars(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

fn hexadecimal(bytes: &[u8], limit: usize) -> String {
    let shown = bytes.iter().take(limit);
    let mut digits: Vec<String> = shown.map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > limit {
        digits.push("…".to_owned());
    }
    digits.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole() {
        for text in ["żółw 🐢", ""] {
            let preview = Preview {
                text: text.into(),
                truncated: false,
            };
            assert_eq!(of_text(text), preview);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for (text, truncated) in [("🐢".repeat(2_000), false), ("🐢".repeat(2_001), true)] {
            let shown = of_text(&text);
            assert_eq!(shown.text, "🐢".repeat(2_000));
            assert_eq!(shown.truncated, truncated);
        }
    }

    #[test]
    fn an_excerpt_is_one_line_cut_between_characters() {
        assert_eq!(excerpt(" one\n\n two\t three "), "one two three");
        assert_eq!(excerpt(&"🐢".repeat(500)), "🐢".repeat(120));
        assert_eq!(excerpt(""), "");
    }

    #[test]
    fn bytes_are_shown_as_digits_and_of_many_the_beginning() {
        assert_eq!(of_bytes(&[0xff, 0x00]).text, "ff 00");
        let long = vec![0xab; 100_000];
        let shown = of_bytes(&long);
        assert!(shown.truncated && shown.text.ends_with(" ab …") && shown.text.len() < 300);
        assert!(all_bytes(&long).len() < 60_000);
    }
}
