//! What outlives the background and not the browser: `storage.session`, memory that no site and no
//! content script can read.

use base64::{Engine, prelude::BASE64_STANDARD};
use js_sys::{Object, Promise, Reflect};
use sotto_app::background::Session;
use sotto_core::time::Time;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use super::request::reason;

/// The unlocked vault, base64, and when it was last used, in milliseconds since the Unix epoch.
const KEY: &str = "vault";
const LAST_USED: &str = "vaultLastUsed";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = get)]
    fn get(keys: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = set)]
    fn set(items: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = remove)]
    fn remove(keys: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = clear)]
    fn clear() -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "storage", "session"], js_name = setAccessLevel)]
    fn set_access_level(level: &JsValue) -> Result<Promise, JsValue>;
}

/// What was kept; nothing if there is none, or it cannot be read.
pub(super) async fn read() -> Option<Session> {
    let found = done(get(&keys())).await.ok()?;
    let text = Reflect::get(&found, &KEY.into()).ok()?.as_string()?;
    let text = Zeroizing::new(text);
    let last_used = Reflect::get(&found, &LAST_USED.into()).ok()?.as_f64()?;
    // What `keep` wrote: milliseconds, far below the limits of both types.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let last_used = Time::from_millis(last_used as u64);
    Some(Session {
        key: BASE64_STANDARD.decode(text.as_bytes()).ok()?.into(),
        last_used,
    })
}

/// Keeps it, for the extension's own pages alone.
pub(super) async fn keep(session: &Session) -> Result<(), String> {
    // This is how it is from the start; Firefox knows nothing else, and may not know the call.
    let level = object(&[("accessLevel", "TRUSTED_CONTEXTS".into())]);
    let _ = done(set_access_level(&level)).await;
    let text = Zeroizing::new(BASE64_STANDARD.encode(&*session.key));
    // Until the year 287396 a double holds it exactly.
    #[allow(clippy::cast_precision_loss)]
    let last_used = session.last_used.as_millis() as f64;
    let items = object(&[(KEY, text.as_str().into()), (LAST_USED, last_used.into())]);
    done(set(&items)).await.map(drop)
}

/// Forgets it, or everything that is there.
pub(super) async fn forget(everything: bool) -> Result<(), String> {
    let gone = if everything { clear() } else { remove(&keys()) };
    done(gone).await.map(drop)
}

fn keys() -> JsValue {
    js_sys::Array::of2(&KEY.into(), &LAST_USED.into()).into()
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.unchecked_into()
}

async fn done(called: Result<Promise, JsValue>) -> Result<JsValue, String> {
    let promise = called.map_err(|error| reason(&error))?;
    JsFuture::from(promise)
        .await
        .map_err(|error| reason(&error))
}
