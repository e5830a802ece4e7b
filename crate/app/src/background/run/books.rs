//! One commit at a time, the client's changes and the app's together, and what waits for it.
//!
//! The app's changes go with the client's next commit if there is one, and else alone. If a commit
//! fails, its changes come again with a later one, under what changed since.

use std::collections::BTreeMap;
use std::time::Duration;

use sotto_core::{client, time::Time};

use crate::{
    background::effect::{Change, Table},
    timeline::Write,
};

/// How long after a failed commit of the app's own the next one is tried.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Changes by the record they concern.
type Changes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// The commit that is under way, and what is to be in the next one. `After` is what waits.
#[derive(Debug)]
pub(super) struct Books<After> {
    next: u64,
    changes: Changes,
    after: Vec<After>,
    /// The client's next commit.
    client: Option<client::Commit>,
    under_way: Option<UnderWay<After>>,
    /// The app's changes wait for the client, whose part of a commit failed with theirs.
    waits_for_client: bool,
    retry_at: Option<Time>,
}

#[derive(Debug)]
struct UnderWay<After> {
    id: u64,
    client: Option<client::CommitId>,
    changes: Changes,
    after: Vec<After>,
}

/// What became durable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Durable<After> {
    pub(super) client: Option<client::CommitId>,
    pub(super) after: Vec<After>,
}

impl<After> Default for Books<After> {
    fn default() -> Self {
        Self {
            next: 1,
            changes: Changes::new(),
            after: Vec::new(),
            client: None,
            under_way: None,
            waits_for_client: false,
            retry_at: None,
        }
    }
}

impl<After> Books<After> {
    /// Has records written or deleted with the next commit.
    pub(super) fn write(&mut self, writes: impl IntoIterator<Item = Write>) {
        self.changes.extend(writes);
    }

    /// Lets `after` happen when every change made so far is durable.
    pub(super) fn then(&mut self, after: After) {
        self.after.push(after);
    }

    /// The client has a commit, which waits for its turn.
    pub(super) fn set_client(&mut self, commit: client::Commit) {
        self.client = Some(commit);
        self.waits_for_client = false;
    }

    /// Whether a commit may begin now, and there is something for it.
    pub(super) fn is_due(&self, now: Time) -> bool {
        let own = !self.changes.is_empty() || !self.after.is_empty();
        let own = own && !self.waits_for_client && self.retry_at.is_none_or(|at| at <= now);
        self.under_way.is_none() && (self.client.is_some() || own)
    }

    /// The client's part of the next commit.
    pub(super) fn take_client(&mut self) -> Option<client::Commit> {
        self.client.take()
    }

    /// Begins a commit of all changes so far and the client's: its number, and the app's changes.
    pub(super) fn begin(&mut self, client: Option<client::CommitId>) -> (u64, Vec<Change>) {
        let id = self.next;
        self.next += 1;
        let changes = std::mem::take(&mut self.changes);
        let written = changes.iter().map(change).collect();
        self.under_way = Some(UnderWay {
            id,
            client,
            changes,
            after: std::mem::take(&mut self.after),
        });
        (id, written)
    }

    /// A commit is durable.
    pub(super) fn saved(&mut self, id: u64) -> Option<Durable<After>> {
        let done = self.under_way.take_if(|under_way| under_way.id == id)?;
        self.retry_at = None;
        Some(Durable {
            client: done.client,
            after: done.after,
        })
    }

    /// A commit failed: what is to be told to the client.
    pub(super) fn failed(&mut self, now: Time, id: u64) -> Option<client::CommitId> {
        let mut failed = self.under_way.take_if(|under_way| under_way.id == id)?;
        failed.changes.append(&mut self.changes);
        failed.after.append(&mut self.after);
        (self.changes, self.after) = (failed.changes, failed.after);
        self.waits_for_client = failed.client.is_some();
        self.retry_at = Some(now + RETRY_AFTER);
        failed.client
    }

    /// When a failed commit is to be tried again.
    pub(super) fn deadline(&self) -> Option<Time> {
        let waits = self.under_way.is_some() || self.waits_for_client;
        let some = !self.changes.is_empty() || !self.after.is_empty();
        self.retry_at.filter(|_| some && !waits)
    }

