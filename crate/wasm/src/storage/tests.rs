//! Run in a real browser: `cargo test -p sotto-wasm --target wasm32-unknown-unknown --lib`, with
//! wasm-bindgen's test runner as `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

use js_sys::{Array, Function, Promise};
use sotto_core::client::Store;
use sotto_core::time::Time;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::database::VERSION;
use super::*;

wasm_bindgen_test_configure!(run_in_browser);

const SETTINGS: CommitId = CommitId::Settings;

fn put(store: Store, key: u8, value: &[u8]) -> Change {
    Change::Put {
        table: Table::Core(store),
        key: vec![key],
        value: value.to_vec(),
    }
}

/// Does all jobs, and gives what was told.
async fn work(storage: &Storage, jobs: Vec<Job>) -> Vec<Input> {
    for job in jobs {
        storage.add(job);
    }
    let told = RefCell::new(Vec::new());
    storage.work(|input| told.borrow_mut().push(input)).await;
    told.into_inner()
}

async fn load(storage: &Storage) -> Stored {
    match work(storage, vec![Job::Load]).await.remove(0) {
        Input::Loaded(stored) => *stored,
        _ => panic!("not loaded"),
    }
}

async fn vault(storage: &Storage) -> StoredVault {
    match work(storage, vec![Job::ReadVault]).await.remove(0) {
        Input::VaultRead(vault) => vault,
        _ => panic!("not read"),
    }
}

fn values(records: &[StoredRecord]) -> Vec<&[u8]> {
    records
        .iter()
        .map(|record| record.value.as_slice())
        .collect()
}

fn outcomes(inputs: &[Input]) -> Vec<bool> {
    inputs
        .iter()
        .map(|input| matches!(input, Input::Saved(_)))
        .collect()
}

async fn script(body: &str) -> JsValue {
    let promise = Function::new_no_args(body).call0(&JsValue::NULL).unwrap();
    JsFuture::from(Promise::resolve(&promise)).await.unwrap()
}

#[wasm_bindgen_test]
async fn what_a_version_before_the_vault_kept_in_clear_is_deleted() {
    script(
        "return new Promise((done) => {
             const request = indexedDB.open('older', 3);
             request.onupgradeneeded = () => {
                 const name = 'identity';
                 request.result.createObjectStore(name).put(new Uint8Array([7]), new Uint8Array([1]));
                 request.result.createObjectStore('gone');
             };
             request.onsuccess = () => { request.result.close(); done(); };
         });",
    )
    .await;
    let storage = Storage::new("older");
    let vault = vault(&storage).await;
    assert!(vault.copies.is_empty() && !vault.has_records);
    assert!(load(&storage).await.records.is_empty());
    let told = work(
        &storage,
        vec![Job::Commit(SETTINGS, vec![put(Store::Identity, 1, b"new")])],
    )
    .await;
    assert_eq!(outcomes(&told), [true]);
}

#[wasm_bindgen_test]
async fn a_vault_is_told_by_its_copies_and_without_them_by_any_record() {
    let storage = Storage::new("vault");
    assert!(!vault(&storage).await.has_records);
    let note = Change::Put {
        table: Table::Conversation,
        key: vec![5; 32],
        value: b"sealed".to_vec(),
    };
    work(&storage, vec![Job::Commit(SETTINGS, vec![note])]).await;
    assert!(vault(&storage).await.has_records);
    let copy = Change::Put {
        table: Table::Vault,
        key: b"envelope-1".to_vec(),
        value: b"wrapped".to_vec(),
    };
    work(&storage, vec![Job::Commit(SETTINGS, vec![copy])]).await;
    let found = vault(&storage).await;
    let copies: Vec<_> = found
        .copies
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    assert_eq!(copies, [("envelope-1", &b"wrapped"[..])]);
    let loaded = load(&storage).await;
    assert_eq!(values(&loaded.records), [b"sealed"]);
    let all = storage.all().await.unwrap();
    assert_eq!(
        values(&all),
        [b"sealed"],
        "the vault's own table is no record"
    );
}

