//! The database itself.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbDatabase, IdbObjectStore, IdbTransaction, IdbTransactionMode, IdbVersionChangeEvent,
};

use sotto_app::background::{Change, StoredRecord, Table};

use super::request::{complete, reason, result};
use crate::global::indexed_db;

/// The version of the set of object stores; opening an older one creates what it lacks.
pub(super) const VERSION: u32 = 7;
/// The first version in which everything is sealed, and conversations have records. What older ones
/// have, none of which was ever released, is deleted: it is in clear, or nowhere to be found.
const FIRST_SEALED: u32 = 5;

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
        let on_upgrade = Closure::once(move |event: IdbVersionChangeEvent| {
            if let Ok(database) = upgraded.result() {
                upgrade(&database.unchecked_into(), event.old_version());
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

    /// All records of some tables, as they are at one moment.
    pub(super) async fn all(&self, tables: &[Table]) -> Result<Vec<StoredRecord>, String> {
        let transaction = self.transaction(tables.iter().copied(), IdbTransactionMode::Readonly)?;
        let mut records = Vec::new();
        for table in tables {
            records.extend(contents(&transaction, *table).await?);
        }
        Ok(records)
    }

    /// Whether one of some tables has a record.
    pub(super) async fn has_any(&self, tables: &[Table]) -> Result<bool, String> {
        let transaction = self.transaction(tables.iter().copied(), IdbTransactionMode::Readonly)?;
        for table in tables {
            let request = object_store(&transaction, *table)?
                .open_key_cursor()
                .map_err(|error| reason(&error))?;
            if !result(&request).await?.is_null() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of these records that exist, as they are at one moment.
    pub(super) async fn those(
        &self,
        places: Vec<(Table, Vec<u8>)>,
    ) -> Result<Vec<StoredRecord>, String> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let tables = places.iter().map(|(table, _)| *table);
        let transaction = self.transaction(tables, IdbTransactionMode::Readonly)?;
        let mut records = Vec::new();
        for (table, key) in places {
            if let Some(value) = get(&transaction, table, &key).await? {
                records.push(StoredRecord { table, key, value });
            }
        }
        Ok(records)
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
fn upgrade(database: &IdbDatabase, from: f64) {
    if from < f64::from(FIRST_SEALED) {
        let names = database.object_store_names();
        for name in (0..names.length()).filter_map(|place| names.get(place)) {
            let _ = database.delete_object_store(&name);
        }
    }
    for table in Table::all() {
        // What fails here makes the first transaction fail, which is told.
        let _ = database.create_object_store(table.name());
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
        Change::Put { key, value, .. } => store.put_with_key(&array(value), &array(key)).map(drop),
        Change::Delete { key, .. } => store.delete(&array(key)).map(drop),
        Change::Clear(_) => store.clear().map(drop),
    }
}

/// All records of a table.
async fn contents(transaction: &IdbTransaction, table: Table) -> Result<Vec<StoredRecord>, String> {
    let objects = object_store(transaction, table)?;
    let keys = objects.get_all_keys().map_err(|error| reason(&error))?;
    let values = objects.get_all().map_err(|error| reason(&error))?;
    let keys: Array = result(&keys).await?.unchecked_into();
    let values: Array = result(&values).await?.unchecked_into();
    let pairs = keys.iter().zip(values.iter());
    let record = |(key, value): (JsValue, JsValue)| StoredRecord {
        table,
        key: bytes(&key),
        value: bytes(&value),
    };
    Ok(pairs.map(record).collect())
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
    Ok((!value.is_undefined()).then(|| bytes(&value)))
}

fn array(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// The bytes of a stored value (`Uint8Array`) or of a key (which IndexedDB gives back as an
/// `ArrayBuffer`).
fn bytes(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}
