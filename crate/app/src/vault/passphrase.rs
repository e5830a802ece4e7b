//! What a person types.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::redacted;

/// The longest passphrase accepted, in bytes of UTF-8 as typed.
pub const MAX_PASSPHRASE_BYTES: usize = 1_024;
/// The shortest passphrase accepted for something new, in characters.
pub const MIN_CHOSEN_CHARS: usize = 8;

/// A passphrase in Unicode normalisation form NFKC. Wiped from memory when dropped.
///
/// The same keys give decomposed letters on one system and composed ones on the next, and an input
/// method may be in its full-width state: NFKC makes all of those one passphrase, as NIST SP 800-63B
/// advises. What it makes the same by that is not worth guessing. Nothing is trimmed: a space at the
/// end is part of it.
///
/// The tables of NFKC are 66 KB of compressed wasm that every browser already has, so the host hands
/// the function in: `JsString::normalize("NFKC")`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

redacted!(Passphrase);

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing was typed.
    #[error("Type your passphrase.")]
    Empty,
    /// Longer than [`MAX_PASSPHRASE_BYTES`].
    #[error("A passphrase can have at most {MAX_PASSPHRASE_BYTES} bytes.")]
    TooLong,
    /// Shorter than [`MIN_CHOSEN_CHARS`], and meant for something new.
    #[error(
        "Choose a passphrase of at least {MIN_CHOSEN_CHARS} characters; four words are better."
    )]
    TooShort,
}

impl Passphrase {
    /// A passphrase to unlock with. `nfkc` normalises; it is not called for plain ASCII.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`], [`PassphraseError::TooLong`]
    pub fn typed(text: &str, nfkc: impl FnOnce(&str) -> String) -> Result<Self, PassphraseError> {
        if text.len() > MAX_PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong);
        }
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        Ok(Self(if text.is_ascii() {
            text.to_owned()
        } else {
            nfkc(text)
        }))
    }

    /// A passphrase for a new lock or backup.
    ///
    /// # Errors
    /// [`PassphraseError`]
    pub fn chosen(text: &str, nfkc: impl FnOnce(&str) -> String) -> Result<Self, PassphraseError> {
        let passphrase = Self::typed(text, nfkc)?;
        if passphrase.0.chars().count() < MIN_CHOSEN_CHARS {
            return Err(PassphraseError::TooShort);
        }
        Ok(passphrase)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
