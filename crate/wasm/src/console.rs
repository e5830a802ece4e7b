//! The browser's console. Nothing of a message, an address or a key is ever written to it.

use std::cell::Cell;
use std::panic;

use wasm_bindgen::JsValue;

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Notes something that a developer may want to look into.
pub(crate) fn warn(text: &str) {
    web_sys::console::warn_1(&JsValue::from_str(&format!("sotto: {text}")));
}

/// A panic is noted with its place only, as its text may hold anything. The module is of no use
/// afterwards, as whatever was under way stays half done.
pub(crate) fn watch_panics() {
    panic::set_hook(Box::new(|info| {
        PANICKED.set(true);
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        web_sys::console::error_1(&JsValue::from_str(&format!("sotto: stopped at {place}")));
    }));
}

/// Whether the module is of no use any more.
pub(crate) fn has_panicked() -> bool {
    PANICKED.get()
}