    /// The records that are about to change.
    pub(super) fn places(&self) -> impl Iterator<Item = &(Table, Vec<u8>)> {
        self.changes.keys()
    }

    /// Whether everything is on disk.
    pub(super) fn is_idle(&self) -> bool {
        let nothing = self.changes.is_empty() && self.after.is_empty();
        nothing && self.client.is_none() && self.under_way.is_none()
    }

    /// What is to become of a record, if it is about to change.
    pub(super) fn pending(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        let place = (table, key.to_vec());
        let under_way = self.under_way.as_ref().map(|under_way| &under_way.changes);
        let all = [Some(&self.changes), under_way];
        let found = all
            .into_iter()
            .flatten()
            .find_map(|changes| changes.get(&place));
        found.map(Option::as_deref)
    }
}

fn change(((table, key), value): (&(Table, Vec<u8>), &Option<Vec<u8>>)) -> Change {
    let (table, key) = (*table, key.clone());
    match value {
        Some(value) => Change::Put {
            table,
            key,
            value: value.clone(),
        },
        None => Change::Delete { table, key },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_000);

    fn put(key: u8, value: u8) -> Write {
        ((Table::Conversation, vec![key]), Some(vec![value]))
    }

    fn changes(writes: impl IntoIterator<Item = Write>) -> Vec<Change> {
        let all: Changes = writes.into_iter().collect();
        all.iter().map(change).collect()
    }

    fn commit(id: u64) -> client::Commit {
        client::Commit {
            id: client::CommitId(id),
            changes: Vec::new(),
        }
    }

    #[test]
    fn there_is_one_commit_at_a_time_and_the_next_has_all_that_changed_meanwhile() {
        let mut books = Books::default();
        assert!(!books.is_due(NOW) && books.is_idle());
        books.write([put(1, 1)]);
        books.then("first");
        let (first, written) = books.begin(None);
        assert!(written == changes([put(1, 1)]));
        books.write([put(1, 2), put(2, 1)]);
        books.set_client(commit(7));
        books.then("second");
        assert!(!books.is_due(NOW), "one at a time");
        assert_eq!(books.saved(first + 1), None);
        assert_eq!(books.saved(first).unwrap().after, ["first"]);
        assert!(books.is_due(NOW));
        let client = books.take_client().unwrap();
        let (second, written) = books.begin(Some(client.id));
        assert!(written == changes([put(1, 2), put(2, 1)]));
        let durable = books.saved(second).unwrap();
        assert_eq!(
            (durable.client, durable.after),
            (Some(client.id), vec!["second"])
        );
        assert!(books.is_idle());
    }

    #[test]
    fn what_failed_comes_again_under_what_changed_since() {
        let mut books = Books::default();
        books.write([put(1, 1), put(2, 1)]);
        books.then("first");
        let (first, _) = books.begin(None);
        books.write([put(1, 2)]);
        assert_eq!(
            books.pending(Table::Conversation, &[1]),
            Some(Some(&[2][..]))
        );
        assert_eq!(
            books.pending(Table::Conversation, &[2]),
            Some(Some(&[1][..]))
        );
        assert_eq!(books.failed(NOW, first), None);
        assert!(!books.is_due(NOW), "not at once");
        let later = books.deadline().unwrap();
        assert!(books.is_due(later));
        let (again, written) = books.begin(None);
        assert!(written == changes([put(1, 2), put(2, 1)]));
        assert_eq!(books.saved(again).unwrap().after, ["first"]);
        assert_eq!(books.deadline(), None);
    }

    #[test]
    fn what_failed_with_the_clients_changes_is_not_written_without_them() {
        let mut books: Books<()> = Books::default();
        books.write([put(1, 1)]);
        let (first, _) = books.begin(Some(client::CommitId(7)));
        assert_eq!(books.failed(NOW, first), Some(client::CommitId(7)));
        let later = NOW + Duration::from_secs(60);
        assert!(!books.is_due(later) && books.deadline().is_none());
        books.set_client(commit(8));
        assert!(books.is_due(NOW));
    }
}
