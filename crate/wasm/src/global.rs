//! What a service worker and an event page both have in their global scope.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{IdbFactory, RequestInit};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Function, millis: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_name = fetch)]
    pub(crate) fn fetch(url: &str, init: &RequestInit) -> Promise;

    #[wasm_bindgen(thread_local_v2, js_name = indexedDB)]
    static INDEXED_DB: Option<IdbFactory>;

    #[wasm_bindgen(thread_local_v2, js_namespace = location, js_name = href)]
    static LOCATION_HREF: String;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;
}

/// IndexedDB, unless the browser withholds it.
pub(crate) fn indexed_db() -> Option<IdbFactory> {
    INDEXED_DB.with(Clone::clone)
}

/// The address of the background's own script or page.
pub(crate) fn location_href() -> String {
    LOCATION_HREF.with(Clone::clone)
}
