//! The key that a client and its gateway agree on at registration (protocol.md 8.3).

use crate::keys::redacted;
use aes_gcm_siv::aead::{Aead, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce as AeadNonce};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub const NONCE_LEN: usize = 12;

/// A number used once, drawn at random for each message.
pub type Nonce = [u8; NONCE_LEN];

/// Bytes that were not encrypted under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes were not encrypted under the key agreed on")]
pub struct DecryptError;

/// An AES-256-GCM-SIV key, 32 bytes. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SharedKey(Zeroizing<[u8; 32]>);

redacted!(SharedKey);

impl SharedKey {
    /// Takes the 32 secret bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 32 secret bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new((&*self.0).into())
    }

    /// Encrypts without associated data: 16 bytes longer than the plaintext.
    pub fn encrypt(&self, nonce: &Nonce, plaintext: &[u8]) -> Vec<u8> {
        // The cipher refuses only what is longer than 64 GiB.
        self.cipher()
            .encrypt(&AeadNonce::from(*nonce), plaintext)
            .unwrap_or_default()
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`DecryptError`] if the bytes were not encrypted under this key and nonce.
    pub fn decrypt(&self, nonce: &Nonce, ciphertext: &[u8]) -> Result<Vec<u8>, DecryptError> {
        self.cipher()
            .decrypt(&AeadNonce::from(*nonce), ciphertext)
            .map_err(|_| DecryptError)
    }
}
