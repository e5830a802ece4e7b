//! What stands before the chunks.

use rand_core::CryptoRng;
use sotto_core::crypto::random_bytes;
use zeroize::Zeroize;

use super::{
    super::{
        checksum::{self, Unreadable},
        key::Key,
        parse::take,
        passphrase::Passphrase,
        price::{NoMemory, Price, Salt},
    },
    BackupError,
    reader::BackupReader,
};

/// Bytes of the header.
pub const BACKUP_HEADER_LEN: usize = 120;

const MAGIC: &[u8; 8] = b"sottobak";
const VERSION: u8 = 1;
/// What is left of the nonce after the chunk's number and the mark of the last one.
pub(super) const PREFIX_LEN: usize = 19;

/// The first 120 bytes of a backup, read and found whole.
#[derive(Debug, Clone)]
pub struct BackupHeader {
    fields: Fields,
    proof: blake3::Hash,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    price: Price,
    salt: Salt,
    pub(super) prefix: [u8; PREFIX_LEN],
}

impl BackupHeader {
    /// Reads the first [`BACKUP_HEADER_LEN`] bytes of a file; more may follow.
    ///
    /// # Errors
    /// [`BackupError`]
    pub fn read(file: &[u8]) -> Result<Self, BackupError> {
        if !file.starts_with(MAGIC) {
            return Err(BackupError::NotABackup);
        }
        let header = file
            .get(..BACKUP_HEADER_LEN)
            .ok_or(BackupError::Truncated)?;
        let content =
            checksum::content(header, MAGIC, VERSION).map_err(|problem| match problem {
                Unreadable::NewerVersion(version) => BackupError::NewerVersion(version),
                Unreadable::Damaged => BackupError::Damaged,
            })?;
        Self::read_fields(content).ok_or(BackupError::Damaged)
    }

    fn read_fields(mut bytes: &[u8]) -> Option<Self> {
        let fields = Fields {
            price: Price::read(&mut bytes)?,
            salt: take(&mut bytes)?,
            prefix: take(&mut bytes)?,
        };
        let proof = blake3::Hash::from_bytes(take(&mut bytes)?);
        Some(Self { fields, proof })
    }

    /// A reader for the chunks that follow.
    ///
    /// # Errors
    /// [`BackupError::WrongPassphrase`], [`BackupError::NoMemory`]
    pub fn open(&self, passphrase: &Passphrase) -> Result<BackupReader, BackupError> {
        let key = self.fields.key(passphrase)?;
        // Hashes are compared in constant time.
        if self.fields.proof(&key) != self.proof {
            return Err(BackupError::WrongPassphrase);
        }
        Ok(BackupReader::new(&key, &self.fields))
    }
}

impl Fields {
    pub(super) fn draw(price: Price, rng: &mut impl CryptoRng) -> Self {
        Self {
            price,
            salt: random_bytes(rng),
            prefix: random_bytes(rng),
        }
    }

    pub(super) fn key(&self, passphrase: &Passphrase) -> Result<Key, NoMemory> {
        self.price.key(passphrase, &self.salt)
    }

    /// The header as it is written.
    pub(super) fn header(&self, key: &Key) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        bytes.extend_from_slice(self.proof(key).as_bytes());
        checksum::append(&mut bytes);
        bytes
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            &MAGIC[..],
            &[VERSION],
            &self.price.to_bytes(),
            &self.salt,
            &self.prefix,
        ]
        .concat()
    }

    /// What only the key's owner can say of these fields.
    fn proof(&self, key: &Key) -> blake3::Hash {
        let key = key.derive("sotto backup 1: proof of the passphrase");
        let mut hasher = blake3::Hasher::new_keyed(key.as_bytes());
        hasher.update(&self.to_bytes());
        let proof = hasher.finalize();
        hasher.zeroize();
        proof
    }
}

/// The key of the chunks.
pub(super) fn chunk_key(key: &Key) -> Key {
    key.derive("sotto backup 1: chunks")
}
