//! Proof of an earlier registration (protocol.md 8.4).

use super::{NONCE_LEN, Nonce, SharedKey};
use crate::keys::{IdentityKey, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of the encrypted client identity.
const CIPHERTEXT_LEN: usize = 48;

/// A signed and dated request, in the only control message with camelCase fields and base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateRequest {
    /// The protocol version that the client wants to speak.
    pub protocol_version: u8,
    /// The client's identity key.
    #[serde(with = "key_array")]
    pub client_identity: IdentityKey,
    #[serde(with = "base64_array")]
    address_ciphertext: [u8; CIPHERTEXT_LEN],
    #[serde(with = "base64_array")]
    nonce: Nonce,
    /// Whole seconds since the Unix epoch; must grow from request to request.
    pub request_unix_timestamp: u64,
    #[serde(with = "byte_array")]
    request_signature: [u8; 64],
}

/// Why a request proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// Another shared key was used.
    #[error("the request was made with another shared key")]
    Ciphertext,
    /// The signature is not the client's.
    #[error("the signature is not the client's")]
    Signature,
}

impl AuthenticateRequest {
    /// Makes a request.
    pub fn new(
        protocol_version: u8,
        signing: &SigningKey,
        key: &SharedKey,
        unix_seconds: u64,
        nonce: Nonce,
    ) -> Self {
        let client_identity = signing.identity_key();
        let mut request = Self {
            protocol_version,
            client_identity,
            address_ciphertext: encrypt_identity(key, &nonce, &client_identity),
            nonce,
            request_unix_timestamp: unix_seconds,
            request_signature: [0; 64],
        };
        request.request_signature = signing.sign(&request.plaintext());
        request
    }

    /// Checks that the request was made by the owner of the identity, with this shared key. The
    /// timestamp is for the caller to judge.
    ///
    /// # Errors
    /// [`AuthenticateError`] says what does not fit.
    pub fn verify(&self, key: &SharedKey) -> Result<(), AuthenticateError> {
        // Decrypted, not made again and compared: the cipher's own check takes the same time
        // whatever the bytes are.
        let identity = key.decrypt(&self.nonce, &self.address_ciphertext);
        if identity.ok().as_deref() != Some(self.client_identity.as_bytes()) {
            return Err(AuthenticateError::Ciphertext);
        }
        if !self
            .client_identity
            .verify(&self.plaintext(), &self.request_signature)
        {
            return Err(AuthenticateError::Signature);
        }
        Ok(())
    }

    /// The 101 bytes that are signed.
    fn plaintext(&self) -> Vec<u8> {
        let mut bytes = vec![self.protocol_version];
        bytes.extend_from_slice(self.client_identity.as_bytes());
        bytes.extend_from_slice(&self.address_ciphertext);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.request_unix_timestamp.to_be_bytes());
        bytes
    }
}

fn encrypt_identity(key: &SharedKey, nonce: &Nonce, identity: &IdentityKey) -> [u8; 48] {
    let ciphertext = key.encrypt(nonce, identity.as_bytes());
    ciphertext.try_into().unwrap_or([0; CIPHERTEXT_LEN])
}

const _: () = assert!(NONCE_LEN == 12, "the signed bytes hold a nonce of twelve");

/// Fixed arrays as sequences of numbers.
mod byte_array {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        <[u8; N]>::try_from(bytes).map_err(|_| serde::de::Error::custom("wrong length"))
    }
}

/// Identity keys as sequences of numbers.
mod key_array {
    use super::{Deserializer, IdentityKey, Serializer, byte_array};

    pub(super) fn serialize<S: Serializer>(
        key: &IdentityKey,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        byte_array::serialize(key.as_bytes(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IdentityKey, D::Error> {
        let bytes = byte_array::deserialize(deserializer)?;
        IdentityKey::from_bytes(bytes).map_err(serde::de::Error::custom)
    }
}

/// Fixed arrays as standard base64 text.
mod base64_array {
    use super::{Deserialize, Deserializer, Engine, STANDARD, Serializer};

    pub(super) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        <[u8; N]>::try_from(bytes).map_err(|_| serde::de::Error::custom("wrong length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_request_proves_identity_and_key_and_nothing_can_be_changed() {
        let mut rng = crate::ChaCha20Rng::from_seed([6; 32]);
        let signing = SigningKey::generate(&mut rng);
        let key = SharedKey::from_bytes([1; 32]);
        let request = AuthenticateRequest::new(6, &signing, &key, 1_767_225_600, [2; 12]);
        let text = serde_json::to_string(&request).unwrap();
        let read: AuthenticateRequest = serde_json::from_str(&text).unwrap();
        assert_eq!(read.plaintext().len(), 101);
        assert_eq!(read.verify(&key), Ok(()));
        let other = SharedKey::from_bytes([3; 32]);
        assert_eq!(read.verify(&other), Err(AuthenticateError::Ciphertext));
        let later = AuthenticateRequest {
            request_unix_timestamp: 1_767_225_601,
            ..read
        };
        assert_eq!(later.verify(&key), Err(AuthenticateError::Signature));
    }
}
