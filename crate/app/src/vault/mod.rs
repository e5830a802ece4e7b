//! The vault: how everything that is kept on disk is encrypted.
//!
//! ```text
//!  passphrase ──Argon2id──┐
//!                         ├─▶ wraps ─▶ data key ─┬─▶ record key   XChaCha20-Poly1305
//!  device key ────────────┘   (Envelope)         └─▶ name key     BLAKE3, keyed
//! ```
//!
//! A [`Vault`] is the unlocked data key: 32 random bytes that never change. An [`Envelope`] is the
//! data key on disk, wrapped by a [`DeviceKey`] or by what Argon2id makes of a [`Passphrase`];
//! another passphrase makes another envelope and leaves the records alone. The code here is pure:
//! the host brings randomness and time, and carries bytes to and from the disk.
//!
//! # Life of a vault
//!
//! | What happens | Call |
//! |---|---|
//! | first start | [`Vault::create`], [`DeviceKey::generate`], [`Envelope::create`] |
//! | to disk | [`Envelope::copies`] and [`DeviceKey::copies`], each pair in one transaction |
//! | from disk | [`Envelope::find`], and write [`Envelope::copies`] again if [`Found::needs_mending`] |
//! | unlock | [`Envelope::unlock`]; write the raised envelope, if there is one |
//! | the background restarts | [`Vault::from_session_bytes`], checked with [`Vault::fits`] |
//! | lock | [`Vault::lock`], and remove the bytes from the session storage |
//! | lock when idle | [`lock_due`] |
//! | set, change, remove a passphrase | [`Envelope::change_secret`] |
//! | a record | [`Vault::seal`], [`Vault::open`], [`Vault::name`] |
//! | backup | [`BackupWriter`]; [`BackupHeader`], [`BackupReader`] |
//! | forget everything | delete both copies of everything; what is left of the records is noise |
//!
//! # What a record tells without the key
//!
//! Its name is a keyed hash of store and key. Its length is rounded up to at least 128 bytes and
//! otherwise by at most an eighth (Padmé), so that a short message does not show how short it is.
//! What remains visible: which object store it is in, how many there are, about how long they are,
//! when the file of the database was written. Deleting a record, or putting an older version of the
//! same record back, is not noticed; moving, renaming and changing are.
//!
//! # The order of a history
//!
//! Hashed names have no order, and a time of writing next to them would tell when messages came. So
//! the time belongs inside the record (it is there: each message has one), and the field that
//! IndexedDB sorts by becomes a number that only grows: one more than the largest in that store,
//! read by the cursor that finds the newest records anyway, and counted on in memory from then on.
//! It says in which order records were written and nothing of when. The newest N by that number are
//! loaded, and [`History`](crate::history) puts them in the order of the times inside.

mod backup;
mod checksum;
mod cipher;
mod copies;
mod device;
mod envelope;
mod idle;
mod key;
mod padding;
mod parse;
mod passphrase;
mod price;
mod record;
mod session;
mod unlock;

pub use backup::{
    BACKUP_HEADER_LEN, BackupError, BackupHeader, BackupReader, BackupRecord, BackupWriter,
    CHUNK_LEN, MAX_KEY_LEN, MAX_STORE_LEN, MAX_VALUE_LEN, RecordTooLarge,
};
pub use copies::{CopyState, Found, Lost, NamedCopy};
pub use device::DeviceKey;
pub use envelope::{Envelope, Protection};
pub use idle::{CLOCK_SLACK, LockDue, LockSettings, lock_due};
pub use key::Vault;
pub use passphrase::{MAX_PASSPHRASE_BYTES, MIN_CHOSEN_CHARS, Passphrase, PassphraseError};
pub use price::{NoMemory, Price};
pub use record::{OpenedRecord, RecordError, RecordName, RecordProblem, SealedRecord};
pub use session::DamagedSession;
pub use unlock::{Secret, UnlockError, Unlocked};

/// Debug output that shows the type's name and nothing of its content.
macro_rules! redacted {
    ($($name:ty),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )+};
}
use redacted;
