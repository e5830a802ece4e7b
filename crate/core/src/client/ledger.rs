//! Durable before visible: changes on their way to disk, and what waits for them.

use super::record::{Change, Commit, CommitId, Store};
use crate::time::Time;
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroize;

/// How long after a failed commit the next one is tried.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// So many bytes may wait for a disk that takes nothing. More than the outbox may hold, so that
/// sending alone never comes here.
const MAX_WAITING_BYTES: usize = 96 << 20;

/// Changes by the record they concern. A later change of the same record replaces the earlier.
type Changes = BTreeMap<(Store, Vec<u8>), Option<Vec<u8>>>;

/// Collects changes into commits, one under way at a time, and holds back what may only happen
/// once they are durable. `After` is what waits.
pub(super) struct Ledger<After> {
    next: u64,
    changes: Changes,
    after: Vec<After>,
    under_way: Option<(CommitId, Changes, Vec<After>)>,
    retry_at: Option<Time>,
    /// Bytes of all values in `changes`.
    bytes: usize,
}

impl<After> Default for Ledger<After> {
    fn default() -> Self {
        Self {
            next: 1,
            changes: Changes::new(),
            after: Vec::new(),
            under_way: None,
            retry_at: None,
            bytes: 0,
        }
    }
}

impl<After> Ledger<After> {
    pub(super) fn put(&mut self, store: Store, key: impl Into<Vec<u8>>, value: Vec<u8>) {
        self.change(store, key.into(), Some(value));
    }

    pub(super) fn delete(&mut self, store: Store, key: impl Into<Vec<u8>>) {
        self.change(store, key.into(), None);
    }

    fn change(&mut self, store: Store, key: Vec<u8>, value: Option<Vec<u8>>) {
        let len = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
        self.bytes += len(&value);
        let replaced = self.changes.insert((store, key), value);
        self.bytes -= replaced.as_ref().map_or(0, len);
    }

    /// Whether so much waits for the disk that nothing more is to be received.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes > MAX_WAITING_BYTES
    }

    /// Lets `after` happen when every change made so far is durable.
    pub(super) fn then(&mut self, after: After) {
        match &mut self.under_way {
            Some((_, _, waiting)) if self.changes.is_empty() => waiting.push(after),
            _ => self.after.push(after),
        }
    }

    /// What waits for the disk.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &After> {
        let under_way = self.under_way.iter().flat_map(|(_, _, waiting)| waiting);
        under_way.chain(&self.after)
    }

    /// Takes back the first thing that waits and of which `which` says that it is the one.
    pub(super) fn take_back(&mut self, which: impl Fn(&After) -> bool) -> Option<After> {
        let under_way = self.under_way.as_mut().map(|(_, _, waiting)| waiting);
        for waiting in under_way.into_iter().chain([&mut self.after]) {
            if let Some(place) = waiting.iter().position(&which) {
                return Some(waiting.remove(place));
            }
        }
        None
    }

    /// The clock was set: a failed commit is tried again now.
    pub(super) const fn clock_was_set(&mut self, now: Time) {
        if self.retry_at.is_some() {
            self.retry_at = Some(now);
        }
    }

    /// Changes that are not durable, and what waits for them.
    pub(super) fn len(&self) -> usize {
        let under_way = self.under_way.as_ref();
        let under_way = under_way.map_or(0, |(_, changes, after)| changes.len() + after.len());
        under_way + self.changes.len() + self.after.len()
    }

    /// Whether every change made so far is durable.
    pub(super) fn is_idle(&self) -> bool {
        self.changes.is_empty() && self.under_way.is_none()
    }

    /// The next commit, if there are changes, none is under way, and no failure is too fresh.
    pub(super) fn next_commit(&mut self, now: Time) -> Option<Commit> {
        let waits = self.under_way.is_some() || self.retry_at.is_some_and(|at| now < at);
        if waits || (self.changes.is_empty() && self.after.is_empty()) {
            return None;
        }
        let id = CommitId(self.next);
        self.next += 1;
        let changes = std::mem::take(&mut self.changes);
        self.bytes = 0;
        let commit = Commit {
            id,
            changes: changes.iter().map(change).collect(),
        };
        self.under_way = Some((id, changes, std::mem::take(&mut self.after)));
        Some(commit)
    }

    /// A commit is durable: what waited for it, and whether a failure ended with it.
    pub(super) fn saved(&mut self, id: CommitId) -> (Vec<After>, bool) {
        match self.under_way.take_if(|(under_way, ..)| *under_way == id) {
            Some((_, mut changes, after)) => {
                wipe(&mut changes);
                (after, self.retry_at.take().is_some())
            }
            None => (Vec::new(), false),
        }
    }

    /// A commit failed: its changes come again with the next one, under what changed since.
    pub(super) fn failed(&mut self, now: Time, id: CommitId) -> bool {
        let Some((_, mut changes, mut after)) =
            self.under_way.take_if(|(under_way, ..)| *under_way == id)
        else {
            return false;
        };
        changes.append(&mut self.changes);
        after.append(&mut self.after);
        (self.changes, self.after) = (changes, after);
        self.bytes = self.changes.values().flatten().map(Vec::len).sum();
        self.retry_at = Some(now + RETRY_AFTER);
        true
    }

    /// When [`Self::next_commit`] is to be asked again.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.retry_at.filter(|_| self.under_way.is_none())
    }
}

