//! IndexedDB's requests and transactions as futures.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, IdbRequest, IdbTransaction};

/// Waits for a request's result.
pub(super) async fn result(request: &IdbRequest) -> Result<JsValue, String> {
    let target = request.clone();
    let done = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(done).await {
        Ok(_) => target.result().map_err(|error| reason(&error)),
        Err(_) => Err(request_reason(&target)),
    }
}

/// Waits until a transaction is durable, or has left no trace.
pub(super) async fn complete(transaction: &IdbTransaction) -> Result<(), String> {
    let done = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(done)
        .await
        .map(|_| ())
        .map_err(|_| match transaction.error() {
            Some(error) => reason(&error),
            None => "the browser broke off".to_owned(),
        })
}

fn request_reason(request: &IdbRequest) -> String {
    match request.error() {
        Ok(Some(error)) => reason(&error),
        _ => "it gives no reason".to_owned(),
    }
}

/// What a failure means for a person.
pub(super) fn reason(error: &JsValue) -> String {
    let name = error
        .dyn_ref::<DomException>()
        .map(DomException::name)
        .unwrap_or_default();
    match name.as_str() {
        "QuotaExceededError" => "the disk, or the extension's share of it, is full".to_owned(),
        "InvalidStateError" => "it was closed".to_owned(),
        "" => "it gives no reason".to_owned(),
        name => format!("it says {name}"),
    }
}
