//! The unlocked vault, for memory that outlives the background and not the browser.

use zeroize::Zeroizing;

use super::{
    checksum,
    key::{Key, Vault},
    parse::take,
};

const VERSION: u8 = 1;

/// The bytes are not an unlocked vault: ask for the passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The session does not hold the vault's key any more.")]
pub struct DamagedSession;

impl Vault {
    /// The key in clear, for `storage.session`: 65 bytes, the version, the key, a checksum. They must
    /// never be written to disk.
    #[must_use]
    pub fn to_session_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(65));
        bytes.push(VERSION);
        bytes.extend_from_slice(self.data.as_bytes());
        checksum::append(&mut bytes);
        bytes
    }

    /// The vault of [`Vault::to_session_bytes`].
    ///
    /// # Errors
    /// [`DamagedSession`]
    pub fn from_session_bytes(bytes: &[u8]) -> Result<Self, DamagedSession> {
        let mut content = checksum::verify(bytes).ok_or(DamagedSession)?;
        match take(&mut content) {
            Some([VERSION]) => Key::from_slice(content)
                .map(Self::from_data_key)
                .ok_or(DamagedSession),
            _ => Err(DamagedSession),
        }
    }
}
