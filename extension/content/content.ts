// The bridge between one page and the background, in a world of its own in that page. It costs a page
// that never asks for the mixnet two listeners: no port, and no start of the background.
import { Bridge } from './bridge';
import { ANSWER_EVENT, type BridgeMessage, REQUEST_EVENT } from './wire';

// Called by name on the page's document, as an element of the page could have the name of a method.
const { addEventListener: listenTo, dispatchEvent } = EventTarget.prototype;

function tell(message: BridgeMessage): void {
  const event = new CustomEvent(ANSWER_EVENT, { detail: JSON.stringify(message) });
  dispatchEvent.call(document, event);
}

function take(event: Event): void {
  if (event instanceof CustomEvent && bridge.take(event.detail)) event.preventDefault();
}

/** Pages that the browser prepares before anybody has asked for them are no pages of a tab yet. */
function active(then: () => void): void {
  const preparing: unknown = Reflect.get(Document.prototype, 'prerendering', document);
  if (preparing === true) listenTo.call(document, 'prerenderingchange', then, { once: true });
  else then();
}

function listen(): void {
  listenTo.call(document, REQUEST_EVENT, take);
}

const bridge = new Bridge(tell, active);
// The browser injects into the page of a tab alone; the background asks it besides. A page in a sandbox has
// no origin, and so belongs to no site.
if (window === window.top && window.origin !== 'null') {
  listen();
  // `document.open()` takes all listeners away with the document's content. Listening twice is listening once.
  new MutationObserver(listen).observe(document, { childList: true });
  window.addEventListener('pagehide', (event) => {
    if (event.persisted) bridge.hide();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) bridge.show();
  });
}
