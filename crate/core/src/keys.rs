//! The keys a client owns, and the public halves it meets (protocol.md 1.1).

use crate::crypto::random_bytes;
use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use std::fmt;
use std::str::FromStr;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

/// Why bytes or text are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text holds a character outside of the Bitcoin base58 alphabet.
    #[error("it is not base58 text")]
    NotBase58,
    /// The decoded key does not have the right number of bytes.
    #[error("it is not {expected} bytes long")]
    WrongLength {
        /// Bytes that such a key has.
        expected: usize,
    },
    /// The bytes are no point of the ed25519 curve.
    #[error("it is not a valid ed25519 public key")]
    NotOnCurve,
    /// A stored key record has a version this program does not know.
    #[error("it was written by a newer version of this program")]
    UnknownVersion,
}

/// Decodes base58 text of exactly `N` bytes.
fn from_base58<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    // A bounded buffer: hostile text cannot make us allocate.
    let mut bytes = [0; N];
    let wrong = KeyError::WrongLength { expected: N };
    match bs58::decode(text).onto(bytes.as_mut_slice()) {
        Ok(len) if len == N => Ok(bytes),
        Ok(_) | Err(bs58::decode::Error::BufferTooSmall) => Err(wrong),
        Err(_) => Err(KeyError::NotBase58),
    }
}

/// An ed25519 public key: names a client or a node, and verifies its signatures. 32 bytes,
/// always a valid curve point. Text form: base58.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey([u8; 32]);

impl IdentityKey {
    /// Takes 32 bytes that must be a point of the curve.
    ///
    /// # Errors
    /// [`KeyError::NotOnCurve`] if they are not.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotOnCurve)?;
        Ok(Self(bytes))
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is this key's signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        ed25519_dalek::VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for IdentityKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(from_base58(text)?)
    }
}

/// An x25519 public key: what a packet layer or a fragment is encrypted to. Any 32 bytes are one.
/// Text form: base58.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncryptionKey([u8; 32]);

impl EncryptionKey {
    /// Takes the 32 raw bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn to_dalek(self) -> x25519_dalek::PublicKey {
        self.0.into()
    }
}

impl fmt::Display for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.0).into_string())
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EncryptionKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        from_base58(text).map(Self)
    }
}

/// Gives a secret a `Debug` that shows nothing of it.
macro_rules! redacted {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )+};
}
pub(crate) use redacted;

/// An ed25519 private key. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(&Zeroizing::new(random_bytes(rng)))
    }

    /// Takes the 32 bytes of the secret seed.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// The 32 bytes of the secret seed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn identity_key(&self) -> IdentityKey {
        IdentityKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message`: 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// An x25519 private key. Wiped from memory when dropped.
#[derive(Clone)]
pub struct EncryptionSecret(StaticSecret);

impl EncryptionSecret {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(&Zeroizing::new(random_bytes(rng)))
    }

    /// Takes the 32 secret bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    /// The 32 secret bytes.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> EncryptionKey {
        EncryptionKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// The x25519 point shared with the owner of `public`: 32 bytes, to be hashed before use.
    pub fn diffie_hellman(&self, public: &EncryptionKey) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.diffie_hellman(&public.to_dalek()).to_bytes())
    }

    pub(crate) const fn as_dalek(&self) -> &StaticSecret {
        &self.0
    }
}

/// The AES-128 key under which a client hides fragment identifiers in its own acks. Never leaves
/// the client.
#[derive(Clone)]
pub struct AckKey(Zeroizing<[u8; 16]>);

impl AckKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_bytes(random_bytes(rng))
    }

    /// Takes the 16 secret bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 16 secret bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

redacted!(SigningKey, EncryptionSecret, AckKey);

/// The public keys that make a person, wherever it has its gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKeys {
    /// Verifies the person's signatures.
    pub identity: IdentityKey,
    /// What the person's fragments are encrypted to.
    pub encryption: EncryptionKey,
}

impl PublicKeys {
    /// Both keys, identity first.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        let keys = self.identity.0.iter().chain(&self.encryption.0);
        bytes.iter_mut().zip(keys).for_each(|(b, k)| *b = *k);
        bytes
    }
}

/// Version byte of the stored form of [`ClientKeys`].
const CLIENT_KEYS_VERSION: u8 = 1;

/// Everything secret that makes one Nym identity.
#[derive(Clone, Debug)]
pub struct ClientKeys {
    /// Signs for the client; its public half is the client's name.
    pub signing: SigningKey,
    /// Decrypts what is sent to the client.
    pub encryption: EncryptionSecret,
    /// Recognises the client's own acks.
    pub ack: AckKey,
}

impl ClientKeys {
    /// Draws a fresh identity.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            signing: SigningKey::generate(rng),
            encryption: EncryptionSecret::generate(rng),
            ack: AckKey::generate(rng),
        }
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            identity: self.signing.identity_key(),
            encryption: self.encryption.public_key(),
        }
    }

    /// The stored form, 81 bytes: version 1, signing seed, encryption key, ack key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(81));
        bytes.push(CLIENT_KEYS_VERSION);
        bytes.extend_from_slice(self.signing.to_bytes().as_slice());
        bytes.extend_from_slice(self.encryption.to_bytes().as_slice());
        bytes.extend_from_slice(self.ack.as_bytes());
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`KeyError`] if the version is unknown or the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongLength { expected: 81 };
        let (version, rest) = bytes.split_first().ok_or(wrong)?;
        if *version != CLIENT_KEYS_VERSION {
            return Err(KeyError::UnknownVersion);
        }
        let (signing, rest) = rest.split_first_chunk().ok_or(wrong)?;
        let (encryption, rest) = rest.split_first_chunk().ok_or(wrong)?;
        let ack = <[u8; 16]>::try_from(rest).map_err(|_| wrong)?;
        Ok(Self {
            signing: SigningKey::from_bytes(signing),
            encryption: EncryptionSecret::from_bytes(encryption),
            ack: AckKey::from_bytes(ack),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    fn keys() -> ClientKeys {
        ClientKeys::generate(&mut crate::ChaCha20Rng::from_seed([1; 32]))
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", keys());
        assert_eq!(
            shown,
            "ClientKeys { signing: SigningKey(redacted), encryption: EncryptionSecret(redacted), \
             ack: AckKey(redacted) }"
        );
    }

    #[test]
    fn stored_keys_read_back_and_damage_is_an_error() {
        let stored = keys().to_bytes();
        let read = ClientKeys::from_bytes(&stored).unwrap();
        assert_eq!(*read.to_bytes(), *stored);
        for len in 0..stored.len() {
            assert!(
                ClientKeys::from_bytes(&stored[..len]).is_err(),
                "{len} bytes"
            );
        }
        assert_eq!(
            ClientKeys::from_bytes(&[9; 81]).unwrap_err(),
            KeyError::UnknownVersion
        );
    }

    #[test]
    fn key_text_reads_back_and_says_what_is_wrong() {
        let key = keys().signing.identity_key();
        assert_eq!(key.to_string().parse(), Ok(key));
        let cases = [
            ("", KeyError::WrongLength { expected: 32 }),
            ("0OIl", KeyError::NotBase58),
            ("abc", KeyError::WrongLength { expected: 32 }),
            (&"z".repeat(60), KeyError::WrongLength { expected: 32 }),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<IdentityKey>(), Err(error), "{text}");
        }
        let mut off_curve = [0; 32];
        off_curve[0] = 2;
        assert_eq!(
            IdentityKey::from_bytes(off_curve),
            Err(KeyError::NotOnCurve)
        );
    }
}
