import { setTimeout as pause } from 'node:timers/promises';
import type { BackgroundMessage, Request } from 'sotto-wasm';
import type { Mortal } from '../harness/browser';

/**
 * What runs in the chat page beside the page's own scripts: a port as theirs, and all that came
 * through it since it was asked last.
 */
const AGENT = `(() => {
  const told = [];
  let port, next = 1;
  const post = (request) => {
    if (!port || !request) return 0;
    port.postMessage({ id: next, request });
    return next++;
  };
  const open = () => {
    port = chrome.runtime.connect({ name: 'sotto' });
    port.onMessage.addListener((message) => told.push(message));
    port.onDisconnect.addListener(() => {
      port = undefined;
      setTimeout(open, 50);
    });
    post({ type: 'subscribe' });
  };
  open();
  window.agent = { exchange: (request) => ({ asked: post(request), told: told.splice(0) }) };
})()`;

/** What came of one look into the page. */
export interface Exchange {
  /** The number of the request, which its reply repeats; 0 if it could not be made. */
  asked: number;
  told: BackgroundMessage[];
}

/** Speaks to the background from a page of the extension, and opens that page again when it died. */
export class Talker {
  constructor(readonly browser: Mortal) {}

  /** Makes a request, if there is one, and returns what was told since the last time. */
  async exchange(request: Request | null = null): Promise<Exchange> {
    const look = `window.agent?.exchange(${JSON.stringify(request)}) ?? null`;
    const exchange = await this.browser.evaluate<Exchange | null>(look).catch(() => null);
    if (exchange) return exchange;
    await this.#enter().catch(() => pause(20));
    return { asked: 0, told: [] };
  }

  async #enter(): Promise<void> {
    await this.browser.open('popup/popup.html');
    await this.browser.evaluate(AGENT);
  }
}
