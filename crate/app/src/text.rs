//! Sentences for people.

use std::fmt::Display;

/// The core's errors begin small and end without a full stop, as is the custom in Rust; people get
/// a sentence.
pub(crate) fn sentence(error: &impl Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return text;
    };
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn an_error_becomes_a_sentence() {
        assert_eq!(sentence(&"the gateway is gone"), "The gateway is gone.");
        assert_eq!(sentence(&"Already one."), "Already one.");
        assert_eq!(sentence(&""), "");
    }
}
