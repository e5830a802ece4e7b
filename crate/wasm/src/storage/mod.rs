//! The state on disk: one IndexedDB database, one object store a table.
//!
//! Jobs are done strictly in order. Commits that wait are merged into one transaction: each is
//! still atomic, and none is ever on disk without those before it.

mod database;
mod request;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use sotto_app::background::{Change, CommitId, Input, ReadId, Stored, Table};
use sotto_app::history::HISTORY_LIMIT;
use sotto_core::client::{Record, Store};

use crate::{console, random};
use database::Database;

/// How much of the history is loaded at most, in bytes: long messages could fill the memory
/// otherwise.
const HISTORY_BYTES: usize = 32 * 1024 * 1024;

/// Something to do with the disk.
pub(crate) enum Job {
    /// Read the whole state.
    Load,
    /// Write changes.
    Commit(CommitId, Vec<Change>),
    /// Read the first record that exists.
    Read(ReadId, Vec<(Table, Vec<u8>)>),
}

/// The queue of jobs, and the database once it is open.
pub(crate) struct Storage {
    name: &'static str,
    jobs: RefCell<VecDeque<Job>>,
    working: Cell<bool>,
    database: RefCell<Option<Database>>,
}

impl Storage {
    /// The database of this name; it is opened when it is needed.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            jobs: RefCell::default(),
            working: Cell::new(false),
            database: RefCell::default(),
        }
    }

    /// Adds a job; whether somebody has to call [`Storage::work`] now.
    pub(crate) fn add(&self, job: Job) -> bool {
        self.jobs.borrow_mut().push_back(job);
        !self.working.replace(true)
    }

    /// Claims the work, so that jobs only queue up until [`Storage::work`] is called.
    pub(crate) fn claim(&self) {
        self.working.set(true);
    }

    /// Does all jobs, and tells what became of each.
    pub(crate) async fn work(&self, tell: impl Fn(Input)) {
        while let Some(job) = self.next() {
            match job {
                Job::Load => tell(match self.load().await {
                    Ok(stored) => Input::Loaded(Box::new(stored)),
                    Err(reason) => {
                        console::warn(&format!("the state cannot be loaded: {reason}"));
                        Input::LoadFailed(reason)
                    }
                }),
                Job::Read(read, places) => tell(Input::RecordRead(read, self.read(places).await)),
                Job::Commit(id, changes) => self.commit(id, changes, &tell).await,
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let job = self.jobs.borrow_mut().pop_front();
        self.working.set(job.is_some());
        job
    }

    /// The database, opened if it is not, or no longer, open.
    async fn database(&self) -> Result<Database, String> {
        let open = self.database.borrow().clone().filter(Database::is_open);
        if let Some(database) = open {
            return Ok(database);
        }
        let database = Database::open(self.name).await?;
        self.database.replace(Some(database.clone()));
        Ok(database)
    }

    /// Writes a commit together with those that wait behind it.
    async fn commit(&self, id: CommitId, changes: Vec<Change>, tell: &impl Fn(Input)) {
        let mut commits = vec![(id, changes)];
        commits.extend(self.waiting_commits());
        let all: Vec<&Change> = commits.iter().flat_map(|(_, changes)| changes).collect();
        let written = self.write(&all).await;
        if written.is_err() && commits.len() > 1 {
            // One that is too large for the disk must not take the others with it.
            return self.commit_one_by_one(commits, tell).await;
        }
        for (id, _) in commits {
            tell(outcome(id, written.clone()));
        }
    }

    async fn commit_one_by_one(
        &self,
        commits: Vec<(CommitId, Vec<Change>)>,
        tell: &impl Fn(Input),
    ) {
        for (id, changes) in commits {
            let written = self.write(&changes.iter().collect::<Vec<_>>()).await;
            tell(outcome(id, written));
        }
    }

    /// Takes the commits at the front of the queue.
    fn waiting_commits(&self) -> Vec<(CommitId, Vec<Change>)> {
        let mut jobs = self.jobs.borrow_mut();
        let mut commits = Vec::new();
        while let Some(job) = jobs.pop_front() {
            match job {
                Job::Commit(id, changes) => commits.push((id, changes)),
                other => {
                    jobs.push_front(other);
                    break;
                }
            }
        }
        commits
    }

    async fn write(&self, changes: &[&Change]) -> Result<(), String> {
        self.database().await?.write(changes).await
    }

    async fn read(&self, places: Vec<(Table, Vec<u8>)>) -> Result<Option<Record>, String> {
        self.database().await?.first(&places).await
    }

    async fn load(&self) -> Result<Stored, String> {
        let database = self.database().await?;
        let rng = random::rng().map_err(|_| "it gives no randomness".to_owned())?;
        let records = database.all(&Store::LOADED).await?;
        let unread = database.unread().await?;
        let settings = database.settings().await?;
        let mut history = database
            .newest(Store::Sent, HISTORY_LIMIT, HISTORY_BYTES)
            .await?;
        history.extend(
            database
                .newest(Store::Inbox, HISTORY_LIMIT, HISTORY_BYTES)
                .await?,
        );
        Ok(Stored {
            records,
            history,
            unread,
            settings,
            rng,
        })
    }
}

fn outcome(id: CommitId, written: Result<(), String>) -> Input {
    match written {
        Ok(()) => Input::Saved(id),
        Err(reason) => {
            console::warn(&format!("changes cannot be saved: {reason}"));
            Input::SaveFailed(id, reason)
        }
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
