//! Documents of the directory. The reasons of failures are for people, and say nothing that a
//! server chose.

use js_sys::{Promise, Reflect, Uint8Array};
use sotto_core::topology::DirectoryReplies;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, DomException, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response,
};

use crate::global;

/// How long one document may take, in milliseconds.
const TIME_LIMIT: u32 = 30_000;
/// The longest document that is read, in bytes.
const SIZE_LIMIT: usize = 16 * 1024 * 1024;

/// Fetches the three documents of a directory at once.
pub(crate) async fn fetch_directory(urls: [String; 3]) -> Result<DirectoryReplies, String> {
    // All are awaited from the start, so that none fails unheard after another one failed.
    let [rewarded_set, mixnodes, entry_gateways] = urls.map(|url| JsFuture::from(start(&url)));
    Ok(DirectoryReplies {
        rewarded_set: finish(rewarded_set).await?,
        mixnodes: finish(mixnodes).await?,
        entry_gateways: finish(entry_gateways).await?,
    })
}

fn start(url: &str) -> Promise {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TIME_LIMIT)));
    let _ = Reflect::set(&init, &"referrerPolicy".into(), &"no-referrer".into());
    global::fetch(url, &init)
}

async fn finish(fetch: JsFuture) -> Result<Vec<u8>, String> {
    let response = fetch.await.map_err(|error| reason(&error))?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(format!("status {}", response.status()));
    }
    let Some(body) = response.body() else {
        return Ok(Vec::new());
    };
    read(&body.get_reader().unchecked_into()).await
}

/// Reads in pieces, so that a body without end is given up at the limit.
async fn read(reader: &ReadableStreamDefaultReader) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = next_piece(reader).await? {
        if body.len() + piece.length() as usize > SIZE_LIMIT {
            let _ = reader.cancel();
            return Err(format!(
                "an answer of more than {} MB",
                SIZE_LIMIT / (1024 * 1024)
            ));
        }
        body.extend(piece.to_vec());
    }
    Ok(body)
}

async fn next_piece(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, String> {
    let result = JsFuture::from(reader.read())
        .await
        .map_err(|error| reason(&error))?;
    let field = |name: &str| Reflect::get(&result, &name.into()).unwrap_or(JsValue::UNDEFINED);
    Ok(field("value").dyn_into().ok())
}

fn reason(error: &JsValue) -> String {
    match error.dyn_ref::<DomException>() {
        Some(error) if error.name() == "TimeoutError" => {
            format!("no answer within {} seconds", TIME_LIMIT / 1_000)
        }
        _ => "no connection".to_owned(),
    }
}
