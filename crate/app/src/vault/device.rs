//! The key that stands in for a passphrase where there is none.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    checksum::{self, Unreadable},
    copies::{Found, Lost, NamedCopy, find},
    key::Key,
    redacted,
};

const MAGIC: &[u8; 8] = b"sottodev";
const VERSION: u8 = 1;

/// 32 random bytes that the host keeps apart from the records. Who copies the whole profile has it;
/// who finds a part of it, or what is left of it after everything was forgotten, has not. Wiped from
/// memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DeviceKey(Key);

redacted!(DeviceKey);

impl PartialEq for DeviceKey {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        blake3::Hash::from_bytes(*self.0.as_bytes())
            == blake3::Hash::from_bytes(*other.0.as_bytes())
    }
}

impl Eq for DeviceKey {}

impl DeviceKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Key::generate(rng))
    }

    pub(super) fn key(&self) -> &Key {
        &self.0
    }

    /// The two copies to keep, 73 bytes each: a magic number, the version, the key, a checksum. Both
    /// are secret.
    #[must_use]
    pub fn copies(&self) -> [NamedCopy; 2] {
        ["device-key-1", "device-key-2"].map(|name| NamedCopy {
            name,
            bytes: self.to_record(),
        })
    }

    /// Reads the copies that are there.
    ///
    /// # Errors
    /// [`Lost`]
    pub fn find(first: Option<&[u8]>, second: Option<&[u8]>) -> Result<Found<Self>, Lost> {
        find([first, second], Self::from_record, |_| 0)
    }

    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(128));
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.0.as_bytes());
        checksum::append(&mut bytes);
        bytes
    }

    fn from_record(bytes: &[u8]) -> Result<Self, Unreadable> {
        let key = checksum::content(bytes, MAGIC, VERSION)?;
        Key::from_slice(key).map(Self).ok_or(Unreadable::Damaged)
    }
}
