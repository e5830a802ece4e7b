//! What a gateway remembers: registrations, bandwidth, and messages for clients that are away
//! (protocol.md 8.3, 8.4, 8.7, 10.5).

use super::writer::{StoreError, Writer};
use crate::error::MixnetError;
use rusqlite::{Connection, OptionalExtension, params};
use sotto_core::gateway::SharedKey;
use sotto_core::time::Time;
use std::path::Path;
use std::thread::JoinHandle;

/// A client, by the bytes of its identity key.
pub(crate) type ClientId = [u8; 32];

/// Stored messages that are pushed at once (protocol.md 10.5).
const CHUNK: usize = 100;

/// What a gateway lets clients make it hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Registered clients.
    pub(crate) registrations: u64,
    /// Bytes of stored messages for one client.
    pub(crate) client_bytes: u64,
    /// Bytes of stored messages for all clients.
    pub(crate) total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            registrations: 100_000,
            client_bytes: 64 << 20,
            total_bytes: 1 << 30,
        }
    }
}

/// A client's standing with this gateway.
pub(crate) struct Registration {
    pub(crate) key: SharedKey,
}

/// One message from the inbox.
pub(crate) struct StoredMessage {
    pub(crate) id: i64,
    pub(crate) body: Vec<u8>,
}

/// A handle on the database.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Writer,
    limits: Limits,
}

impl Store {
    /// Opens or makes the database. The thread ends when all handles are gone.
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<(Self, JoinHandle<()>), MixnetError> {
        let database = |error| MixnetError::Database {
            path: path.to_owned(),
            error,
        };
        let connection = connect(path).map_err(database)?;
        let (writer, thread) = Writer::start(connection).map_err(|error| MixnetError::State {
            path: path.to_owned(),
            error,
        })?;
        Ok((Self { writer, limits }, thread))
    }

    pub(crate) async fn registration(
        &self,
        client: ClientId,
    ) -> Result<Option<Registration>, StoreError> {
        let read = move |c: &Connection| {
            c.prepare_cached("SELECT shared_key FROM registration WHERE client = ?1")?
                .query_row([client], |row| row.get::<_, [u8; 32]>(0))
                .optional()
        };
        let key = self.writer.run(read).await?;
        Ok(key.map(|key| Registration {
            key: SharedKey::from_bytes(key),
        }))
    }

    /// Remembers a client's new key; false if the gateway has no room for another client.
    pub(crate) async fn register(
        &self,
        client: ClientId,
        key: &SharedKey,
    ) -> Result<bool, StoreError> {
        let (key, limit) = (key.clone(), self.limits.registrations);
        let write = move |c: &Connection| {
            let changed = c
                .prepare_cached(
                    "INSERT INTO registration SELECT ?1, ?2, 0
                     WHERE (SELECT count(*) FROM registration WHERE client <> ?1) < ?3
                     ON CONFLICT (client) DO UPDATE
                     SET shared_key = excluded.shared_key, last_timestamp = 0",
                )?
                .execute(params![client, key.as_bytes(), limit])?;
            Ok(changed == 1)
        };
        self.writer.run(write).await
    }

    /// Accepts the time of a request to authenticate, in seconds: true if it is later than all
    /// before it.
    pub(crate) async fn advance_timestamp(
        &self,
        client: ClientId,
        timestamp: u64,
    ) -> Result<bool, StoreError> {
        let write = move |c: &Connection| {
            let changed = c
                .prepare_cached(
                    "UPDATE registration SET last_timestamp = ?2
                     WHERE client = ?1 AND last_timestamp < ?2",
                )?
                .execute(params![client, timestamp])?;
            Ok(changed == 1)
        };
        self.writer.run(write).await
    }

