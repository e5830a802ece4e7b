//! The backup file.
//!
//! ```text
//! header, 120 bytes                                            then chunks of 64 KiB + 16 bytes
//!  8 sottobak                                                   XChaCha20-Poly1305 in the STREAM
//!  1 version, 1                                                 construction: the nonce is the
//! 12 Argon2id: memory in KiB, passes, lanes                     prefix, the chunk's number, and
//! 16 salt                                                       whether it is the last one
//! 19 nonce prefix
//! 32 BLAKE3 keyed with the passphrase's key: a wrong passphrase is known before any chunk
//! 32 BLAKE3 of all before: a damaged header is known before any passphrase
//! ```
//!
//! The chunks hold the time of the backup (8 bytes, milliseconds), the records (`1`, length of the
//! store's name in 1 byte, of the key and of the value in 4 bytes each, then the three), a `0`, and
//! zeros up to the end of the last chunk, so that the file's length is told to 64 KiB only.
//!
//! Chunks that are changed, swapped, doubled or missing, also at the end, are errors. But records
//! come out before the end was seen: keep them apart until [`BackupReader::finish`] agrees, or read
//! the file twice.

mod frame;
mod header;
mod reader;
mod writer;

pub use frame::{BackupRecord, MAX_KEY_LEN, MAX_STORE_LEN, MAX_VALUE_LEN, RecordTooLarge};
pub use header::{BACKUP_HEADER_LEN, BackupHeader};
pub use reader::BackupReader;
pub use writer::BackupWriter;

use aead_stream::StreamBE32;
use chacha20poly1305::XChaCha20Poly1305;

use super::{cipher::TAG_LEN, price::NoMemory};

/// Bytes of a chunk in clear.
pub const CHUNK_LEN: usize = 64 * 1024;
/// Bytes of a chunk in the file.
const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;

type Stream = StreamBE32<XChaCha20Poly1305>;

/// Why a backup cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The file begins differently.
    #[error("This is not a backup of Sotto.")]
    NotABackup,
    /// The file was written by a later version of this extension.
    #[error("This backup was written by a later version of Sotto. Update the extension.")]
    NewerVersion(u8),
    /// The file is whole as far as that can be known, and the passphrase is another one.
    #[error("This is not the passphrase of this backup.")]
    WrongPassphrase,
    /// The file was changed.
    #[error("This backup is damaged. Nothing was restored from it.")]
    Damaged,
    /// The file ends too early.
    #[error("The end of this backup is missing. Nothing was restored from it.")]
    Truncated,
    /// Argon2id needs more memory than there is.
    #[error(transparent)]
    NoMemory(#[from] NoMemory),
}
