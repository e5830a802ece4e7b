//! What the extension's TypeScript does for the background, and tells it of those who connect.

use sotto_app::sender::Sender;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What the background has done for it. Nothing depends on what becomes of it. */
export interface Hooks {
  /** Shows on the extension's button how many messages are unread. */
  setBadge(unread: number): void;
  /** Has the system tell of a message, in words of its own where nothing is given. */
  notify(conversation: string, title?: string, body?: string): void;
  /** Shows the page that puts the questions of sites to the user. */
  openApproval(): void;
  /** Marks a tab as using the mixnet, or no more. */
  setSiteBadge(tab: number, active: boolean): void;
}

/** The browser's word about whoever connected: `port.sender`, and nothing that they say themselves. */
export interface PortSender {
  /** `sender.url`. */
  readonly url: string;
  /** `sender.origin`. */
  readonly origin: string | undefined;
  /** `sender.frameId`. */
  readonly frame: number | undefined;
  /** `sender.tab.id`. */
  readonly tab: number | undefined;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// See the TypeScript interface of the same name.
    #[wasm_bindgen(typescript_type = "Hooks")]
    pub type Hooks;

    #[wasm_bindgen(method, catch, js_name = setBadge)]
    pub(crate) fn set_badge(this: &Hooks, unread: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn notify(
        this: &Hooks,
        conversation: &str,
        title: Option<String>,
        body: Option<String>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = openApproval)]
    pub(crate) fn open_approval(this: &Hooks) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = setSiteBadge)]
    pub(crate) fn set_site_badge(this: &Hooks, tab: i32, active: bool) -> Result<(), JsValue>;

    /// See the TypeScript interface of the same name.
    #[wasm_bindgen(typescript_type = "PortSender")]
    pub type PortSender;

    #[wasm_bindgen(method, getter)]
    fn url(this: &PortSender) -> String;

    #[wasm_bindgen(method, getter)]
    fn origin(this: &PortSender) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn frame(this: &PortSender) -> Option<u32>;

    #[wasm_bindgen(method, getter)]
    fn tab(this: &PortSender) -> Option<i32>;
}

impl From<PortSender> for Sender {
    fn from(sender: PortSender) -> Self {
        Self {
            url: sender.url(),
            origin: sender.origin(),
            frame: sender.frame(),
            tab: sender.tab(),
        }
    }
}
