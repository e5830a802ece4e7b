//! The encryption of one fragment to its recipient (protocol.md 4.6, 5.2).

use crate::crypto::{ZERO_IV, aes_ctr, hkdf_blake3};
use crate::keys::{EncryptionKey, EncryptionSecret};
use crate::surb::ReplyKey;
use rand_core::CryptoRng;

/// Bytes in front of the ciphertext: the ephemeral public key.
pub const OVERHEAD: usize = 32;

/// Encrypts an encoded fragment under a fresh ephemeral key: the public half, then the
/// ciphertext. There is no MAC; Sphinx protects the way, and garbage shows as a bad header.
pub fn seal(rng: &mut impl CryptoRng, to: &EncryptionKey, fragment: &[u8]) -> Vec<u8> {
    let ephemeral = EncryptionSecret::generate(rng);
    let key = hkdf_blake3(&[], ephemeral.diffie_hellman(to).as_slice());
    let mut bytes = Vec::with_capacity(OVERHEAD + fragment.len());
    bytes.extend_from_slice(ephemeral.public_key().as_bytes());
    bytes.extend_from_slice(fragment);
    if let Some(ciphertext) = bytes.get_mut(OVERHEAD..) {
        aes_ctr(&key, &ZERO_IV, ciphertext);
    }
    bytes
}

/// Encrypts an encoded fragment of an answer under its SURB's key, which is used once: the key's
/// digest, then the ciphertext.
pub fn seal_reply(key: &ReplyKey, fragment: &[u8]) -> Vec<u8> {
    let mut ciphertext = fragment.to_vec();
    aes_ctr(key.as_bytes(), &ZERO_IV, &mut ciphertext);
    [key.digest().as_slice(), &ciphertext].concat()
}

/// Decrypts what [`seal_reply`] made, without the digest in front.
pub fn open_reply(key: &ReplyKey, ciphertext: &[u8]) -> Vec<u8> {
    let mut fragment = ciphertext.to_vec();
    aes_ctr(key.as_bytes(), &ZERO_IV, &mut fragment);
    fragment
}

/// Decrypts what [`seal`] made; `None` if it is too short to hold the ephemeral key.
pub fn open(secret: &EncryptionSecret, sealed: &[u8]) -> Option<Vec<u8>> {
    let (ephemeral, ciphertext) = sealed.split_first_chunk::<OVERHEAD>()?;
    let shared = secret.diffie_hellman(&EncryptionKey::from_bytes(*ephemeral));
    let key = hkdf_blake3(&[], shared.as_slice());
    let mut fragment = ciphertext.to_vec();
    aes_ctr(&key, &ZERO_IV, &mut fragment);
    Some(fragment)
}
