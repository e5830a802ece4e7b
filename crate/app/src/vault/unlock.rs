//! Wrapping the data key, and getting it back.

use rand_core::CryptoRng;
use sotto_core::crypto::random_bytes;

use super::{
    cipher::{decrypt, encrypt},
    device::DeviceKey,
    envelope::{Envelope, Head, Lock, WRAPPED_LEN},
    key::{Key, Vault},
    passphrase::Passphrase,
    price::{NoMemory, Price},
};

/// What a vault is locked and unlocked with.
#[derive(Debug, Clone, Copy)]
pub enum Secret<'a> {
    /// The device key.
    Device(&'a DeviceKey),
    /// A passphrase.
    Passphrase(&'a Passphrase),
}

/// An opened envelope.
#[derive(Debug)]
pub struct Unlocked {
    /// The vault.
    pub vault: Vault,
    /// An envelope at today's price, to be written in place of the old one. Until it is written the
    /// old one works.
    pub raised: Option<Envelope>,
}

/// Why an envelope stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The envelope is whole, and the passphrase is another one.
    #[error("This is not the passphrase.")]
    WrongPassphrase,
    /// The envelope is whole, and the device key is another one.
    #[error("The device key belongs to another vault. Restore a backup, or start anew.")]
    WrongDeviceKey,
    /// A passphrase is needed, and a device key was given.
    #[error("This vault is locked with a passphrase.")]
    PassphraseNeeded,
    /// The device key is needed, and a passphrase was given.
    #[error("This vault has no passphrase.")]
    DeviceKeyNeeded,
    /// Argon2id needs more memory than there is.
    #[error(transparent)]
    NoMemory(#[from] NoMemory),
}

impl Envelope {
    /// Wraps a vault's key for the first time; with a passphrase at [`Price::VAULT`].
    ///
    /// # Errors
    /// [`NoMemory`]
    pub fn create(
        vault: &Vault,
        secret: Secret<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NoMemory> {
        Self::wrap(vault, secret, Price::VAULT, 0, rng)
    }

    /// As [`Envelope::create`] with a passphrase, at another price.
    ///
    /// # Errors
    /// [`NoMemory`]
    pub fn create_at(
        vault: &Vault,
        passphrase: &Passphrase,
        price: Price,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NoMemory> {
        Self::wrap(vault, Secret::Passphrase(passphrase), price, 0, rng)
    }

    /// Opens the envelope. If it was closed at a price below [`Price::VAULT`], it is also closed
    /// again at the higher one, which takes as long as opening it a second time.
    ///
    /// # Errors
    /// [`UnlockError`]
    pub fn unlock(
        &self,
        secret: Secret<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Unlocked, UnlockError> {
        let vault = self.open(secret)?;
        let raised = match self.price().filter(|price| price.needs_raising()) {
            Some(price) => {
                let generation = self.next_generation();
                // Where there is no memory for more, the old price has to do.
                Self::wrap(&vault, secret, price.raised(), generation, rng).ok()
            }
            None => None,
        };
        Ok(Unlocked { vault, raised })
    }

    /// The same key under another secret: a passphrase is set, changed or removed. The records stay
    /// as they are, and who kept an old envelope and its secret can still read them; to shut that
    /// out, records must be sealed anew by a new [`Vault`]. When a passphrase is set, delete both
    /// copies of the device key in the same transaction; when it is removed, write those of a newly
    /// drawn one.
    ///
    /// # Errors
    /// [`UnlockError`] if `old` is not the secret of this envelope.
    pub fn change_secret(
        &self,
        old: Secret<'_>,
        new: Secret<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, UnlockError> {
        let vault = self.open(old)?;
        let generation = self.next_generation();
        Ok(Self::wrap(&vault, new, Price::VAULT, generation, rng)?)
    }

    fn next_generation(&self) -> u32 {
        self.head.generation.saturating_add(1)
    }

    fn open(&self, secret: Secret<'_>) -> Result<Vault, UnlockError> {
        let (wrapping, wrong) = match (self.head.lock, secret) {
            (Lock::Device, Secret::Device(key)) => {
                (device_wrapping(key), UnlockError::WrongDeviceKey)
            }
            (Lock::Passphrase(price, salt), Secret::Passphrase(passphrase)) => {
                (price.key(passphrase, &salt)?, UnlockError::WrongPassphrase)
            }
            (Lock::Device, Secret::Passphrase(_)) => return Err(UnlockError::DeviceKeyNeeded),
            (Lock::Passphrase(..), Secret::Device(_)) => return Err(UnlockError::PassphraseNeeded),
        };
        decrypt(&wrapping, &self.nonce, &self.head.to_bytes(), &self.wrapped)
            .and_then(|data| Key::from_slice(&data))
            .map(Vault::from_data_key)
            .ok_or(wrong)
    }

    fn wrap(
        vault: &Vault,
        secret: Secret<'_>,
        price: Price,
        generation: u32,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NoMemory> {
        let (lock, wrapping) = match secret {
            Secret::Device(key) => (Lock::Device, device_wrapping(key)),
            Secret::Passphrase(passphrase) => {
                let salt = random_bytes(rng);
                (Lock::Passphrase(price, salt), price.key(passphrase, &salt)?)
            }
        };
        let head = Head {
            lock,
            generation,
            id: vault.id,
        };
        let nonce = random_bytes(rng);
        let bytes = encrypt(&wrapping, &nonce, &head.to_bytes(), vault.data.as_bytes());
        // The ciphertext of 32 bytes is always 48 bytes long.
        let wrapped = bytes.try_into().unwrap_or([0; WRAPPED_LEN]);
        Ok(Self {
            head,
            nonce,
            wrapped,
        })
    }
}

fn device_wrapping(key: &DeviceKey) -> Key {
    key.key().derive("sotto vault 1: device key wraps")
}
