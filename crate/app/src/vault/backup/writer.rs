//! Writing a backup, a piece at a time.

use aead_stream::{EncryptorBE32, NewStream, StreamPrimitive};
use chacha20poly1305::XChaCha20Poly1305;
use rand_core::CryptoRng;
use sotto_core::time::Time;

use super::{
    super::{
        cipher::cipher,
        passphrase::Passphrase,
        price::{NoMemory, Price},
        redacted,
    },
    CHUNK_LEN, Stream,
    frame::{Clear, RecordTooLarge},
    header::{Fields, chunk_key},
};

/// Writes a backup. It keeps less than one chunk in memory besides the record at hand.
pub struct BackupWriter {
    stream: EncryptorBE32<XChaCha20Poly1305>,
    clear: Clear,
}

redacted!(BackupWriter);

impl BackupWriter {
    /// Begins a backup made at this time, with a passphrase of its own, at [`Price::BACKUP`]: the
    /// writer, and the first bytes of the file.
    ///
    /// # Errors
    /// [`NoMemory`]
    pub fn start(
        passphrase: &Passphrase,
        made_at: Time,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), NoMemory> {
        Self::start_at(passphrase, Price::BACKUP, made_at, rng)
    }

    /// As [`BackupWriter::start`], at another price.
    ///
    /// # Errors
    /// [`NoMemory`]
    pub fn start_at(
        passphrase: &Passphrase,
        price: Price,
        made_at: Time,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), NoMemory> {
        let fields = Fields::draw(price, rng);
        let key = fields.key(passphrase)?;
        let stream = Stream::from_aead(cipher(&chunk_key(&key)), &fields.prefix.into());
        let mut clear = Clear::default();
        clear.append_time(made_at);
        let writer = Self {
            stream: stream.encryptor(),
            clear,
        };
        Ok((writer, fields.header(&key)))
    }

    /// Adds a record: the next bytes of the file, which may be none.
    ///
    /// # Errors
    /// [`RecordTooLarge`]; the record is left out, and the backup may go on.
    pub fn add(
        &mut self,
        store: &str,
        key: &[u8],
        value: &[u8],
    ) -> Result<Vec<u8>, RecordTooLarge> {
        self.clear.append_record(store, key, value)?;
        let mut file = Vec::new();
        let mut done = 0;
        for chunk in self.clear.as_slice().chunks_exact(CHUNK_LEN) {
            // The cipher would refuse more than 2^32 chunks, which are 256 TiB.
            file.extend(
                self.stream
                    .encrypt_next(chunk)
                    .map_err(|_| RecordTooLarge(store.to_owned()))?,
            );
            done += chunk.len();
        }
        self.clear.skip(done);
        Ok(file)
    }

    /// Ends the backup: the last bytes of the file.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.clear.append_end(CHUNK_LEN);
        // The cipher refuses only what is longer than 256 GiB.
        self.stream
            .encrypt_last(self.clear.as_slice())
            .unwrap_or_default()
    }
}