#[wasm_bindgen_test]
async fn the_session_outlives_the_background_until_it_is_forgotten() {
    script(
        "const kept = new Map();
         globalThis.chrome ??= {};
         globalThis.chrome.storage = { session: {
             get: async (keys) => Object.fromEntries(keys.filter((key) => kept.has(key)).map((key) => [key, kept.get(key)])),
             set: async (items) => void Object.entries(items).forEach(([key, value]) => kept.set(key, value)),
             remove: async (keys) => void keys.forEach((key) => kept.delete(key)),
             clear: async () => void kept.clear(),
             setAccessLevel: async ({ accessLevel }) => { globalThis.level = accessLevel; },
         } };
         globalThis.keptKeys = () => [...kept.keys()].join();
         return chrome.storage.session.set({ draft: 'x' });",
    )
    .await;
    let storage = Storage::new("session");
    let session = Session {
        key: vec![0, 255, 7].into(),
        last_used: Time::from_millis(1_700_000_000_123),
    };
    let told = work(&storage, vec![Job::KeepSession(session.clone())]).await;
    assert!(told.is_empty());
    let keys = async || script("return keptKeys()").await.as_string().unwrap();
    assert!(vault(&storage).await.session == Some(session.clone()));
    assert_eq!(script("return level").await, "TRUSTED_CONTEXTS");
    let told = work(&storage, vec![Job::ForgetSession(false)]).await;
    assert!(matches!(told[..], [Input::SessionForgotten(Ok(()))]));
    assert!(vault(&storage).await.session.is_none());
    assert_eq!(keys().await, "draft");
    work(
        &storage,
        vec![Job::KeepSession(session), Job::ForgetSession(true)],
    )
    .await;
    assert_eq!(keys().await, "");
    script("return chrome.storage.session.set({ vault: 'no base64', vaultLastUsed: 'no number' })")
        .await;
    assert!(vault(&storage).await.session.is_none());
}

#[wasm_bindgen_test]
async fn what_was_saved_is_loaded_again_and_what_was_deleted_is_not() {
    let storage = Storage::new("kept");
    let changes = vec![
        put(Store::Identity, 1, b"keys"),
        put(Store::Outbox, 1, b"one"),
        put(Store::Outbox, 2, b"two"),
        put(Store::Registration, 1, b"gateway"),
        Change::Put {
            table: Table::Settings,
            key: vec![1; 32],
            value: b"set".to_vec(),
        },
    ];
    let later = vec![
        Change::Delete {
            table: Table::Core(Store::Outbox),
            key: vec![1],
        },
        Change::Clear(Table::Core(Store::Registration)),
    ];
    let told = work(
        &storage,
        vec![Job::Commit(SETTINGS, changes), Job::Commit(SETTINGS, later)],
    )
    .await;
    assert_eq!(outcomes(&told), [true, true]);
    let stored = load(&Storage::new("kept")).await;
    let records: Vec<_> = stored
        .records
        .iter()
        .map(|record| (record.table.name(), record.value.as_slice()))
        .collect();
    assert_eq!(
        records,
        [
            ("identity", &b"keys"[..]),
            ("outbox", &b"two"[..]),
            ("settings", &b"set"[..]),
        ]
    );
}

#[wasm_bindgen_test]
async fn of_several_places_those_that_exist_are_read_in_their_order() {
    let storage = Storage::new("places");
    let changes = vec![put(Store::Sent, 1, b"sent"), put(Store::Inbox, 1, b"inbox")];
    work(&storage, vec![Job::Commit(SETTINGS, changes)]).await;
    let place = |store| (Table::Core(store), vec![1]);
    let read = |places| storage.read(places);
    let stores = [Store::Inbox, Store::Outbox, Store::Sent, Store::Inbox];
    let found = read(stores.map(place).to_vec()).await.unwrap();
    assert_eq!(values(&found), [&b"inbox"[..], b"sent", b"inbox"]);
    assert_eq!(found[1].table.name(), "sent");
    assert!(read(vec![place(Store::Outbox)]).await.unwrap().is_empty());
    assert!(read(Vec::new()).await.unwrap().is_empty());
}

