//! Carries out what the app wants, and tells it what came of it.
//!
//! JavaScript may call back in the middle of any call into it. So inputs go through a queue:
//! whoever finds nobody at work empties it, and nothing is borrowed while JavaScript runs.

use litemap::LiteMap;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::JsString;
use rand_chacha::ChaCha20Rng;
use sotto_app::background::{Background, Effect, FetchId, Input, SocketId};
use sotto_app::sender::ExtensionOrigin;
use sotto_core::time::Time;
use wasm_bindgen_futures::spawn_local;

use crate::console;
use crate::fetch::fetch_directory;
use crate::global::performance_now;
use crate::hooks::Hooks;
use crate::ports::Ports;
use crate::socket::{Socket, SocketEvent};
use crate::storage::{Job, Storage};
use crate::timer::Timer;

/// The background with all it owns in the browser.
pub(crate) struct Host {
    app: RefCell<Background>,
    inputs: RefCell<VecDeque<Input>>,
    working: Cell<bool>,
    pub(crate) ports: Ports,
    sockets: RefCell<LiteMap<SocketId, Socket>>,
    storage: Storage,
    timer: Timer,
    hooks: Hooks,
    start_millis: Cell<f64>,
    this: Weak<Host>,
}

impl Host {
    /// A background of the extension with these pages.
    pub(crate) fn new(origin: ExtensionOrigin, rng: ChaCha20Rng, hooks: Hooks) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Host>| Self {
            app: RefCell::new(Background::new(origin, rng, nfkc)),
            inputs: RefCell::default(),
            working: Cell::new(false),
            ports: Ports::default(),
            sockets: RefCell::default(),
            storage: Storage::new("sotto"),
            timer: Timer::new(on_timer(this.clone())),
            hooks,
            start_millis: Cell::new(0.0),
            this: this.clone(),
        })
    }

    /// Loads the state, and does all that follows at once.
    pub(crate) async fn start(self: &Rc<Self>) {
        let started = performance_now();
        // The app's first effect is to look for the vault, and its next to load what is in it. That
        // is done here and not in a task of its own, so that its end is known.
        self.storage.claim();
        self.work();
        self.storage.work(|input| self.push(input)).await;
        self.start_millis.set(performance_now() - started);
    }

    pub(crate) fn start_millis(&self) -> f64 {
        self.start_millis.get()
    }

    pub(crate) fn is_connected(&self) -> bool {
        // After a panic the browser may end the background, and start a fresh one at its next event.
        !console::has_panicked() && self.app.borrow().is_connected()
    }

    /// Takes note of something that happened, and does what follows from it, unless that is under
    /// way already.
    pub(crate) fn push(&self, input: Input) {
        if console::has_panicked() {
            return;
        }
        self.inputs.borrow_mut().push_back(input);
        self.work();
    }

    fn work(&self) {
        if self.working.replace(true) {
            return;
        }
        self.carry_out_all();
        while let Some(input) = self.next_input() {
            self.app.borrow_mut().handle(now(), input);
            self.carry_out_all();
        }
        self.timer.set(now(), self.app.borrow().next_deadline());
        self.working.set(false);
    }

    fn next_input(&self) -> Option<Input> {
        self.inputs.borrow_mut().pop_front()
    }

    fn carry_out_all(&self) {
        while let Some(effect) = self.next_effect() {
            self.carry_out(effect);
        }
    }

    fn next_effect(&self) -> Option<Effect> {
        self.app.borrow_mut().poll()
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::ReadVault => self.store(Job::ReadVault),
            Effect::Load => self.store(Job::Load),
            Effect::ReadAll => self.store(Job::ReadAll),
            Effect::KeepSession(session) => self.store(Job::KeepSession(session)),
            Effect::ForgetSession { everything } => self.store(Job::ForgetSession(everything)),
            Effect::Commit { id, changes } => self.store(Job::Commit(id, changes)),
            Effect::Read { read, places } => self.store(Job::Read(read, places)),
            Effect::OpenSocket { socket, url } => self.open_socket(socket, &url),
            Effect::CloseSocket { socket } => drop(self.take_socket(socket)),
            Effect::SendText { socket, text } => {
                self.with_socket(socket, |socket| socket.send_text(&text));
            }
            Effect::SendBinary { socket, bytes } => {
                self.with_socket(socket, |socket| socket.send_binary(&bytes));
            }
            Effect::FetchDirectory { fetch, urls } => self.fetch(fetch, urls),
            // Nothing depends on what becomes of these.
            Effect::Badge { unread } => drop(self.hooks.set_badge(unread)),
            Effect::OpenApproval => drop(self.hooks.open_approval()),
            Effect::SiteBadge { tab, active } => drop(self.hooks.set_site_badge(tab, active)),
            Effect::Notify {
                conversation,
                title,
                body,
            } => drop(self.hooks.notify(&conversation, title, body)),
            Effect::LoadSites => self.store(Job::LoadSites),
            Effect::PostSite { port, message } => self.ports.post(port, &message),
            Effect::Post { port, message } => self.ports.post(port, &message),
        }
    }

    fn store(&self, job: Job) {
        if !self.storage.add(job) {
            return;
        }
        let Some(host) = self.this.upgrade() else {
            return;
        };
        spawn_local(async move { host.storage.work(|input| host.push(input)).await });
    }

    fn fetch(&self, fetch: FetchId, urls: [String; 3]) {
        let Some(host) = self.this.upgrade() else {
            return;
        };
        spawn_local(async move {
            let result = fetch_directory(urls).await;
            host.push(Input::DirectoryFetched(fetch, result));
        });
    }

    fn open_socket(&self, id: SocketId, url: &str) {
        match Socket::open(url, on_socket(self.this.clone(), id)) {
            Ok(socket) => drop(self.sockets.borrow_mut().insert(id, socket)),
            Err(reason) => self.push(Input::GatewayClosed(id, reason)),
        }
    }

    fn take_socket(&self, id: SocketId) -> Option<Socket> {
        self.sockets.borrow_mut().remove(&id)
    }

    /// Sending does not call back: events of a socket always come later, in a task of their own.
    fn with_socket(&self, id: SocketId, action: impl FnOnce(&Socket)) {
        if let Some(socket) = self.sockets.borrow().get(&id) {
            action(socket);
        }
    }

    fn socket_event(&self, id: SocketId, event: SocketEvent) {
        self.push(match event {
            SocketEvent::Opened => Input::GatewayOpened(id),
            SocketEvent::Text(text) => Input::GatewayText(id, text),
            SocketEvent::Binary(bytes) => Input::GatewayBinary(id, bytes),
            SocketEvent::Closed(reason) => {
                drop(self.take_socket(id));
                Input::GatewayClosed(id, reason)
            }
        });
    }
}

fn on_timer(host: Weak<Host>) -> impl FnMut() {
    move || {
        if let Some(host) = host.upgrade() {
            host.timer.fired();
            host.push(Input::Tick);
        }
    }
}

fn on_socket(host: Weak<Host>, id: SocketId) -> impl Fn(SocketEvent) + Clone {
    move |event| {
        if let Some(host) = host.upgrade() {
            host.socket_event(id, event);
        }
    }
}

/// Unicode normalisation form NFKC, whose tables every browser has.
fn nfkc(text: &str) -> String {
    JsString::from(text).normalize("NFKC").into()
}

/// The time by the browser's clock.
fn now() -> Time {
    // Not before 1970, and far below the limits of both types.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Time::from_millis(js_sys::Date::now() as u64)
}
