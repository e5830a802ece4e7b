//! A websocket to a gateway.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// The longest message accepted of a gateway, in bytes or UTF-16 units. The longest packet has 33
/// kB.
const SIZE_LIMIT: u32 = 1024 * 1024;

/// What happens on a websocket. Exactly one `Closed` is the end, except when the socket is dropped
/// first.
pub(crate) enum SocketEvent {
    /// Ready to send.
    Opened,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// Not there (any more); the reason is for a person.
    Closed(String),
}

/// An open or opening websocket. Dropping it closes it, and no event comes any more.
pub(crate) struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Starts to open a websocket.
    pub(crate) fn open(
        url: &str,
        on_event: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, String> {
        let socket =
            WebSocket::new(url).map_err(|_| "the browser does not allow its address".to_owned())?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (opened, open) = (on_event.clone(), Rc::new(Cell::new(false)));
        let was_open = open.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || {
            open.set(true);
            opened(SocketEvent::Opened);
        });
        let received = on_event.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            received(message(&event.data()));
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on_event(SocketEvent::Closed(reason(event.code(), was_open.get())));
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// Sends a text. A socket that is not open drops it; its `Closed` event tells.
    pub(crate) fn send_text(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }

    /// Sends bytes. A socket that is not open drops them; its `Closed` event tells.
    pub(crate) fn send_binary(&self, bytes: &[u8]) {
        let _ = self.socket.send_with_u8_array(bytes);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn message(data: &JsValue) -> SocketEvent {
    if let Some(text) = data.dyn_ref::<JsString>() {
        if text.length() <= SIZE_LIMIT {
            return SocketEvent::Text(String::from(text));
        }
    } else if let Some(buffer) = data.dyn_ref::<ArrayBuffer>()
        && buffer.byte_length() <= SIZE_LIMIT
    {
        return SocketEvent::Binary(Uint8Array::new(buffer).to_vec());
    }
    SocketEvent::Closed("it sent a message that is far too long".to_owned())
}

/// What a close code means for a person.
fn reason(code: u16, was_open: bool) -> String {
    match code {
        _ if !was_open => "no connection".to_owned(),
        1000 | 1001 => "it closed the connection".to_owned(),
        1006 => "the connection broke".to_owned(),
        code => format!("it closed the connection with code {code}"),
    }
}