#[wasm_bindgen_test]
async fn a_commit_that_fails_leaves_no_trace_and_takes_no_other_with_it() {
    // A database that lacks one store, as if a disk were damaged.
    script(&format!(
        "return new Promise((resolve, reject) => {{
            const request = indexedDB.open('damaged', {VERSION});
            request.onupgradeneeded = () => {{
                for (const name of ['identity', 'registration', 'outbox', 'sent', 'inbox', 'fragment'])
                    request.result.createObjectStore(name);
            }};
            request.onsuccess = () => {{ request.result.close(); resolve(); }};
            request.onerror = reject;
        }})",
    ))
    .await;
    let storage = Storage::new("damaged");
    let jobs = vec![
        Job::Commit(SETTINGS, vec![put(Store::Outbox, 1, b"before")]),
        Job::Commit(
            SETTINGS,
            vec![put(Store::Outbox, 2, b"half"), put(Store::Seen, 2, b"half")],
        ),
        Job::Commit(SETTINGS, vec![put(Store::Outbox, 3, b"after")]),
    ];
    assert_eq!(outcomes(&work(&storage, jobs).await), [true, false, true]);
    let outbox = storage
        .database()
        .await
        .unwrap()
        .all(&[Table::Core(Store::Outbox)])
        .await
        .unwrap();
    assert_eq!(values(&outbox), [&b"before"[..], &b"after"[..]]);
}

#[wasm_bindgen_test]
async fn commits_that_wait_share_one_transaction_and_every_transaction_is_strict() {
    script(
        "globalThis.transactions = [];
         const original = IDBDatabase.prototype.transaction;
         IDBDatabase.prototype.transaction = function (stores, mode, options) {
             if (this.name === 'merged') transactions.push(`${mode} ${options?.durability}`);
             return original.call(this, stores, mode, options);
         };",
    )
    .await;
    let storage = Storage::new("merged");
    let commit = |key| Job::Commit(SETTINGS, vec![put(Store::Outbox, key, b"x")]);
    let told = work(&storage, vec![commit(1), commit(2), commit(3)]).await;
    assert_eq!(outcomes(&told), [true, true, true]);
    let seen = Array::from(&script("return transactions").await);
    assert_eq!(
        seen.iter()
            .map(|t| t.as_string().unwrap())
            .collect::<Vec<_>>(),
        ["readwrite strict"]
    );
}

#[wasm_bindgen_test]
async fn a_read_sees_the_commits_before_it_and_not_those_after() {
    let storage = Storage::new("ordered");
    let place = || vec![(Table::Core(Store::Outbox), vec![1])];
    let jobs = vec![
        Job::Commit(SETTINGS, vec![put(Store::Outbox, 1, b"first")]),
        Job::Load,
        Job::Commit(SETTINGS, vec![put(Store::Outbox, 1, b"second")]),
    ];
    let told = work(&storage, jobs).await;
    let loaded = told.iter().find_map(|input| match input {
        Input::Loaded(stored) => Some(stored.records[0].value.clone()),
        _ => None,
    });
    assert_eq!(loaded, Some(b"first".to_vec()));
    let now = storage.read(place()).await.unwrap();
    assert_eq!(values(&now), [b"second"]);
}

#[wasm_bindgen_test]
async fn a_database_that_the_browser_closed_is_opened_again() {
    let storage = Storage::new("closed");
    work(
        &storage,
        vec![Job::Commit(SETTINGS, vec![put(Store::Outbox, 1, b"x")])],
    )
    .await;
    // Deleting asks every holder to close.
    script(
        "return new Promise((resolve, reject) => {
            const request = indexedDB.deleteDatabase('closed');
            request.onsuccess = resolve;
            request.onerror = reject;
        })",
    )
    .await;
    let told = work(
        &storage,
        vec![Job::Commit(SETTINGS, vec![put(Store::Outbox, 2, b"y")])],
    )
    .await;
    assert_eq!(outcomes(&told), [true]);
    assert_eq!(load(&storage).await.records.len(), 1);
}
