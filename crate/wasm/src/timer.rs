//! One timer, for the next deadline.

use std::cell::{Cell, RefCell};

use sotto_core::time::Time;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::global::{clear_timeout, set_timeout};

/// The longest time a browser's timer can be set to, in milliseconds.
const LONGEST: u64 = i32::MAX as u64;

/// Calls back at one point in time; setting it anew forgets the point before.
pub(crate) struct Timer {
    callback: Closure<dyn FnMut()>,
    set_to: Cell<Option<Time>>,
    id: RefCell<Option<JsValue>>,
}

impl Timer {
    pub(crate) fn new(callback: impl FnMut() + 'static) -> Self {
        Self {
            callback: Closure::new(callback),
            set_to: Cell::new(None),
            id: RefCell::new(None),
        }
    }

    /// Notes that the callback was called.
    pub(crate) fn fired(&self) {
        self.set_to.set(None);
        self.id.replace(None);
    }

    /// Sets the timer to `deadline`, or to nothing.
    pub(crate) fn set(&self, now: Time, deadline: Option<Time>) {
        if self.set_to.get() == deadline {
            return;
        }
        self.set_to.set(deadline);
        let id = deadline.map(|deadline| self.start(now, deadline));
        if let Some(old) = self.id.replace(id) {
            clear_timeout(&old);
        }
    }

    fn start(&self, now: Time, deadline: Time) -> JsValue {
        let millis = deadline
            .saturating_since(now)
            .as_millis()
            .min(u128::from(LONGEST));
        set_timeout(
            self.callback.as_ref().unchecked_ref(),
            i32::try_from(millis).unwrap_or(i32::MAX),
        )
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            clear_timeout(&id);
        }
    }
}
