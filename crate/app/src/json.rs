//! JSON from programs, written so that a person can read it. Numbers, names and their order stay
//! as they came, which they would not if the text was read into values.

use serde::de::IgnoredAny;

/// Longer bodies are shown as the text they are.
const MAX_BYTES: usize = 64 * 1024;

/// So much is written at most, in bytes: what is nested deeply grows by its blanks.
const MAX_WRITTEN: usize = 256 * 1024;

/// So many levels are indented; what is deeper stands under them.
const MAX_LEVELS: usize = 12;

/// `text` with a line for each member, if it is an object or array in JSON.
pub(crate) fn readable(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MAX_BYTES || !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_slice::<IgnoredAny>(text.as_bytes()).ok()?;
    Some(Writer::default().write(text))
}

/// Writes what is known to be JSON.
#[derive(Default)]
struct Writer {
    written: String,
    level: usize,
    /// What is written is inside quotes, behind a backslash or not.
    quoted: Option<Escape>,
    /// The last thing that was written opened an object or array.
    opened: bool,
}

#[derive(Clone, Copy)]
enum Escape {
    No,
    Yes,
}

impl Writer {
    fn write(mut self, text: &str) -> String {
        for c in text.chars() {
            if self.written.len() > MAX_WRITTEN {
                self.written.push('…');
                return self.written;
            }
            match self.quoted {
                Some(escape) => self.inside(c, escape),
                None => self.outside(c),
            }
        }
        self.written
    }

    fn inside(&mut self, c: char, escape: Escape) {
        self.quoted = match (escape, c) {
            (Escape::No, '"') => None,
            (Escape::No, '\\') => Some(Escape::Yes),
            _ => Some(Escape::No),
        };
        self.written.push(c);
    }

    fn outside(&mut self, c: char) {
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '{' | '[' => {
                self.before_member();
                self.written.push(c);
                self.level += 1;
                self.opened = true;
            }
            '}' | ']' => self.close(c),
            ',' => {
                self.written.push(c);
                self.new_line();
            }
            ':' => self.written.push_str(": "),
            _ => {
                self.before_member();
                self.quoted = (c == '"').then_some(Escape::No);
                self.written.push(c);
            }
        }
    }

    /// The first member goes to a line of its own; an empty object or array stays in one.
    fn before_member(&mut self) {
        if std::mem::take(&mut self.opened) {
            self.new_line();
        }
    }

    fn close(&mut self, c: char) {
        self.level = self.level.saturating_sub(1);
        if !std::mem::take(&mut self.opened) {
            self.new_line();
        }
        self.written.push(c);
    }

    fn new_line(&mut self) {
        self.written.push('\n');
        for _ in 0..self.level.min(MAX_LEVELS) {
            self.written.push_str("  ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_arrays_get_a_line_for_each_member() {
        let table = [
            ("{}", "{}"),
            (" [ ] \n", "[]"),
            (r#"{"a":1,"b":[]}"#, "{\n  \"a\": 1,\n  \"b\": []\n}"),
            (
                r#"[[1, 2], {"a": {"b": null}}]"#,
                "[\n  [\n    1,\n    2\n  ],\n  {\n    \"a\": {\n      \"b\": null\n    }\n  }\n]",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(readable(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_of_it_is_changed() {
        let text =
            r#"{"z":12345678901234567890123,"a":1.10e+400,"z":"a b, [c]: {\"\\","é":"\u202e \/"}"#;
        let shown = readable(text).unwrap();
        let lines: Vec<&str> = shown.lines().map(str::trim).collect();
        let expected = [
            "{",
            r#""z": 12345678901234567890123,"#,
            r#""a": 1.10e+400,"#,
            r#""z": "a b, [c]: {\"\\","#,
            r#""é": "\u202e \/""#,
            "}",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_no_object_or_array_is_left_as_it_is() {
        let long = format!("[{}1]", "1,".repeat(MAX_BYTES));
        for text in [
            "",
            "hello",
            "12",
            "\"text\"",
            "null",
            "[hello]",
            "{a: 1}",
            "[1] and more",
            "{\"a\":1",
            "]",
            &long,
        ] {
            assert_eq!(readable(text), None);
        }
    }

    #[test]
    fn what_is_nested_deeply_neither_ends_the_program_nor_grows_without_bound() {
        let half = MAX_BYTES / 2;
        for text in [
            format!("{}{}", "[".repeat(half), "]".repeat(half)),
            format!(
                "{}1{}{}",
                "[".repeat(100),
                ",1".repeat(30_000),
                "]".repeat(100)
            ),
        ] {
            let shown = readable(&text).unwrap_or_default();
            assert!(shown.len() < MAX_WRITTEN + 100, "{}", shown.len());
        }
    }
}