/// Overwrites the client's keys, which are on disk now. Nothing else here is worth as much.
fn wipe(changes: &mut Changes) {
    for ((store, _), value) in changes {
        if let (Store::Identity, Some(value)) = (store, value) {
            value.zeroize();
        }
    }
}

fn change(((store, key), value): (&(Store, Vec<u8>), &Option<Vec<u8>>)) -> Change {
    Change {
        store: *store,
        key: key.clone(),
        value: value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1000);

    fn value(commit: &Commit) -> Option<&[u8]> {
        assert_eq!(commit.changes.len(), 1);
        commit.changes[0].value.as_deref()
    }

    #[test]
    fn nothing_happens_before_its_commit_is_durable() {
        let mut ledger = Ledger::default();
        ledger.put(Store::Inbox, *b"a", vec![1]);
        ledger.then("first");
        let first = ledger.next_commit(NOW).unwrap();
        ledger.put(Store::Inbox, *b"a", vec![2]);
        ledger.then("second");
        assert_eq!(ledger.next_commit(NOW), None, "one commit at a time");
        assert_eq!(ledger.saved(CommitId(99)), (vec![], false));
        assert_eq!(ledger.saved(first.id), (vec!["first"], false));
        assert_eq!(ledger.saved(first.id), (vec![], false));
        let second = ledger.next_commit(NOW).unwrap();
        assert_eq!(value(&second), Some(&[2][..]));
        assert_eq!(ledger.saved(second.id), (vec!["second"], false));
        assert_eq!(ledger.next_commit(NOW), None);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_noticed_before_memory_runs_out() {
        let mut ledger = Ledger::<()>::default();
        let half = MAX_WAITING_BYTES / 2 + 1;
        ledger.put(Store::Inbox, *b"a", vec![0; half]);
        ledger.put(Store::Inbox, *b"a", vec![1; half]);
        assert!(!ledger.is_full(), "the first was replaced");
        let commit = ledger.next_commit(NOW).unwrap();
        ledger.put(Store::Inbox, *b"b", vec![0; half]);
        assert!(!ledger.is_full());
        ledger.failed(NOW, commit.id);
        assert!(ledger.is_full());
        ledger.delete(Store::Inbox, *b"a");
        assert!(!ledger.is_full());
    }

    #[test]
    fn what_waits_can_be_taken_back_whichever_commit_it_waits_for() {
        let mut ledger = Ledger::default();
        ledger.put(Store::Inbox, *b"a", vec![1]);
        ledger.then("under way");
        let commit = ledger.next_commit(NOW).unwrap();
        ledger.put(Store::Inbox, *b"b", vec![1]);
        ledger.then("next");
        assert_eq!(ledger.take_back(|after| *after == "next"), Some("next"));
        assert_eq!(ledger.take_back(|after| *after == "next"), None);
        assert!(ledger.take_back(|after| *after == "under way").is_some());
        assert_eq!(ledger.saved(commit.id), (vec![], false));
    }

    #[test]
    fn keys_are_wiped_once_they_are_on_disk_and_nothing_else_is() {
        let mut changes = Changes::new();
        for store in [Store::Identity, Store::Inbox] {
            changes.insert((store, b"a".to_vec()), Some(vec![7; 81]));
        }
        changes.insert((Store::Identity, b"gone".to_vec()), None);
        wipe(&mut changes);
        let left: Vec<_> = changes.into_values().collect();
        assert_eq!(left, [Some(vec![]), None, Some(vec![7; 81])]);
    }

    #[test]
    fn a_failed_commit_comes_again_under_what_changed_since() {
        let mut ledger = Ledger::default();
        ledger.put(Store::Inbox, *b"a", vec![1]);
        ledger.then("first");
        let first = ledger.next_commit(NOW).unwrap();
        ledger.delete(Store::Inbox, *b"a");
        assert!(ledger.failed(NOW, first.id));
        assert!(!ledger.failed(NOW, first.id));
        assert_eq!(ledger.next_commit(NOW), None, "not at once");
        let later = ledger.deadline().unwrap();
        let again = ledger.next_commit(later).unwrap();
        assert_eq!(value(&again), None, "the later change wins");
        assert_eq!(ledger.saved(again.id), (vec!["first"], true));
        assert_eq!(ledger.deadline(), None);
    }
}
