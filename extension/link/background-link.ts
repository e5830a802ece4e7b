import { connectToBackground } from '../browser/runtime';
import { text } from '../browser/strings';
import type { BackgroundMessage, ErrorView, Event, PageMessage, Reply, Request } from 'sotto-wasm';

/** The first wait before a lost background is asked again, in milliseconds; doubled each time. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 2_000;

/** The background refused a request, or went away before it answered. */
export class RequestError extends Error {
  constructor(readonly view: ErrorView) {
    super(view.message);
  }
}

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: RequestError) => void;
}

/**
 * A page's line to the background. The browser may end the background at any moment; the line
 * then opens again by itself, which starts the background, and subscribes anew.
 */
export class BackgroundLink {
  #port: chrome.runtime.Port | undefined;
  #nextId = 1;
  #delay = FIRST_DELAY;
  readonly #waiting = new Map<number, Waiting>();

  constructor(private readonly onEvent: (event: Event) => void) {
    this.#open();
  }

  /** Asks the background. Rejects with a {@link RequestError}. */
  request(request: Request): Promise<Reply> {
    const port = this.#port;
    if (!port) return Promise.reject(interrupted());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      port.postMessage({ id, request } satisfies PageMessage);
    });
  }

  #open(): void {
    const port = connectToBackground();
    this.#port = port;
    port.onMessage.addListener((message: BackgroundMessage) => this.#receive(message));
    port.onDisconnect.addListener(() => this.#lost());
    this.request({ type: 'subscribe' }).catch(() => undefined);
  }

  #receive(message: BackgroundMessage): void {
    this.#delay = FIRST_DELAY;
    if ('event' in message) this.onEvent(message.event);
    else this.#settle(message.id, message.reply);
  }

  #settle(id: number, reply: Reply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (reply.type === 'error') waiting?.reject(new RequestError(reply.error));
    else waiting?.resolve(reply);
  }

  #lost(): void {
    this.#port = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(interrupted());
    setTimeout(() => this.#open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
  }
}

function interrupted(): RequestError {
  return new RequestError({ code: 'interrupted', fault: 'internal', message: text('errorInterrupted') });
}
