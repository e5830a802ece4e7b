//! What the background holds of the vault.

use sotto_core::{ChaCha20Rng, time::Time};

use super::{
    effect::{Change, Session, Table},
    input::StoredVault,
};
use crate::{
    page::{ErrorView, Fault, ProtectionView, RequestError, Typed},
    vault::{
        DeviceKey, Envelope, Found, Lost, NamedCopy, Passphrase, Protection, Secret, UnlockError,
        Unlocked, Vault,
    },
};

/// What the host gives that is not to be had in this crate: Unicode normalisation form NFKC.
pub type Normalise = fn(&str) -> String;

/// The vault, locked or not.
pub(super) struct Safe {
    pub(super) rng: ChaCha20Rng,
    nfkc: Normalise,
    envelope: Option<Envelope>,
    device: Option<DeviceKey>,
    /// The unlocked vault.
    pub(super) vault: Option<Vault>,
    /// When a person last did something.
    pub(super) last_used: Time,
    /// The same as it was last kept in the session.
    pub(super) kept: Time,
    /// Records that could not be opened since the start.
    pub(super) damaged: u64,
}

/// A vault that is not on disk yet.
pub(super) struct NewVault {
    pub(super) vault: Vault,
    envelope: Envelope,
    device: Option<DeviceKey>,
}

/// Another envelope for the same vault, on its way to the disk.
pub(super) struct NewSecret {
    envelope: Envelope,
    device: Option<DeviceKey>,
}

/// What was found on the disk.
pub(super) enum Sight {
    /// No vault.
    None,
    /// One that waits for its passphrase.
    Locked,
    /// One that is open now.
    Open,
    /// One that cannot be opened any more.
    Lost(ErrorView),
}

impl Safe {
    pub(super) fn new(rng: ChaCha20Rng, nfkc: Normalise) -> Self {
        Self {
            rng,
            nfkc,
            envelope: None,
            device: None,
            vault: None,
            last_used: Time::default(),
            kept: Time::default(),
            damaged: 0,
        }
    }

    /// What protects the open vault.
    pub(super) fn protection(&self) -> Option<Protection> {
        let envelope = self.envelope.as_ref()?;
        self.vault.as_ref().map(|_| envelope.protection())
    }

    /// Whether a passphrase protects the vault.
    pub(super) fn has_passphrase(&self) -> bool {
        let protection = self.envelope.as_ref().map(Envelope::protection);
        protection == Some(Protection::Passphrase)
    }

    /// Reads what is on disk, and opens the vault if that takes no passphrase. Also gives what is to
    /// be written, as a copy was damaged.
    pub(super) fn look(&mut self, now: Time, found: &StoredVault) -> (Sight, Vec<Change>) {
        let envelope = match envelope(found) {
            Ok(envelope) => envelope,
            Err(Lost::Missing) if found.copies.is_empty() && !found.has_records => {
                return (Sight::None, Vec::new());
            }
            Err(lost) => return (Sight::Lost(lost_view(lost)), Vec::new()),
        };
        let mut mending = Vec::new();
        if envelope.needs_mending() {
            mending.extend(put(envelope.value.copies()));
        }
        let sight = match envelope.value.protection() {
            Protection::Passphrase => self.look_at_session(&envelope.value, found.session.as_ref()),
            Protection::Device => self.look_at_device(now, &envelope.value, found, &mut mending),
        };
        self.envelope = Some(envelope.value);
        (sight, mending)
    }

    fn look_at_session(&mut self, envelope: &Envelope, session: Option<&Session>) -> Sight {
        let open = session.and_then(|session| {
            let vault = Vault::from_session_bytes(&session.key).ok()?;
            vault.fits(envelope).then_some((vault, session.last_used))
        });
        let Some((vault, last_used)) = open else {
            return Sight::Locked;
        };
        self.vault = Some(vault);
        self.last_used = last_used;
        self.kept = last_used;
        Sight::Open
    }

    fn look_at_device(
        &mut self,
        now: Time,
        envelope: &Envelope,
        found: &StoredVault,
        mending: &mut Vec<Change>,
    ) -> Sight {
        let device = match device_key(found) {
            Ok(device) => device,
            Err(lost) => return Sight::Lost(lost_view(lost)),
        };
        if device.needs_mending() {
            mending.extend(put(device.value.copies()));
        }
        match envelope.unlock(Secret::Device(&device.value), &mut self.rng) {
            Ok(unlocked) => {
                self.vault = Some(unlocked.vault);
                self.device = Some(device.value);
                self.last_used = now;
                Sight::Open
            }
            Err(error) => Sight::Lost(RequestError::Vault(error).view()),
        }
    }

    /// Draws a new vault.
    pub(super) fn create(
        &mut self,
        passphrase: Option<&Passphrase>,
    ) -> Result<NewVault, RequestError> {
        let vault = Vault::create(&mut self.rng);
        let NewSecret { envelope, device } = self.wrap(&vault, passphrase)?;
        Ok(NewVault {
            vault,
            envelope,
            device,
        })
    }

    fn wrap(
        &mut self,
        vault: &Vault,
        passphrase: Option<&Passphrase>,
    ) -> Result<NewSecret, RequestError> {
        let device = passphrase
            .is_none()
            .then(|| DeviceKey::generate(&mut self.rng));
        let secret = secret(passphrase, device.as_ref());
        let envelope = match secret {
            Some(secret) => Envelope::create(vault, secret, &mut self.rng),
            None => return Err(RequestError::Starting),
        };
        let envelope = envelope.map_err(|error| RequestError::Vault(error.into()))?;
        Ok(NewSecret { envelope, device })
    }

