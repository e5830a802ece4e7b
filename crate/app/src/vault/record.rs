//! One record on disk.
//!
//! ```text
//! name    BLAKE3 keyed (length of the store's name, the store's name, key)                32 bytes
//! bytes   version 1 | nonce 24 | XChaCha20-Poly1305 (key length 8 | value length 8 | key | value | zeros)
//! bound   version, name, and the store's name
//! ```

use std::fmt;

use blake3::Hasher;
use rand_core::CryptoRng;
use sotto_core::crypto::random_bytes;
use zeroize::{Zeroize, Zeroizing};

use super::{
    cipher::{decrypt, encrypt},
    key::Vault,
    padding::padded_len,
    parse::{length, take, take_len, take_slice},
};

const VERSION: u8 = 1;
/// Bytes of both lengths.
const LENGTHS_LEN: usize = 16;

/// The name of a record on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordName([u8; 32]);

impl RecordName {
    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A record for the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Under which name.
    pub name: RecordName,
    /// What: at least 169 bytes.
    pub bytes: Vec<u8>,
}

/// A record from the disk, in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedRecord {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

super::redacted!(OpenedRecord);

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A record in “{store}” cannot be read: {problem}.")]
pub struct RecordError {
    /// In which store.
    pub store: String,
    /// Why not.
    pub problem: RecordProblem,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordProblem {
    /// Changed, cut, moved from elsewhere, or sealed by another vault.
    Damaged,
    /// Written by a later version of this extension, or damaged in its first byte.
    OtherVersion(u8),
}

impl fmt::Display for RecordProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("it is damaged, or belongs elsewhere"),
            Self::OtherVersion(version) => write!(f, "its version {version} is not known"),
        }
    }
}

impl Vault {
    /// The name on disk of a store's record: always the same for the same vault, store and key.
    #[must_use]
    pub fn name(&self, store: &str, key: &[u8]) -> RecordName {
        let mut hasher = Hasher::new_keyed(self.names.as_bytes());
        hasher.update(&length(store.as_bytes()));
        hasher.update(store.as_bytes());
        hasher.update(key);
        let name = *hasher.finalize().as_bytes();
        hasher.zeroize();
        RecordName(name)
    }

    /// Encrypts a record.
    pub fn seal(
        &self,
        store: &str,
        key: &[u8],
        value: &[u8],
        rng: &mut impl CryptoRng,
    ) -> SealedRecord {
        let name = self.name(store, key);
        let nonce = random_bytes(rng);
        let plain = plaintext(key, value);
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&nonce);
        bytes.extend(encrypt(
            &self.records,
            &nonce,
            &bound(store, &name.0),
            &plain,
        ));
        SealedRecord { name, bytes }
    }

    /// Decrypts a record that was found in this store under this name.
    ///
    /// # Errors
    /// [`RecordError`] if it was not sealed by this vault for this store and name.
    pub fn open(
        &self,
        store: &str,
        name: &[u8],
        bytes: &[u8],
    ) -> Result<OpenedRecord, RecordError> {
        self.try_open(store, name, bytes)
            .map_err(|problem| RecordError {
                store: store.to_owned(),
                problem,
            })
    }

    fn try_open(
        &self,
        store: &str,
        name: &[u8],
        mut bytes: &[u8],
    ) -> Result<OpenedRecord, RecordProblem> {
        let [version] = take(&mut bytes).ok_or(RecordProblem::Damaged)?;
        if version != VERSION {
            return Err(RecordProblem::OtherVersion(version));
        }
        let nonce = take(&mut bytes).ok_or(RecordProblem::Damaged)?;
        decrypt(&self.records, &nonce, &bound(store, name), bytes)
            .and_then(|plain| opened(&plain))
            .ok_or(RecordProblem::Damaged)
    }
}

fn bound(store: &str, name: &[u8]) -> Vec<u8> {
    [&[VERSION], &length(name)[..], name, store.as_bytes()].concat()
}

fn plaintext(key: &[u8], value: &[u8]) -> Zeroizing<Vec<u8>> {
    let padded = padded_len(LENGTHS_LEN + key.len() + value.len());
    // All of it at once: a vector that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(padded));
    plain.extend_from_slice(&length(key));
    plain.extend_from_slice(&length(value));
    plain.extend_from_slice(key);
    plain.extend_from_slice(value);
    plain.resize(padded, 0);
    plain
}

fn opened(mut plain: &[u8]) -> Option<OpenedRecord> {
    let key_len = take_len(&mut plain)?;
    let value_len = take_len(&mut plain)?;
    Some(OpenedRecord {
        key: take_slice(&mut plain, key_len)?.to_vec(),
        value: take_slice(&mut plain, value_len)?.to_vec(),
    })
}
