//! The data key on disk.
//!
//! 162 bytes, numbers big-endian:
//!
//! | Bytes | What |
//! |---|---|
//! | 8 | `sottokey` |
//! | 1 | version, 1 |
//! | 1 | wrapped by: 0 the device key, 1 a passphrase |
//! | 4 | generation: grows with each change, so that of two copies the later one is known |
//! | 16 | id of the vault, derived from the data key |
//! | 12 | Argon2id: memory in KiB, passes, lanes; zeros for a device key |
//! | 16 | salt; zeros for a device key |
//! | 24 | nonce |
//! | 48 | the data key, XChaCha20-Poly1305, bound to all fields before the nonce |
//! | 32 | BLAKE3 of all before: tells damage from a wrong passphrase |
//!
//! All versions begin with the magic number and the version and end with the checksum.

use zeroize::Zeroizing;

use super::{
    checksum::{self, Unreadable},
    cipher::{NONCE_LEN, Nonce, TAG_LEN},
    copies::{Found, Lost, NamedCopy, find},
    key::{KEY_LEN, VaultId},
    parse::{take, take_u32},
    price::{PRICE_LEN, Price, SALT_LEN, Salt},
};

const MAGIC: &[u8; 8] = b"sottokey";
const VERSION: u8 = 1;
/// Bytes of the wrapped key.
pub(super) const WRAPPED_LEN: usize = KEY_LEN + TAG_LEN;

/// The data key, wrapped. It is no secret, and says what is needed to unwrap it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub(super) head: Head,
    pub(super) nonce: Nonce,
    pub(super) wrapped: [u8; WRAPPED_LEN],
}

/// The fields that the wrapped key is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) lock: Lock,
    pub(super) generation: u32,
    pub(super) id: VaultId,
}

/// What wraps the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Device,
    Passphrase(Price, Salt),
}

/// What a vault is protected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// The device key: unlocked without asking.
    Device,
    /// A passphrase.
    Passphrase,
}

impl Envelope {
    /// What unlocks it.
    #[must_use]
    pub fn protection(&self) -> Protection {
        match self.head.lock {
            Lock::Device => Protection::Device,
            Lock::Passphrase(..) => Protection::Passphrase,
        }
    }

    /// What a guess at the passphrase costs, if there is one.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        match self.head.lock {
            Lock::Device => None,
            Lock::Passphrase(price, _) => Some(price),
        }
    }

    pub(super) fn id(&self) -> VaultId {
        self.head.id
    }

    /// The two copies to keep, 162 bytes each. Write both in one transaction; if the second one is
    /// kept somewhere else, write it after the first.
    #[must_use]
    pub fn copies(&self) -> [NamedCopy; 2] {
        ["envelope-1", "envelope-2"].map(|name| NamedCopy {
            name,
            bytes: self.to_record(),
        })
    }

    /// Reads the copies that are there. Of two that differ the later one counts.
    ///
    /// # Errors
    /// [`Lost`]
    pub fn find(first: Option<&[u8]>, second: Option<&[u8]>) -> Result<Found<Self>, Lost> {
        find([first, second], Self::from_record, |found| {
            found.head.generation
        })
    }

    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(self.head.to_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.wrapped);
        checksum::append(&mut bytes);
        bytes
    }

    fn from_record(bytes: &[u8]) -> Result<Self, Unreadable> {
        let fields = checksum::content(bytes, MAGIC, VERSION)?;
        Self::read_fields(fields).ok_or(Unreadable::Damaged)
    }

    fn read_fields(mut bytes: &[u8]) -> Option<Self> {
        let envelope = Self {
            head: Head::read(&mut bytes)?,
            nonce: take::<NONCE_LEN>(&mut bytes)?,
            wrapped: take(&mut bytes)?,
        };
        bytes.is_empty().then_some(envelope)
    }
}

impl Head {
    /// All fields before the nonce.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (kind, price, salt) = match self.lock {
            Lock::Device => (0, [0; PRICE_LEN], [0; SALT_LEN]),
            Lock::Passphrase(price, salt) => (1, price.to_bytes(), salt),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[VERSION, kind]);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&price);
        bytes.extend_from_slice(&salt);
        bytes
    }

    /// Reads what follows the version.
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let kind = take(bytes)?;
        let generation = take_u32(bytes)?;
        let id = take(bytes)?;
        let lock = match kind {
            [0] => {
                take::<PRICE_LEN>(bytes)?;
                take::<SALT_LEN>(bytes)?;
                Lock::Device
            }
            [1] => Lock::Passphrase(Price::read(bytes)?, take(bytes)?),
            _ => return None,
        };
        Some(Self {
            lock,
            generation,
            id,
        })
    }
}
