//! The extension's background in the browser. Browser events go in through [`Background`]; the
//! websocket, fetches, the timer and IndexedDB are owned here. What to do is decided by
//! [`sotto_app`].

mod console;
mod fetch;
mod global;
mod hooks;
mod host;
mod ports;
mod random;
mod socket;
mod storage;
mod timer;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use sotto_app::background::Input;
use sotto_app::sender::ExtensionOrigin;

use hooks::{Hooks, PortSender};
use host::Host;

thread_local! {
    static STARTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn initialise() {
    console::watch_panics();
}

/// The extension's background. There is at most one.
#[wasm_bindgen]
pub struct Background {
    host: Rc<Host>,
}

#[wasm_bindgen]
impl Background {
    /// Loads the state and starts connecting. Resolves when pages can be answered, also if the
    /// storage failed: pages are then told so, and loading is tried again.
    ///
    /// # Errors
    /// If this is not the background of an extension, the browser gives no randomness, or it was
    /// started already: two clients with one identity would take each other's messages.
    pub async fn start(hooks: Hooks) -> Result<Background, JsError> {
        let origin = ExtensionOrigin::from_url(&global::location_href())?;
        let rng = random::rng().map_err(|_| JsError::new("The browser gives no randomness."))?;
        if STARTED.replace(true) {
            return Err(JsError::new(
                "Background.start() was called already: keep what it gave",
            ));
        }
        let host = Host::new(origin, rng, hooks);
        host.start().await;
        Ok(Self { host })
    }

    /// A page connected. What is for it goes through `send`; `sender` is the browser's word about it
    /// (`port.sender`). Gives the number of the port.
    ///
    /// # Errors
    /// If the module stopped after an internal error, and has to be loaded anew.
    #[wasm_bindgen(js_name = connectPort)]
    pub fn connect_port(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(message: BackgroundMessage) => void")]
        send: Function,
        sender: PortSender,
    ) -> Result<u32, JsError> {
        if console::has_panicked() {
            return Err(JsError::new(
                "Sotto stopped after an internal error. Reload the extension.",
            ));
        }
        let port = self.host.ports.add(send);
        self.host.push(Input::PortOpened(port, sender.into()));
        Ok(port.0)
    }

    /// A page posted a message.
    #[wasm_bindgen(js_name = portMessage)]
    pub fn port_message(&self, port: u32, message: JsValue) {
        self.host.push(ports::message(port, &message));
    }

    /// A page is gone.
    #[wasm_bindgen(js_name = disconnectPort)]
    pub fn disconnect_port(&self, port: u32) {
        let port = sotto_app::background::PortId(port);
        self.host.ports.remove(port);
        self.host.push(Input::PortClosed(port));
    }

    /// An alarm, or any other event that woke the background: does what is due.
    pub fn wake(&self) {
        self.host.push(Input::Tick);
    }

    /// The network is another one now.
    #[wasm_bindgen(js_name = networkChanged)]
    pub fn network_changed(&self) {
        self.host.push(Input::NetworkChanged);
    }

    /// Whether there is a connection, or one is being made: while this holds the background should
    /// be kept alive.
    #[wasm_bindgen(js_name = isConnected)]
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.host.is_connected()
    }

    /// How long the start took, from the call until pages could be answered, in milliseconds.
    #[wasm_bindgen(js_name = startMillis)]
    #[must_use]
    pub fn start_millis(&self) -> f64 {
        self.host.start_millis()
    }
}
