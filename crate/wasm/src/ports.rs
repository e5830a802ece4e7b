//! The pages that are connected.

use litemap::LiteMap;
use std::cell::{Cell, RefCell};

use js_sys::{Function, JSON};
use serde::Serialize;
use wasm_bindgen::JsValue;

use sotto_app::background::{Input, PortId};
use sotto_app::limit::MAX_REQUEST_BYTES;
use sotto_app::page::RequestError;

/// How to reach each page.
#[derive(Default)]
pub(crate) struct Ports {
    send: RefCell<LiteMap<PortId, Function>>,
    last: Cell<u32>,
}

impl Ports {
    /// A new page.
    pub(crate) fn add(&self, send: Function) -> PortId {
        self.last.set(self.last.get().wrapping_add(1));
        let port = PortId(self.last.get());
        self.send.borrow_mut().insert(port, send);
        port
    }

    pub(crate) fn remove(&self, port: PortId) {
        self.send.borrow_mut().remove(&port);
    }

    /// Posts to a page. A page that is going away throws; its `disconnectPort` follows.
    pub(crate) fn post(&self, port: PortId, message: &impl Serialize) {
        // Cloned, so that nothing is borrowed while JavaScript runs.
        let send = self.send.borrow().get(&port).cloned();
        let message = message.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
        if let (Some(send), Ok(message)) = (send, message) {
            let _ = send.call1(&JsValue::UNDEFINED, &message);
        }
    }
}

/// A page's message as an input. Its JSON text is what the app reads: JavaScript may hand over
/// cycles and any depth, which must not reach the stack of the module.
pub(crate) fn message(port: u32, message: &JsValue) -> Input {
    let message = match JSON::stringify(message).map(|text| text.as_string()) {
        Ok(Some(text)) if text.len() <= MAX_REQUEST_BYTES => Ok(text),
        Ok(Some(_)) => Err(RequestError::TooLarge),
        _ => Err(RequestError::Malformed),
    };
    Input::PortMessage {
        port: PortId(port),
        message,
    }
}
