//! XChaCha20-Poly1305.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use super::key::Key;

/// Bytes of a nonce: enough for random ones never to repeat.
pub(super) const NONCE_LEN: usize = 24;
/// Bytes by which a ciphertext is longer.
pub(super) const TAG_LEN: usize = 16;

pub(super) type Nonce = [u8; NONCE_LEN];

pub(super) fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_bytes().into())
}

/// Encrypts; `bound` is authenticated and not part of the result.
pub(super) fn encrypt(key: &Key, nonce: &Nonce, bound: &[u8], plain: &[u8]) -> Vec<u8> {
    let payload = Payload {
        msg: plain,
        aad: bound,
    };
    // The cipher refuses only what is longer than 256 GiB.
    cipher(key)
        .encrypt(nonce.into(), payload)
        .unwrap_or_default()
}

/// Decrypts; nothing if the bytes or `bound` are not those of [`encrypt`].
pub(super) fn decrypt(
    key: &Key,
    nonce: &Nonce,
    bound: &[u8],
    bytes: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload {
        msg: bytes,
        aad: bound,
    };
    cipher(key)
        .decrypt(nonce.into(), payload)
        .ok()
        .map(Zeroizing::new)
}
