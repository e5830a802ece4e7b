//! The database itself.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbCursorDirection, IdbCursorWithValue, IdbDatabase, IdbObjectStore, IdbTransaction,
    IdbTransactionMode,
};

use sotto_app::background::{Change, Table};
use sotto_app::settings::SETTINGS_KEY;
use sotto_core::client::{Record, Store};

use super::request::{complete, reason, result};
use crate::global::indexed_db;

/// The version of the set of object stores; opening an older one creates what it lacks. Version 2
/// added `topology`, version 3 `unread`.
pub(super) const VERSION: u32 = 3;
/// In a history: the field with the time of writing, and the index over it. Message ids are random,
/// and say nothing of it.
const WRITTEN_AT: &str = "writtenAt";
/// In a history: the field with the bytes.
const VALUE: &str = "value";

#[wasm_bindgen]
extern "C" {
    /// web-sys has the options of a transaction behind a compiler flag only.
    #[wasm_bindgen(extends = IdbDatabase)]
    type StrictDatabase;

    #[wasm_bindgen(catch, method, js_name = transaction)]
    fn transaction_with_options(
        this: &StrictDatabase,
        stores: &Array,
        mode: IdbTransactionMode,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;
}

/// An open database.
#[derive(Clone)]
pub(super) struct Database {
    database: IdbDatabase,
    open: Rc<Cell<bool>>,
    _on_close: Rc<Closure<dyn FnMut()>>,
}

impl Database {
    /// Opens a database, and creates what is missing in it.
    pub(super) async fn open(name: &str) -> Result<Self, String> {
        let factory = indexed_db().ok_or_else(|| "the browser withholds it".to_owned())?;
        let request = factory
            .open_with_u32(name, VERSION)
            .map_err(|error| reason(&error))?;
        let upgraded = request.clone();
        let on_upgrade = Closure::once(move || {
            if let Ok(database) = upgraded.result() {
                create_stores(&database.unchecked_into());
            }
        });
        request.set_onupgradeneeded(Some(on_upgrade.as_ref().unchecked_ref()));
        let database = result(&request).await?;
        Ok(Self::watch(database.unchecked_into()))
    }

    /// Notes when the browser closes the database, or another version of the extension needs it.
    fn watch(database: IdbDatabase) -> Self {
        let open = Rc::new(Cell::new(true));
        let (closing, closed) = (database.clone(), open.clone());
        let on_close = Closure::<dyn FnMut()>::new(move || {
            closed.set(false);
            closing.close();
        });
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        database.set_onversionchange(Some(on_close.as_ref().unchecked_ref()));
        Self {
            database,
            open,
            _on_close: Rc::new(on_close),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Makes all changes in one transaction, and waits until it is on the disk.
    pub(super) async fn write(&self, changes: &[&Change]) -> Result<(), String> {
        if changes.is_empty() {
            return Ok(());
        }
        let tables = changes.iter().map(|change| change.table());
        let transaction = self.transaction(tables, IdbTransactionMode::Readwrite)?;
        for change in changes {
            if let Err(error) = apply(&transaction, change) {
                let _ = transaction.abort();
                return Err(reason(&error));
            }
        }
        complete(&transaction).await
    }

    /// All records of some stores, as they are at one moment.
    pub(super) async fn all(&self, stores: &[Store]) -> Result<Vec<Record>, String> {
        let tables = stores.iter().copied().map(Table::Core);
        let transaction = self.transaction(tables, IdbTransactionMode::Readonly)?;
        let mut records = Vec::new();
        for store in stores {
            let table = contents(&transaction, Table::Core(*store)).await?;
            records.extend(table.into_iter().map(|(key, value)| Record {
                store: *store,
                key,
                value,
            }));
        }
        Ok(records)
    }

    /// All notes of what is unread: keys and values.
    pub(super) async fn unread(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>, String> {
        let tables = [Table::Unread].into_iter();
        let transaction = self.transaction(tables, IdbTransactionMode::Readonly)?;
        contents(&transaction, Table::Unread).await
    }

    /// The records of a history that were written last: at most `count`, and no more once there are
    /// `size` bytes.
    pub(super) async fn newest(
        &self,
        store: Store,
        count: usize,
        size: usize,
    ) -> Result<Vec<Record>, String> {
        let table = Table::Core(store);
        let transaction = self.transaction([table].into_iter(), IdbTransactionMode::Readonly)?;
        let request = object_store(&transaction, table)?
            .index(WRITTEN_AT)
            .and_then(|index| {
                index.open_cursor_with_range_and_direction(&JsValue::NULL, IdbCursorDirection::Prev)
            })
            .map_err(|error| reason(&error))?;
        let mut records: Vec<Record> = Vec::new();
        let mut total = 0;
        while let Ok(cursor) = result(&request).await?.dyn_into::<IdbCursorWithValue>() {
            let record = cursor_record(store, &cursor).map_err(|error| reason(&error))?;
            total += record.value.len();
            records.push(record);
            if records.len() >= count || total >= size {
                break;
            }
            cursor.continue_().map_err(|error| reason(&error))?;
        }
        Ok(records)
    }

    /// The first record that exists.
    pub(super) async fn first(
        &self,
        places: &[(Table, Vec<u8>)],
    ) -> Result<Option<Record>, String> {
        let tables = places.iter().map(|(table, _)| *table);
        let transaction = self.transaction(tables, IdbTransactionMode::Readonly)?;
        for (table, key) in places {
            let value = get(&transaction, *table, key).await?;
            if let (Table::Core(store), Some(value)) = (*table, value) {
                return Ok(Some(Record {
                    store,
                    key: key.clone(),
                    value,
                }));
            }
        }
        Ok(None)
    }

    /// The settings record.
    pub(super) async fn settings(&self) -> Result<Option<Vec<u8>>, String> {
        let tables = [Table::Settings].into_iter();
        let transaction = self.transaction(tables, IdbTransactionMode::Readonly)?;
        get(&transaction, Table::Settings, SETTINGS_KEY).await
    }

    fn transaction(
        &self,
        tables: impl Iterator<Item = Table>,
        mode: IdbTransactionMode,
    ) -> Result<IdbTransaction, String> {
        let stores: Array = tables
            .map(|table| JsValue::from_str(table.name()))
            .collect();
        let options = Object::new();
        // `strict`: complete means on the disk, and not only handed to the operating system.
        let _ = Reflect::set(&options, &"durability".into(), &"strict".into());
        self.database
            .unchecked_ref::<StrictDatabase>()
            .transaction_with_options(&stores, mode, &options)
            .map_err(|error| reason(&error))
    }
}

/// Makes the stores that are not there yet, which for an older version are only some.
fn create_stores(database: &IdbDatabase) {
    for table in Table::all() {
        // What fails here makes the first transaction fail, which is told.
        if let Ok(store) = database.create_object_store(table.name())
            && table.is_history()
        {
            let _ = store.create_index_with_str(WRITTEN_AT, WRITTEN_AT);
        }
    }
}

fn object_store(transaction: &IdbTransaction, table: Table) -> Result<IdbObjectStore, String> {
    transaction
        .object_store(table.name())
        .map_err(|error| reason(&error))
}

fn apply(transaction: &IdbTransaction, change: &Change) -> Result<(), JsValue> {
    let store = transaction.object_store(change.table().name())?;
    match change {
        Change::Put { table, key, value } => store
            .put_with_key(&stored(*table, value), &array(key))
            .map(drop),
        Change::Delete { key, .. } => store.delete(&array(key)).map(drop),
        Change::Clear(_) => store.clear().map(drop),
    }
}

/// All keys and values of a table.
async fn contents(
    transaction: &IdbTransaction,
    table: Table,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, String> {
    let objects = object_store(transaction, table)?;
    let keys = objects.get_all_keys().map_err(|error| reason(&error))?;
    let values = objects.get_all().map_err(|error| reason(&error))?;
    let keys: Array = result(&keys).await?.unchecked_into();
    let values: Array = result(&values).await?.unchecked_into();
    let pairs = keys.iter().zip(values.iter());
    Ok(pairs
        .map(|(key, value)| (bytes(&key), content(&value)))
        .collect())
}

async fn get(
    transaction: &IdbTransaction,
    table: Table,
    key: &[u8],
) -> Result<Option<Vec<u8>>, String> {
    let request = object_store(transaction, table)?
        .get(&array(key))
        .map_err(|error| reason(&error))?;
    let value = result(&request).await?;
    Ok((!value.is_undefined()).then(|| content(&value)))
}

fn cursor_record(store: Store, cursor: &IdbCursorWithValue) -> Result<Record, JsValue> {
    Ok(Record {
        store,
        // The key of a cursor over an index is what the index is sorted by.
        key: bytes(&cursor.primary_key()?),
        value: content(&cursor.value()?),
    })
}

fn array(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// A record's value as it is stored: bytes, and in a history also when they were written, for the
/// index.
fn stored(table: Table, value: &[u8]) -> JsValue {
    if !table.is_history() {
        return array(value);
    }
    let object = Object::new();
    let _ = Reflect::set(&object, &WRITTEN_AT.into(), &js_sys::Date::now().into());
    let _ = Reflect::set(&object, &VALUE.into(), &array(value));
    object.into()
}

/// The bytes of what [`stored`] made.
fn content(stored: &JsValue) -> Vec<u8> {
    if stored.is_instance_of::<Uint8Array>() {
        return bytes(stored);
    }
    Reflect::get(stored, &VALUE.into())
        .map(|value| bytes(&value))
        .unwrap_or_default()
}

/// The bytes of a stored value (`Uint8Array`) or of a key (which IndexedDB gives back as an
/// `ArrayBuffer`).
fn bytes(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}
