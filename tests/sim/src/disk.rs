//! A disk that takes commits all or none.

use sotto_core::client::{Commit, MessageId, Record, Store};
use std::collections::{BTreeMap, BTreeSet};

/// What is on disk, and what was.
#[derive(Default)]
pub struct Disk {
    records: BTreeMap<(Store, Vec<u8>), Vec<u8>>,
    /// Every message of the user's that was ever here.
    pub(crate) accepted: BTreeSet<MessageId>,
    /// Every key of an answer that was ever here.
    pub(crate) reply_keys: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Bytes written so far.
    pub(crate) written: u64,
}

impl Disk {
    pub(crate) fn write(&mut self, commit: Commit) {
        for change in commit.changes {
            let key = (change.store, change.key);
            match change.value {
                Some(value) => self.put(key, value),
                None => _ = self.records.remove(&key),
            }
        }
    }

    fn put(&mut self, key: (Store, Vec<u8>), value: Vec<u8>) {
        match key.0 {
            Store::Outbox | Store::Sent => {
                _ = self.accepted.insert(MessageId::from_bytes(&key.1).unwrap());
            }
            Store::ReplyKey => _ = self.reply_keys.insert(key.1.clone(), value.clone()),
            _ => {}
        }
        self.written += value.len() as u64;
        self.records.insert(key, value);
    }

    /// What a client reads at its start.
    pub(crate) fn load(&self) -> Vec<Record> {
        let loaded = |(store, _): &&(Store, Vec<u8>)| Store::LOADED.contains(store);
        let records = self.records.iter().filter(|(key, _)| loaded(key));
        records
            .map(|((store, key), value)| Record {
                store: *store,
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }

    /// The records of a store, with their names.
    pub fn of(&self, store: Store) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let from = (store, Vec::new());
        self.records
            .range(from..)
            .take_while(move |((of, _), _)| *of == store)
            .map(|((_, key), value)| (key, value))
    }

    /// Loses every record of a store.
    pub fn clear(&mut self, store: Store) {
        self.records.retain(|(of, _), _| *of != store);
    }

    pub(crate) fn contains(&self, store: Store, key: &[u8]) -> bool {
        self.records.contains_key(&(store, key.to_vec()))
    }

    pub(crate) fn values_mut(&mut self, store: Store) -> impl Iterator<Item = &mut Vec<u8>> {
        self.records
            .iter_mut()
            .filter(move |((of, _), _)| *of == store)
            .map(|(_, value)| value)
    }
}
