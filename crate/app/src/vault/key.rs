//! Keys, and the unlocked vault.

use blake3::Hasher;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{envelope::Envelope, redacted};

/// Bytes of a key.
pub(super) const KEY_LEN: usize = 32;
/// Bytes of a vault's id.
pub(super) const ID_LEN: usize = 16;

/// Names a vault without telling anything of its key.
pub(super) type VaultId = [u8; ID_LEN];

/// A secret of 32 bytes. In a box, as moving it would leave copies on the stack.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Key(Box<[u8; KEY_LEN]>);

redacted!(Key);

impl Key {
    pub(super) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self::zero();
        rng.fill_bytes(key.as_mut());
        key
    }

    /// For filling by [`Key::as_mut`].
    pub(super) fn zero() -> Self {
        Self(Box::new([0; KEY_LEN]))
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self::zero();
        (bytes.len() == KEY_LEN).then(|| key.0.copy_from_slice(bytes))?;
        Some(key)
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    pub(super) fn as_mut(&mut self) -> &mut [u8; KEY_LEN] {
        &mut self.0
    }

    /// A key for one purpose: who has it learns nothing of this key, nor of those for other
    /// purposes.
    pub(super) fn derive(&self, purpose: &str) -> Self {
        let mut key = Self::zero();
        let mut hasher = Hasher::new_derive_key(purpose);
        hasher.update(self.as_bytes());
        hasher.finalize_xof().fill(key.as_mut());
        hasher.zeroize();
        key
    }
}

/// An unlocked vault: seals and opens records. Its keys are wiped from memory when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct Vault {
    pub(super) data: Key,
    pub(super) records: Key,
    pub(super) names: Key,
    #[zeroize(skip)]
    pub(super) id: VaultId,
}

redacted!(Vault);

impl Vault {
    /// A vault with a new key, that opens nothing that was ever sealed.
    pub fn create(rng: &mut impl CryptoRng) -> Self {
        Self::from_data_key(Key::generate(rng))
    }

    pub(super) fn from_data_key(data: Key) -> Self {
        let mut id = [0; ID_LEN];
        let hidden = data.derive("sotto vault 1: id");
        id.copy_from_slice(hidden.as_bytes().split_at(ID_LEN).0);
        Self {
            records: data.derive("sotto vault 1: records"),
            names: data.derive("sotto vault 1: record names"),
            id,
            data,
        }
    }

    /// Forgets the keys. The host must also remove [`Vault::to_session_bytes`] from where it put
    /// them.
    pub fn lock(self) {
        drop(self);
    }

    /// Whether an envelope holds this vault's key. One from a session may be left over from a vault
    /// that was forgotten or replaced by a backup.
    #[must_use]
    pub fn fits(&self, envelope: &Envelope) -> bool {
        envelope.id() == self.id
    }
}
