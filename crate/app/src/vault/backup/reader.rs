//! Reading a backup, a piece at a time.

use aead_stream::{NewStream, StreamPrimitive};
use sotto_core::time::Time;
use zeroize::Zeroizing;

use super::{
    super::{cipher::cipher, key::Key, redacted},
    BackupError, BackupRecord, SEALED_CHUNK_LEN, Stream,
    frame::Frames,
    header::{Fields, chunk_key},
};

/// Reads what follows the header of a backup. It keeps at most one chunk and one record in memory
/// besides the bytes at hand.
pub struct BackupReader {
    stream: Stream,
    position: u32,
    /// Bytes of the file that are not decrypted yet.
    sealed: Vec<u8>,
    frames: Frames,
}

redacted!(BackupReader);

impl BackupReader {
    pub(super) fn new(key: &Key, fields: &Fields) -> Self {
        Self {
            stream: Stream::from_aead(cipher(&chunk_key(key)), &fields.prefix.into()),
            position: 0,
            sealed: Vec::new(),
            frames: Frames::default(),
        }
    }

    /// Adds the next bytes of the file, in pieces of any size: the records that are whole now.
    ///
    /// # Errors
    /// [`BackupError::Damaged`]
    pub fn push(&mut self, file: &[u8]) -> Result<Vec<BackupRecord>, BackupError> {
        self.sealed.extend_from_slice(file);
        let mut records = Vec::new();
        let mut done = 0;
        // The last chunk is left for `finish`, as only the end of the file tells which it is.
        while let Some(chunk) = self
            .sealed
            .get(done..done + SEALED_CHUNK_LEN)
            .filter(|_| self.sealed.len() > done + SEALED_CHUNK_LEN)
        {
            let clear = self.decrypt(chunk, false).ok_or(BackupError::Damaged)?;
            self.position = self.position.checked_add(1).ok_or(BackupError::Damaged)?;
            records.extend(self.frames.push(&clear).map_err(|_| BackupError::Damaged)?);
            done += SEALED_CHUNK_LEN;
        }
        self.sealed.drain(..done);
        Ok(records)
    }

    /// The file is at its end: the last records. Only now is it known that nothing is missing.
    ///
    /// # Errors
    /// [`BackupError::Truncated`], [`BackupError::Damaged`]
    pub fn finish(mut self) -> Result<Vec<BackupRecord>, BackupError> {
        if self.sealed.len() < SEALED_CHUNK_LEN {
            return Err(BackupError::Truncated);
        }
        let Some(clear) = self.decrypt(&self.sealed, true) else {
            // A good chunk that is not the last one: the file was cut right behind it.
            return Err(match self.decrypt(&self.sealed, false) {
                Some(_) => BackupError::Truncated,
                None => BackupError::Damaged,
            });
        };
        let records = self.frames.push(&clear).map_err(|_| BackupError::Damaged)?;
        if self.frames.has_ended() {
            Ok(records)
        } else {
            Err(BackupError::Damaged)
        }
    }

    /// When the backup was made; known once the first chunk was read.
    #[must_use]
    pub fn made_at(&self) -> Option<Time> {
        self.frames.time()
    }

    fn decrypt(&self, chunk: &[u8], is_last: bool) -> Option<Zeroizing<Vec<u8>>> {
        self.stream
            .decrypt(self.position, is_last, chunk)
            .ok()
            .map(Zeroizing::new)
    }
}
