//! Run in a real browser: `cargo test -p sotto-wasm --target wasm32-unknown-unknown --lib`, with
//! wasm-bindgen's test runner as `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what a test is for"
)]

use js_sys::{Array, Function, Promise};
use sotto_app::settings::SETTINGS_KEY;
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
async fn a_database_of_an_older_version_keeps_what_it_has_and_gets_what_it_lacks() {
    script(
        "return new Promise((done) => {
             const request = indexedDB.open('older', 1);
             request.onupgradeneeded = () => {
                 const name = 'identity';
                 request.result.createObjectStore(name).put(new Uint8Array([7]), new Uint8Array([1]));
             };
             request.onsuccess = () => { request.result.close(); done(); };
         });",
    )
    .await;
    let storage = Storage::new("older");
    let note = Change::Put {
        table: Table::Unread,
        key: vec![5],
        value: b"unknown".to_vec(),
    };
    let told = work(&storage, vec![Job::Commit(SETTINGS, vec![note])]).await;
    assert_eq!(outcomes(&told), [true]);
    let stored = load(&storage).await;
    let values: Vec<&[u8]> = stored.records.iter().map(|r| r.value.as_slice()).collect();
    assert_eq!(values, [&[7][..]]);
    assert_eq!(stored.unread, [(vec![5], b"unknown".to_vec())]);
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
            key: SETTINGS_KEY.to_vec(),
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
        .map(|r| (r.store, r.value.as_slice()))
        .collect();
    assert_eq!(
        records,
        [
            (Store::Identity, &b"keys"[..]),
            (Store::Outbox, &b"two"[..])
        ]
    );
    assert_eq!(stored.settings, Some(b"set".to_vec()));
}

#[wasm_bindgen_test]
async fn of_a_history_the_newest_are_loaded_whatever_their_keys_are() {
    let storage = Storage::new("history");
    for (key, value) in [(9, b"a"), (3, b"b"), (7, b"c")] {
        work(
            &storage,
            vec![Job::Commit(SETTINGS, vec![put(Store::Inbox, key, value)])],
        )
        .await;
        // The order is that of the clock's milliseconds.
        script("return new Promise((resolve) => setTimeout(resolve, 5))").await;
    }
    let database = storage.database().await.unwrap();
    let values = |records: Vec<Record>| -> Vec<u8> {
        records
            .into_iter()
            .flat_map(|record| record.value)
            .collect()
    };
    assert_eq!(
        values(database.newest(Store::Inbox, 2, 1_000).await.unwrap()),
        b"cb"
    );
    assert_eq!(
        values(database.newest(Store::Inbox, 10, 2).await.unwrap()),
        b"cb"
    );
    assert_eq!(values(load(&storage).await.history), b"cba");
}

#[wasm_bindgen_test]
async fn the_first_of_several_places_is_read() {
    let storage = Storage::new("places");
    let changes = vec![put(Store::Sent, 1, b"sent"), put(Store::Inbox, 1, b"inbox")];
    work(&storage, vec![Job::Commit(SETTINGS, changes)]).await;
    let place = |store| (Table::Core(store), vec![1]);
    let read = |places| storage.read(places);
    let found = read(vec![place(Store::Outbox), place(Store::Sent)])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.store, found.value.as_slice()),
        (Store::Sent, &b"sent"[..])
    );
    assert_eq!(read(vec![place(Store::Outbox)]).await, Ok(None));
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
        .all(&[Store::Outbox])
        .await
        .unwrap();
    let values: Vec<_> = outbox
        .iter()
        .map(|record| record.value.as_slice())
        .collect();
    assert_eq!(values, [&b"before"[..], &b"after"[..]]);
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
    let now = storage.read(place()).await.unwrap().unwrap();
    assert_eq!(now.value, b"second");
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
