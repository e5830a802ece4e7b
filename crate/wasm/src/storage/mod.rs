//! The state on disk: one IndexedDB database, one object store a table. All it gets to see of a
//! record is a name of 32 bytes and ciphertext.
//!
//! Jobs are done strictly in order. Commits that wait are merged into one transaction: each is
//! still atomic, and none is ever on disk without those before it.

mod database;
mod request;
mod session;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use sotto_app::background::{
    Change, CommitId, Input, ReadId, Session, Stored, StoredRecord, StoredVault, Table,
};

use crate::{console, random};
use database::Database;

/// Something to do with the disk.
pub(crate) enum Job {
    /// Read what there is of a vault.
    ReadVault,
    /// Read the whole state.
    Load,
    /// Read the records of sites.
    LoadSites,
    /// Read every record but the vault's.
    ReadAll,
    /// Write changes.
    Commit(CommitId, Vec<Change>),
    /// Read those of these records that exist.
    Read(ReadId, Vec<(Table, Vec<u8>)>),
    /// Keep the unlocked vault.
    KeepSession(Session),
    /// Forget it, and everything else in the session if that is wanted.
    ForgetSession(bool),
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
                Job::ReadVault => tell(loaded(self.vault().await, Input::VaultRead)),
                Job::Load => tell(loaded(self.load().await, |stored| {
                    Input::Loaded(Box::new(stored))
                })),
                Job::LoadSites => tell(Input::SitesLoaded(self.sites().await)),
                Job::ReadAll => tell(Input::AllRead(self.all().await)),
                Job::Read(read, places) => tell(Input::RecordsRead(read, self.read(places).await)),
                Job::Commit(id, changes) => self.commit(id, changes, &tell).await,
                Job::KeepSession(session) => keep(session::keep(&session).await),
                Job::ForgetSession(everything) => {
                    tell(Input::SessionForgotten(session::forget(everything).await));
                }
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

    async fn read(&self, places: Vec<(Table, Vec<u8>)>) -> Result<Vec<StoredRecord>, String> {
        self.database().await?.those(places).await
    }

    async fn sites(&self) -> Result<Vec<StoredRecord>, String> {
        self.database().await?.all(&Table::OF_SITES).await
    }

    async fn all(&self) -> Result<Vec<StoredRecord>, String> {
        self.database().await?.all(&sealed()).await
    }

    async fn vault(&self) -> Result<StoredVault, String> {
        let database = self.database().await?;
        let copies = database.all(&[Table::Vault]).await?;
        let named = copies.into_iter().map(|copy| {
            let name = String::from_utf8_lossy(&copy.key).into_owned();
            (name, copy.value.into())
        });
        let copies: Vec<_> = named.collect();
        Ok(StoredVault {
            has_records: copies.is_empty() && database.has_any(&sealed()).await?,
            copies,
            session: session::read().await,
        })
    }

    async fn load(&self) -> Result<Stored, String> {
        let database = self.database().await?;
        let rng = random::rng().map_err(|_| "it gives no randomness".to_owned())?;
        let loaded: Vec<Table> = Table::all().filter(|table| table.is_loaded()).collect();
        let records = database.all(&loaded).await?;
        Ok(Stored { records, rng })
    }
}

/// All tables but the vault's.
fn sealed() -> Vec<Table> {
    Table::all()
        .filter(|table| *table != Table::Vault)
        .collect()
}

fn loaded<T>(result: Result<T, String>, input: impl FnOnce(T) -> Input) -> Input {
    result.map_or_else(
        |reason| {
            console::warn(&format!("the state cannot be loaded: {reason}"));
            Input::LoadFailed(reason)
        },
        input,
    )
}

/// What could not be kept is asked for again when the background has to start anew.
fn keep(kept: Result<(), String>) {
    if let Err(reason) = kept {
        console::warn(&format!("the session cannot be kept: {reason}"));
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
