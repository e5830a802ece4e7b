//! SQLite on a thread of its own: jobs come in, run in batches of one transaction each, and are
//! answered when their transaction is durable.

use rusqlite::Connection;
use std::thread::{self, JoinHandle};
use tokio::sync::{mpsc, oneshot};

/// Jobs that wait. Whoever submits more waits too.
const QUEUE: usize = 1024;

/// Jobs of one transaction. Bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// The database could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the database could not save: {0}")]
    Commit(String),
    #[error("the database is closed")]
    Closed,
}

/// Runs inside of a transaction; what it returns is called once its fate is known.
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A handle on the thread that owns the database.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Starts the thread. It ends, after the last job, when all handles are gone.
    pub(crate) fn start(connection: Connection) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("gateway store".to_owned())
            .stack_size(512 * 1024)
            .spawn(move || run(&connection, jobs))?;
        Ok((Self(sender), thread))
    }

    /// Does `work` and waits until it is durable.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(work, move |result| drop(sender.send(result)))
            .await;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has `work` done and goes on; `answer` gets the result when it is durable. Waits only for a
    /// place in the queue.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        let job: Job = Box::new(move |connection| {
            let result = within_savepoint(connection, work);
            Box::new(move |saved| {
                answer(saved.and_then(|()| result.map_err(StoreError::from)));
            })
        });
        // If the thread is gone the job is dropped, and with it whatever waits for its answer.
        let _ = self.0.send(job).await;
    }
}

/// A job that fails takes back what it did, not what others in the batch did.
fn within_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let result = work(connection);
    connection.execute_batch(if result.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    })?;
    result
}

fn run(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::new();
    while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
        commit(connection, &mut batch);
    }
}

/// One transaction for all jobs of the batch.
fn commit(connection: &Connection, batch: &mut Vec<Job>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    let answers: Vec<Answer> = batch.drain(..).map(|job| job(connection)).collect();
    let saved = begun.and_then(|()| connection.execute_batch("COMMIT"));
    if let Err(error) = &saved {
        tracing::error!(%error, "the gateway's database cannot save");
        let _ = connection.execute_batch("ROLLBACK");
    }
    for answer in answers {
        answer(match &saved {
            Ok(()) => Ok(()),
            Err(error) => Err(StoreError::Commit(error.to_string())),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failing_job_takes_back_its_own_work_only() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t(n INTEGER PRIMARY KEY)")
            .unwrap();
        let (writer, thread) = Writer::start(connection).unwrap();
        let insert = |n: i64, fail: bool| {
            let writer = writer.clone();
            async move {
                let work = move |c: &Connection| {
                    c.execute("INSERT INTO t VALUES(?1)", [n])?;
                    if fail {
                        Err(rusqlite::Error::InvalidQuery)
                    } else {
                        Ok(())
                    }
                };
                writer.run(work).await.is_ok()
            }
        };
        let (a, b, c) = tokio::join!(insert(1, false), insert(2, true), insert(3, false));
        assert_eq!((a, b, c), (true, false, true));
        let sum = |c: &Connection| c.query_row("SELECT sum(n) FROM t", [], |row| row.get(0));
        assert_eq!(writer.run::<i64>(sum).await.unwrap(), 4);
        drop(writer);
        thread.join().unwrap();
    }
}