    /// Bytes that the client may still send, and the second at which they expire.
    pub(crate) async fn bandwidth(&self, client: ClientId) -> Result<(i64, u64), StoreError> {
        let read = move |c: &Connection| {
            c.prepare_cached("SELECT available, expires_at FROM bandwidth WHERE client = ?1")?
                .query_row([client], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        };
        Ok(self.writer.run(read).await?.unwrap_or_default())
    }

    pub(crate) async fn set_bandwidth(
        &self,
        client: ClientId,
        available: i64,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        let write = move |c: &Connection| {
            c.prepare_cached("INSERT OR REPLACE INTO bandwidth VALUES (?1, ?2, ?3)")?
                .execute(params![client, available, expires_at])
                .map(drop)
        };
        self.writer.run(write).await
    }

    /// Stores a message; `answer` is called when it is durable, with false if there was no room.
    pub(crate) async fn put(
        &self,
        client: ClientId,
        body: Vec<u8>,
        now: Time,
        answer: impl FnOnce(bool) + Send + 'static,
    ) {
        let limits = self.limits;
        let write = move |c: &Connection| insert(c, &limits, &client, &body, now);
        let answer = move |result: Result<bool, StoreError>| {
            answer(result.unwrap_or_else(|error| {
                tracing::error!(%error, "cannot store a message");
                false
            }));
        };
        self.writer.submit(write, answer).await;
    }

    /// The oldest messages for the client with numbers above `after`, at most a chunk of 100.
    pub(crate) async fn chunk(
        &self,
        client: ClientId,
        after: i64,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let read = move |c: &Connection| {
            c.prepare_cached(
                "SELECT id, body FROM inbox WHERE client = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            )?
            .query_map(params![client, after, CHUNK], |row| {
                Ok(StoredMessage {
                    id: row.get(0)?,
                    body: row.get(1)?,
                })
            })?
            .collect()
        };
        self.writer.run(read).await
    }

    /// Deletes messages that their client has.
    pub(crate) async fn remove(&self, ids: Vec<i64>) {
        let write = move |c: &Connection| {
            let mut delete = c.prepare_cached("DELETE FROM inbox WHERE id = ?1")?;
            ids.into_iter()
                .try_for_each(|id| delete.execute([id]).map(drop))
        };
        // On failure the client gets them once more, and recognises them.
        self.writer.submit(write, |_| ()).await;
    }

    /// Deletes messages that arrived before `limit`.
    pub(crate) async fn expire(&self, limit: u64) -> Result<usize, StoreError> {
        let write =
            move |c: &Connection| c.execute("DELETE FROM inbox WHERE received_at < ?1", [limit]);
        self.writer.run(write).await
    }

    /// Deletes all that is known of a client.
    pub(crate) async fn forget(&self, client: ClientId) -> Result<(), StoreError> {
        let write = move |c: &Connection| {
            for table in ["inbox", "bandwidth", "registration"] {
                c.execute(&format!("DELETE FROM {table} WHERE client = ?1"), [client])?;
            }
            Ok(())
        };
        self.writer.run(write).await
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: an ack is launched when the message would survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -512)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        let schema = include_str!("schema.sql");
        connection.execute_batch(&format!("BEGIN; {schema} COMMIT;"))?;
    }
    Ok(connection)
}

/// Stores one message if the limits allow.
fn insert(
    connection: &Connection,
    limits: &Limits,
    client: &ClientId,
    body: &[u8],
    now: Time,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO inbox (client, received_at, body) SELECT ?1, ?2, ?3
             WHERE coalesce((SELECT bytes FROM held WHERE client = ?1), 0) + ?4 <= ?5
             AND coalesce((SELECT bytes FROM held WHERE client = x''), 0) + ?4 <= ?6",
        )?
        .execute(params![
            client.as_slice(),
            now.as_seconds(),
            body,
            body.len(),
            limits.client_bytes,
            limits.total_bytes
        ])?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    const CLIENT: ClientId = [1; 32];
    const OTHER: ClientId = [2; 32];

    fn open(folder: &Path, limits: Limits) -> (Store, JoinHandle<()>) {
        Store::open(&folder.join("gateway.sqlite"), limits).unwrap()
    }

