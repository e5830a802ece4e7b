//! The state folder: one SQLite database with the client's records.

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, params};
use sotto_core::client::{Change, MessageId, ReceivedMessage, Record, Store};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// The database's name in the folder.
const FILE: &str = "sotto.sqlite";

const SCHEMA: &str = "
    CREATE TABLE record (
        store TEXT NOT NULL,
        key   BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (store, key)
    );
    PRAGMA user_version = 1;";

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The folder cannot be made or entered.
    #[error("cannot use the state folder {path} ({error}); check that it is writable")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Another process has it open. Two clients with one identity would shut each other out.
    #[error("the state folder {0} is in use by another sotto; stop it, or choose another --state")]
    InUse(PathBuf),
    /// A newer program wrote it.
    #[error("the state folder {0} was written by a newer sotto; use that one")]
    Newer(PathBuf),
    /// SQLite fails.
    #[error("the database in {path} fails: {error}")]
    Sqlite {
        /// The folder.
        path: PathBuf,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// It was closed in the meantime.
    #[error("the database is closed")]
    Closed,
}

/// The open database. Its calls block; they are made on threads for that.
pub(crate) struct Database {
    folder: PathBuf,
    connection: Mutex<Option<Connection>>,
}

impl Database {
    /// Opens or makes the database, for this process alone.
    pub(crate) fn open(folder: &Path) -> Result<Self, DatabaseError> {
        make_private(folder).map_err(|error| DatabaseError::Folder {
            path: folder.to_owned(),
            error,
        })?;
        let failed = |error| explain(folder, error);
        let connection = Connection::open(folder.join(FILE)).map_err(failed)?;
        let version = prepare(&connection).map_err(failed)?;
        if version > 1 {
            return Err(DatabaseError::Newer(folder.to_owned()));
        }
        Ok(Self {
            folder: folder.to_owned(),
            connection: Mutex::new(Some(connection)),
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DatabaseError> {
        let mut connection = self.connection.lock();
        let connection = connection.as_mut().ok_or(DatabaseError::Closed)?;
        work(connection).map_err(|error| explain(&self.folder, error))
    }

    /// The records that a client starts from.
    pub(crate) fn load(&self) -> Result<Vec<Record>, DatabaseError> {
        let mut records = Vec::new();
        for store in Store::LOADED {
            let read = self.with(|connection| read_store(connection, store))?;
            records.extend(
                read.into_iter()
                    .map(|(key, value)| Record { store, key, value }),
            );
        }
        Ok(records)
    }

    /// The messages that arrived and were not taken out.
    pub(crate) fn inbox(&self) -> Result<Vec<ReceivedMessage>, DatabaseError> {
        let records = self.with(|connection| read_store(connection, Store::Inbox))?;
        let read = |(key, value): &(Vec<u8>, Vec<u8>)| ReceivedMessage::from_record(key, value);
        let mut messages: Vec<_> = records.iter().filter_map(read).collect();
        messages.sort_by_key(|message| message.received_at);
        Ok(messages)
    }

    /// Carries out one commit: when this returns it survives a power cut.
    pub(crate) fn commit(&self, changes: &[Change]) -> Result<(), DatabaseError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            changes
                .iter()
                .try_for_each(|change| apply(&transaction, change))?;
            transaction.commit()
        })
    }

    /// Takes messages out of the inbox.
    pub(crate) fn take_out(&self, ids: &[MessageId]) -> Result<(), DatabaseError> {
        let change = |id: &MessageId| Change {
            store: Store::Inbox,
            key: id.0.to_vec(),
            value: None,
        };
        self.commit(&ids.iter().map(change).collect::<Vec<_>>())
    }

    /// Closes the database, after what is under way.
    pub(crate) fn close(&self) {
        drop(self.connection.lock().take());
    }
}

/// Makes the folder, for its owner only: it holds keys and messages.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Locks and sets up the database: the version it had.
fn prepare(connection: &Connection) -> rusqlite::Result<i64> {
    // Long enough for a client that is just ending.
    connection.busy_timeout(Duration::from_secs(1))?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted keys and messages do not linger in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    // The first write takes the lock for as long as the connection is open.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        connection.execute_batch(SCHEMA)?;
    }
    if version <= 1 {
        // There is no command that shows them.
        let sent = Store::Sent.name();
        connection.execute("DELETE FROM record WHERE store = ?1", [sent])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(version)
}

fn read_store(connection: &Connection, store: Store) -> rusqlite::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    connection
        .prepare_cached("SELECT key, value FROM record WHERE store = ?1")?
        .query_map([store.name()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn apply(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    let (store, key) = (change.store.name(), &change.key);
    match &change.value {
        Some(value) => connection
            .prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3)")?
            .execute(params![store, key, value]),
        None => connection
            .prepare_cached("DELETE FROM record WHERE store = ?1 AND key = ?2")?
            .execute(params![store, key]),
    }
    .map(drop)
}

fn explain(folder: &Path, error: rusqlite::Error) -> DatabaseError {
    let path = folder.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::InUse(path),
        _ => DatabaseError::Sqlite { path, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(store: Store, key: u8, value: Option<u8>) -> Change {
        Change {
            store,
            key: vec![key],
            value: value.map(|value| vec![value]),
        }
    }

    #[test]
    fn commits_survive_and_apply_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        database
            .commit(&[
                change(Store::Outbox, 1, Some(1)),
                change(Store::Seen, 2, Some(2)),
            ])
            .unwrap();
        database
            .commit(&[
                change(Store::Outbox, 1, None),
                change(Store::Outbox, 3, Some(3)),
            ])
            .unwrap();
        database.close();
        assert!(matches!(database.commit(&[]), Err(DatabaseError::Closed)));
        let mut records = Database::open(folder.path()).unwrap().load().unwrap();
        records.sort_by(|a, b| a.key.cmp(&b.key));
        let keys: Vec<_> = records
            .iter()
            .map(|record| (record.store, record.key[0]))
            .collect();
        assert_eq!(keys, [(Store::Seen, 2), (Store::Outbox, 3)]);
    }

    #[test]
    fn a_folder_in_use_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let first = Database::open(folder.path()).unwrap();
        let error = Database::open(folder.path()).err().unwrap();
        assert!(matches!(error, DatabaseError::InUse(_)), "{error}");
        first.close();
        assert!(Database::open(folder.path()).is_ok());
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "garbage".repeat(1000)).unwrap();
        let error = Database::open(folder.path()).err().unwrap();
        assert!(matches!(error, DatabaseError::Sqlite { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        Database::open(&inner).unwrap();
        assert_eq!(fs::metadata(inner).unwrap().permissions().mode() & 0o077, 0);
    }
}
