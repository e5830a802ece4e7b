//! The border: records are in clear inside the background, and sealed outside of it.

use sotto_core::client::{Record, Store};

use super::{
    Background,
    effect::{Change, Effect, Table},
    input::{Stored, StoredRecord},
    safe::Safe,
};

/// The state on disk, in clear.
pub(super) struct Opened {
    /// All records of the stores that the client reads (`Store::LOADED`).
    pub(super) records: Vec<Record>,
    /// All records of the app's own tables that are loaded.
    tables: Vec<StoredRecord>,
    /// As in [`Stored`].
    pub(super) rng: sotto_core::ChaCha20Rng,
}

impl Opened {
    /// The keys and values of one of the app's own tables.
    pub(super) fn table(&self, table: Table) -> impl Iterator<Item = (&[u8], &[u8])> {
        let own = self
            .tables
            .iter()
            .filter(move |record| record.table == table);
        own.map(|record| (record.key.as_slice(), record.value.as_slice()))
    }
}

/// The identity cannot be opened. Going on would silently make another one.
pub(super) struct IdentityDamaged;

impl Background {
    /// Seals everything that is to be done so far. Done before the vault is locked, so that nothing
    /// is left behind that could not be sealed any more.
    pub(super) fn seal_effects(&mut self) {
        let effects = std::mem::take(&mut self.effects);
        let sealed = effects
            .into_iter()
            .filter_map(|effect| self.safe.seal(effect));
        self.sealed.extend(sealed);
    }

    /// Asks for something that needs no sealing, after everything before it.
    pub(super) fn push_sealed(&mut self, effect: Effect) {
        self.seal_effects();
        self.sealed.push_back(effect);
    }
}

impl Safe {
    /// An effect as the host gets it. Without a vault nothing is read or written: there is no run
    /// then that could ask for it.
    fn seal(&mut self, effect: Effect) -> Option<Effect> {
        Some(match effect {
            Effect::Commit { id, changes } => Effect::Commit {
                id,
                changes: self.seal_all(changes)?,
            },
            Effect::Read { read, places } => Effect::Read {
                read,
                places: self.seal_places(places)?,
            },
            other => other,
        })
    }

    fn seal_all(&mut self, changes: Vec<Change>) -> Option<Vec<Change>> {
        let vault = self.vault.as_ref()?;
        let rng = &mut self.rng;
        let changes = changes.into_iter();
        Some(changes.map(|change| change.sealed(vault, rng)).collect())
    }

    fn seal_places(&self, places: Vec<(Table, Vec<u8>)>) -> Option<Vec<(Table, Vec<u8>)>> {
        let vault = self.vault.as_ref()?;
        let name = |table: Table, key: &[u8]| vault.name(table.name(), key).as_bytes().to_vec();
        let places = places.into_iter();
        Some(
            places
                .map(|(table, key)| (table, name(table, &key)))
                .collect(),
        )
    }

    /// Opens the state. What cannot be opened is left out and counted.
    pub(super) fn open_state(&mut self, stored: Stored) -> Result<Opened, IdentityDamaged> {
        let damaged = |record: &StoredRecord| self.open(record).is_none();
        let is_identity = |record: &&StoredRecord| record.table == Table::Core(Store::Identity);
        if stored.records.iter().filter(is_identity).any(damaged) {
            return Err(IdentityDamaged);
        }
        let (core, tables): (Vec<_>, Vec<_>) = self
            .open_all(stored.records)
            .into_iter()
            .partition(|record| matches!(record.table, Table::Core(_)));
        Ok(Opened {
            records: core.into_iter().filter_map(core_record).collect(),
            tables,
            rng: stored.rng,
        })
    }

    /// Opens records. What cannot be opened is left out and counted.
    pub(super) fn open_all(&mut self, records: Vec<StoredRecord>) -> Vec<StoredRecord> {
        let count = records.len();
        let opened: Vec<StoredRecord> = records
            .iter()
            .filter_map(|record| self.open(record))
            .collect();
        let damaged = u64::try_from(count.saturating_sub(opened.len())).unwrap_or(u64::MAX);
        self.damaged = self.damaged.saturating_add(damaged);
        opened
    }

    fn open(&self, record: &StoredRecord) -> Option<StoredRecord> {
        let vault = self.vault.as_ref()?;
        let table = record.table;
        let opened = vault.open(table.name(), &record.key, &record.value).ok()?;
        Some(StoredRecord {
            table,
            key: opened.key,
            value: opened.value,
        })
    }
}

impl Change {
    /// The change as it goes to the disk.
    pub(super) fn sealed(
        self,
        vault: &crate::vault::Vault,
        rng: &mut sotto_core::ChaCha20Rng,
    ) -> Self {
        match self {
            Self::Put { table, key, value } => {
                let sealed = vault.seal(table.name(), &key, &value, rng);
                Self::Put {
                    table,
                    key: sealed.name.as_bytes().to_vec(),
                    value: sealed.bytes,
                }
            }
            Self::Delete { table, key } => Self::Delete {
                table,
                key: vault.name(table.name(), &key).as_bytes().to_vec(),
            },
            Self::Clear(table) => Self::Clear(table),
        }
    }
}

/// A record of one of the core's tables, for the core.
pub(super) fn core_record(record: StoredRecord) -> Option<Record> {
    match record.table {
        Table::Core(store) => Some(Record {
            store,
            key: record.key,
            value: record.value,
        }),
        _ => None,
    }
}
