//! Files in envelopes. Name and media type come from a stranger: what could lead a file system
//! or a reader astray is refused.

use super::WriteError;
use std::fmt;

/// The most bytes of a file.
pub const MAX_FILE_BYTES: usize = 5 << 20;

/// The most bytes of a file's name; one byte holds the length.
const MAX_NAME: usize = 255;

/// The most bytes of a media type.
const MAX_MEDIA_TYPE: usize = 127;

/// The most bytes at the end of a name that count as its extension, when it is cut.
const MAX_EXTENSION: usize = 16;

/// A file.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: FileName,
    /// What it is, by the word of its sender.
    pub media_type: MediaType,
    /// Its content, at most [`MAX_FILE_BYTES`].
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Attachment {
    /// Shows neither name nor content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

impl Attachment {
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), WriteError> {
        if self.bytes.len() > MAX_FILE_BYTES {
            return Err(WriteError::FileTooLarge);
        }
        for text in [self.name.as_str(), self.media_type.as_str()] {
            bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&self.bytes);
        Ok(())
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (name, rest) = split_short(bytes)?;
        let (media_type, content) = split_short(rest)?;
        if content.len() > MAX_FILE_BYTES {
            return None;
        }
        Some(Self {
            name: FileName::new(name)?,
            media_type: MediaType::new(media_type)?,
            bytes: content.to_vec(),
        })
    }
}

/// Reads a length byte and as much text; also gives the rest.
fn split_short(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*len))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// The name of a file: 1 to 255 bytes with no control characters, nothing that is part of a path
/// somewhere (`/`, `\`, `:`), nothing that turns the direction of text, and no space at either
/// end; neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Takes a name as it is; `None` if it breaks a rule.
    pub fn new(name: &str) -> Option<Self> {
        let bad = name.is_empty()
            || name.len() > MAX_NAME
            || name.trim() != name
            || matches!(name, "." | "..")
            || name.contains(is_forbidden);
        (!bad).then(|| Self(name.to_owned()))
    }

    /// Makes a name of any text: `_` in place of what is forbidden, cut to the length allowed
    /// with its extension kept, `file` if nothing is left.
    pub fn tidy(name: &str) -> Self {
        let name = name.trim().replace(is_forbidden, "_");
        let name = shorten(&name);
        Self::new(&name).unwrap_or_else(|| Self("file".to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character has no place in a name.
const fn is_forbidden(c: char) -> bool {
    matches!(
        c,
        // C0 and C1 controls.
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Parts of paths.
        | '/' | '\\' | ':'
        // What turns the direction of text, by which `gpj.exe` can look like `exe.jpg`.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Line and paragraph separator.
        | '\u{2028}' | '\u{2029}'
    )
}

/// Cuts a name in front of its extension.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let dot = name.rfind('.').unwrap_or(name.len());
    let (stem, extension) = name.split_at(dot);
    if extension.len() > MAX_EXTENSION {
        return cut(name, MAX_NAME).to_owned();
    }
    format!("{}{extension}", cut(stem, MAX_NAME - extension.len()))
}

/// The front of a text, at most `len` bytes of it, and no trailing space.
fn cut(text: &str, len: usize) -> &str {
    let (front, _) = text.split_at(text.floor_char_boundary(len));
    front.trim_end()
}

/// What a file is, such as `image/png`: at most 127 bytes, type and subtype of letters, digits
/// and `!#$&^_.+-` (RFC 6838), without parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// What a file is of which nothing is known.
    const UNKNOWN: &'static str = "application/octet-stream";

    /// Takes a media type as it is; `None` if it breaks a rule.
    pub fn new(text: &str) -> Option<Self> {
        let token = |part: &str| !part.is_empty() && part.bytes().all(is_token);
        let (main, sub) = text.split_once('/')?;
        let good = text.len() <= MAX_MEDIA_TYPE && token(main) && token(sub);
        good.then(|| Self(text.to_owned()))
    }

    /// Makes a media type of any text, such as a browser's: small letters, no parameters, and
    /// `application/octet-stream` if it is none.
    pub fn tidy(text: &str) -> Self {
        let (text, _) = text.split_once(';').unwrap_or((text, ""));
        Self::new(&text.trim().to_ascii_lowercase())
            .unwrap_or_else(|| Self(Self::UNKNOWN.to_owned()))
    }

    /// The media type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'&' | b'^' | b'_' | b'.' | b'+' | b'-'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_astray_are_refused_and_can_be_tidied() {
        let long = "a".repeat(256);
        let table = [
            ("", "file"),
            (".", "file"),
            ("..", "file"),
            (" ", "file"),
            (" photo.jpg ", "photo.jpg"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("C:\\boot.ini", "C__boot.ini"),
            ("a\0b", "a_b"),
            ("a\nb", "a_b"),
            ("a\u{85}b", "a_b"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("a\u{2066}b\u{2069}", "a_b_"),
            ("a\u{2028}b", "a_b"),
            (&long, &long[..255]),
        ];
        for (name, tidied) in table {
            assert_eq!(FileName::new(name), None, "{name:?}");
            let tidy = FileName::tidy(name);
            assert_eq!(tidy.as_str(), tidied, "{name:?}");
            assert_eq!(FileName::new(tidied), Some(tidy), "{name:?}");
        }
        for name in [
            "a",
            "Ferien 2026.jpg",
            "דוח.pdf",
            "👩‍🚀.png",
            ".profile",
            &long[..255],
        ] {
            assert_eq!(FileName::tidy(name).as_str(), name);
        }
    }

    #[test]
    fn a_name_that_is_cut_keeps_its_extension_and_whole_characters() {
        let name = format!("{}.jpeg", "é".repeat(200));
        let tidy = FileName::tidy(&name);
        assert_eq!(tidy.as_str(), format!("{}.jpeg", "é".repeat(125)));
        let no_extension = format!("a.{}", "é".repeat(200));
        let cut = FileName::tidy(&no_extension);
        assert_eq!(cut.as_str(), format!("a.{}", "é".repeat(126)));
    }

    #[test]
    fn media_types_are_type_and_subtype() {
        let long = format!("a/{}", "b".repeat(125));
        for good in [
            "image/png",
            "application/vnd.oasis.opendocument.text",
            "image/svg+xml",
            &long,
        ] {
            assert_eq!(MediaType::tidy(good).as_str(), good);
        }
        let too_long = format!("{long}b");
        for bad in [
            "", "image", "/png", "image/", "a/b/c", "a/b c", "a/b\n", "a/é", "a/b;c=d", &too_long,
        ] {
            assert_eq!(MediaType::new(bad), None, "{bad:?}");
        }
        assert_eq!(
            MediaType::tidy("Text/HTML; charset=utf-8").as_str(),
            "text/html"
        );
        assert_eq!(MediaType::tidy("").as_str(), "application/octet-stream");
    }
}