    /// Takes in a vault that is on disk now.
    pub(super) fn take_in(&mut self, new: NewVault) {
        self.vault = Some(new.vault);
        self.take_secret(NewSecret {
            envelope: new.envelope,
            device: new.device,
        });
        self.damaged = 0;
    }

    pub(super) fn take_secret(&mut self, new: NewSecret) {
        self.envelope = Some(new.envelope);
        self.device = new.device;
    }

    /// Opens the vault; gives what is to be written, as the price was raised.
    pub(super) fn unlock(&mut self, passphrase: &Passphrase) -> Result<Vec<Change>, RequestError> {
        let envelope = self.envelope.as_ref().ok_or(RequestError::VaultNone)?;
        let Unlocked { vault, raised } = envelope
            .unlock(Secret::Passphrase(passphrase), &mut self.rng)
            .map_err(RequestError::Vault)?;
        self.vault = Some(vault);
        let Some(raised) = raised else {
            return Ok(Vec::new());
        };
        let changes = put(raised.copies()).collect();
        self.envelope = Some(raised);
        Ok(changes)
    }

    /// The same vault under another secret; nothing is changed yet.
    pub(super) fn change_secret(
        &mut self,
        old: Option<&Passphrase>,
        new: Option<&Passphrase>,
    ) -> Result<NewSecret, RequestError> {
        let needed = RequestError::Vault(UnlockError::PassphraseNeeded);
        let envelope = self.envelope.as_ref().ok_or(RequestError::VaultNone)?;
        let old = secret(old, self.device.as_ref()).ok_or(needed)?;
        let device = new.is_none().then(|| DeviceKey::generate(&mut self.rng));
        let new = secret(new, device.as_ref()).ok_or(RequestError::VaultNone)?;
        let envelope = envelope
            .change_secret(old, new, &mut self.rng)
            .map_err(RequestError::Vault)?;
        Ok(NewSecret { envelope, device })
    }

    /// Forgets the keys. The envelope stays.
    pub(super) fn lock(&mut self) {
        if let Some(vault) = self.vault.take() {
            vault.lock();
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.lock();
        self.envelope = None;
        self.device = None;
        self.damaged = 0;
    }

    /// What outlives the background; nothing for a vault that opens by itself.
    pub(super) fn session(&self) -> Option<Session> {
        let vault = self.vault.as_ref().filter(|_| self.has_passphrase())?;
        Some(Session {
            key: vault.to_session_bytes(),
            last_used: self.last_used,
        })
    }

    /// A passphrase as it was typed for something that has one.
    pub(super) fn typed(&self, text: &Typed) -> Result<Passphrase, RequestError> {
        Passphrase::typed(text.as_str(), self.nfkc).map_err(RequestError::BadPassphrase)
    }

    /// A passphrase for something new.
    pub(super) fn chosen(&self, text: &Typed) -> Result<Passphrase, RequestError> {
        Passphrase::chosen(text.as_str(), self.nfkc).map_err(RequestError::BadPassphrase)
    }
}

impl NewVault {
    /// What makes it the only vault on the disk.
    pub(super) fn changes(&self) -> Vec<Change> {
        secret_changes(&self.envelope, self.device.as_ref())
    }
}

impl NewSecret {
    /// What makes it the only secret on the disk.
    pub(super) fn changes(&self) -> Vec<Change> {
        secret_changes(&self.envelope, self.device.as_ref())
    }
}

/// All that the vault's table is to hold.
fn secret_changes(envelope: &Envelope, device: Option<&DeviceKey>) -> Vec<Change> {
    let mut changes = vec![Change::Clear(Table::Vault)];
    changes.extend(put(envelope.copies()));
    if let Some(device) = device {
        changes.extend(put(device.copies()));
    }
    changes
}

fn secret<'a>(
    passphrase: Option<&'a Passphrase>,
    device: Option<&'a DeviceKey>,
) -> Option<Secret<'a>> {
    let passphrase = passphrase.map(Secret::Passphrase);
    passphrase.or_else(|| device.map(Secret::Device))
}

fn put(copies: [NamedCopy; 2]) -> impl Iterator<Item = Change> {
    copies.into_iter().map(|copy| Change::Put {
        table: Table::Vault,
        key: copy.name.as_bytes().to_vec(),
        value: copy.bytes.to_vec(),
    })
}

fn copy<'a>(found: &'a StoredVault, name: &str) -> Option<&'a [u8]> {
    let copies = &found.copies;
    let copy = copies.iter().find(|(own, _)| own == name);
    copy.map(|(_, bytes)| bytes.as_slice())
}

fn envelope(found: &StoredVault) -> Result<Found<Envelope>, Lost> {
    Envelope::find(copy(found, "envelope-1"), copy(found, "envelope-2"))
}

fn device_key(found: &StoredVault) -> Result<Found<DeviceKey>, Lost> {
    DeviceKey::find(copy(found, "device-key-1"), copy(found, "device-key-2"))
}

/// Why the vault cannot be opened any more, for pages.
fn lost_view(lost: Lost) -> ErrorView {
    let code = match lost {
        Lost::Missing => "vault.missing",
        Lost::Damaged => "vault.damaged",
        Lost::NewerVersion => "vault.newer",
    };
    ErrorView {
        code: code.to_owned(),
        fault: Fault::Storage,
        message: match lost {
            Lost::Missing => {
                "The vault's key is not there. Restore a backup, or start anew.".to_owned()
            }
            other => other.to_string(),
        },
    }
}

impl From<Protection> for ProtectionView {
    fn from(protection: Protection) -> Self {
        match protection {
            Protection::Device => Self::Device,
            Protection::Passphrase => Self::Passphrase,
        }
    }
}