    async fn put(store: &Store, client: ClientId, len: usize, seconds: u64) -> bool {
        let (sender, receiver) = oneshot::channel();
        let now = Time::from_millis(seconds * 1000);
        store
            .put(client, vec![0; len], now, |stored| {
                sender.send(stored).unwrap()
            })
            .await;
        receiver.await.unwrap()
    }

    async fn ids(store: &Store, client: ClientId) -> Vec<i64> {
        store
            .chunk(client, 0)
            .await
            .unwrap()
            .iter()
            .map(|message| message.id)
            .collect()
    }

    #[tokio::test]
    async fn everything_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (store, thread) = open(folder.path(), Limits::default());
        let key = SharedKey::from_bytes([7; 32]);
        assert!(store.register(CLIENT, &key).await.unwrap());
        assert!(store.advance_timestamp(CLIENT, 50).await.unwrap());
        store.set_bandwidth(CLIENT, 1000, 99).await.unwrap();
        assert!(put(&store, CLIENT, 10, 1).await);
        drop(store);
        thread.join().unwrap();

        let (store, _thread) = open(folder.path(), Limits::default());
        let registration = store.registration(CLIENT).await.unwrap().unwrap();
        assert_eq!(*registration.key.as_bytes(), [7; 32]);
        assert!(
            !store.advance_timestamp(CLIENT, 50).await.unwrap(),
            "strictly greater"
        );
        assert!(store.advance_timestamp(CLIENT, 51).await.unwrap());
        assert_eq!(store.bandwidth(CLIENT).await.unwrap(), (1000, 99));
        assert_eq!(store.chunk(CLIENT, 0).await.unwrap()[0].body, vec![0; 10]);
    }

    #[tokio::test]
    async fn the_inbox_is_bounded_for_each_client_and_in_all() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits {
            client_bytes: 100,
            total_bytes: 150,
            ..Limits::default()
        };
        let (store, _thread) = open(folder.path(), limits);
        assert!(put(&store, CLIENT, 100, 1).await);
        assert!(
            !put(&store, CLIENT, 1, 1).await,
            "the client's share is full"
        );
        assert!(put(&store, OTHER, 50, 1).await);
        assert!(!put(&store, OTHER, 1, 1).await, "the gateway is full");
        store.remove(ids(&store, CLIENT).await).await;
        assert!(put(&store, OTHER, 1, 1).await, "room was made");
    }

    #[tokio::test]
    async fn old_messages_expire_and_forgotten_clients_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _thread) = open(folder.path(), Limits::default());
        for (client, seconds) in [(CLIENT, 10), (CLIENT, 20), (OTHER, 10)] {
            assert!(put(&store, client, 1, seconds).await);
        }
        assert_eq!(store.expire(20).await.unwrap(), 2);
        assert_eq!(ids(&store, CLIENT).await.len(), 1);
        store
            .register(CLIENT, &SharedKey::from_bytes([1; 32]))
            .await
            .unwrap();
        store.forget(CLIENT).await.unwrap();
        assert!(ids(&store, CLIENT).await.is_empty());
        assert!(store.registration(CLIENT).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn registering_again_replaces_the_key_even_when_the_gateway_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _thread) = open(
            folder.path(),
            Limits {
                registrations: 1,
                ..Limits::default()
            },
        );
        for (client, key, accepted) in [(CLIENT, 1, true), (OTHER, 2, false), (CLIENT, 3, true)] {
            let key = SharedKey::from_bytes([key; 32]);
            assert_eq!(store.register(client, &key).await.unwrap(), accepted);
        }
        let registration = store.registration(CLIENT).await.unwrap().unwrap();
        assert_eq!(*registration.key.as_bytes(), [3; 32]);
    }

    #[tokio::test]
    async fn messages_come_in_chunks_of_a_hundred() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _thread) = open(folder.path(), Limits::default());
        for _ in 0..130 {
            assert!(put(&store, CLIENT, 1, 1).await);
        }
        let first = ids(&store, CLIENT).await;
        assert_eq!(first.len(), 100);
        assert_eq!(store.chunk(CLIENT, first[99]).await.unwrap().len(), 30);
    }
}
