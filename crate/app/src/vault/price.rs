//! What guessing a passphrase costs.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::{
    key::{KEY_LEN, Key},
    parse::take_u32,
    passphrase::Passphrase,
};

/// Bytes of the salt.
pub(super) const SALT_LEN: usize = 16;
/// Bytes of a price as it is written.
pub(super) const PRICE_LEN: usize = 12;

/// The most memory that a record or file may ask for, in KiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes that a record or file may ask for.
const MAX_PASSES: u32 = 32;
/// The most lanes that a record or file may ask for.
const MAX_LANES: u32 = 16;
/// Argon2 wants that much for each lane, in KiB.
const LANE_KIB: u32 = 8;

pub(super) type Salt = [u8; SALT_LEN];

/// The parameters of Argon2id (version 0x13), as kept beside what it locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// There is not enough memory for Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is not enough memory to check a passphrase. Close other tabs and try again.")]
pub struct NoMemory;

impl Price {
    /// For a vault: 19 MiB, four passes, one lane, twice what OWASP recommends as the least: about a
    /// tenth of a second in a desktop browser. WebAssembly never gives memory back, and has one
    /// thread here, so the passes and not the memory are what to raise. Envelopes follow at the next
    /// unlocking.
    pub const VAULT: Self = Self {
        memory_kib: 19 * 1024,
        passes: 4,
        lanes: 1,
    };
    /// For a backup: three times the passes, as a file lies around for long, may be attacked at
    /// leisure, and is opened rarely.
    pub const BACKUP: Self = Self {
        passes: 12,
        ..Self::VAULT
    };

    /// A price of `memory_kib` KiB, `passes` and `lanes`; nothing beyond what a browser can pay
    /// (256 MiB, 32 passes, 16 lanes), or below what Argon2 works with (8 KiB a lane).
    #[must_use]
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let fits = (1..=MAX_LANES).contains(&lanes)
            && (1..=MAX_PASSES).contains(&passes)
            && (LANE_KIB * lanes..=MAX_MEMORY_KIB).contains(&memory_kib);
        fits.then_some(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Whether a vault locked at this price should be locked anew at [`Price::raised`].
    #[must_use]
    pub fn needs_raising(self) -> bool {
        self.raised() != self
    }

    /// This price, but in nothing below [`Price::VAULT`].
    #[must_use]
    pub fn raised(self) -> Self {
        Self {
            memory_kib: self.memory_kib.max(Self::VAULT.memory_kib),
            passes: self.passes.max(Self::VAULT.passes),
            lanes: self.lanes,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; PRICE_LEN] {
        let mut bytes = [0; PRICE_LEN];
        let numbers = [self.memory_kib, self.passes, self.lanes];
        for (field, number) in bytes.chunks_mut(4).zip(numbers) {
            field.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let [memory_kib, passes, lanes] = [(); 3].map(|()| take_u32(bytes));
        Self::new(memory_kib?, passes?, lanes?)
    }

    /// The key that a passphrase gives at this price.
    pub(super) fn key(self, passphrase: &Passphrase, salt: &Salt) -> Result<Key, NoMemory> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_LEN))
            .map_err(|_| NoMemory)?;
        let mut memory = memory(params.block_count())?;
        let mut key = Key::zero();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                passphrase.as_bytes(),
                salt,
                key.as_mut(),
                memory.as_mut_slice(),
            )
            .map_err(|_| NoMemory)?;
        Ok(key)
    }
}

/// Memory that is wiped when dropped. Where there is none, that is an error and not a crash.
fn memory(blocks: usize) -> Result<Zeroizing<Vec<Block>>, NoMemory> {
    let mut memory = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(blocks).map_err(|_| NoMemory)?;
    memory.resize_with(blocks, Block::new);
    Ok(memory)
}
