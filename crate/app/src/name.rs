//! Names that the user gives to correspondents.

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// A name that cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is too long.
    #[error("This name is too long. Use at most {MAX_NAME_CHARS} characters.")]
    TooLong,
    /// It holds something that is not seen, and could make it look like another.
    #[error("This name holds characters that cannot be seen. Type it instead of copying it.")]
    Invisible,
}

/// A name without blanks at its ends; nothing if nothing is left.
///
/// # Errors
/// [`BadName`]
pub(crate) fn checked(name: &str) -> Result<Option<String>, BadName> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(BadName::TooLong);
    }
    if name.contains(is_invisible) {
        return Err(BadName::Invisible);
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

/// Control characters, what turns the direction of text or breaks a line, and what takes no room.
/// The joiner of emoji and the mark of their form stay: they are part of what is seen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e001f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_without_the_blanks_around_it() {
        let long = "🐢".repeat(MAX_NAME_CHARS);
        for name in ["Ada", "Ada L.", "عائشة", "👩\u{200d}🚀", &long] {
            let spaced = format!(" \n{name}\t");
            assert_eq!(checked(&spaced), Ok(Some(name.to_owned())));
        }
        for nothing in ["", " ", "\u{3000}\n"] {
            assert_eq!(checked(nothing), Ok(None));
        }
    }

    #[test]
    fn a_name_that_deceives_is_refused() {
        for name in [
            "a\u{202e}b",
            "a\u{2066}b",
            "a\nb",
            "a\0b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{200b}b",
            "a\u{feff}b",
            "a\u{2028}b",
            "\u{200e}a",
            "a\u{ad}b",
            "a\u{34f}b",
            "\u{115f}",
            "a\u{180e}b",
            "\u{3164}",
            "\u{ffa0}",
        ] {
            assert_eq!(checked(name), Err(BadName::Invisible), "{name:?}");
        }
        let long = "a".repeat(MAX_NAME_CHARS + 1);
        assert_eq!(checked(&long), Err(BadName::TooLong));
    }
}
