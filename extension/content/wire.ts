import type { SiteBackgroundMessage, SiteMessage } from 'sotto-wasm';

/*
 * How `window.nym` in the page's world and the bridge in the extension's own speak: by events on the
 * page's `document`, whose `detail` is a JSON text. Text goes from one world to the other in both
 * browsers. Nobody but scripts of the same origin can dispatch there, so there is no sender to check,
 * as there would be with `postMessage`.
 */

/** From the page: `detail` is a {@link PageRequest}. The bridge calls `preventDefault` to say that it has it. */
export const REQUEST_EVENT = 'sotto-request';
/** To the page: `detail` is a {@link BridgeMessage}. */
export const ANSWER_EVENT = 'sotto-answer';

/** A request, under a number of the page's own: a whole one, but of any size. */
export type PageRequest = SiteMessage;

/** What the background says, under the page's numbers; or that there is no extension any more. */
export type BridgeMessage = SiteBackgroundMessage | { gone: true };
