import type { SiteBackgroundMessage, SiteEvent, SiteMessage, SiteReply, SiteRequest } from 'sotto-wasm';
import { connectSite, isExtensionThere } from '../browser/site-port';
import { refusal } from './refusal';

/** How long an open port is kept that nobody waits at and no event is expected from, in milliseconds. */
const IDLE = 10_000;

type Answer = (reply: SiteReply) => void;

/**
 * The port to the background. It opens with the first request, which starts the background if that
 * sleeps, and opens anew with the next one after it was lost.
 */
export class Line {
  #port: chrome.runtime.Port | undefined;
  #last = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting = new Map<number, Answer>();

  /** `lost` is called when the background closes the port, after all that waited was answered. */
  constructor(
    private readonly onEvent: (event: SiteEvent) => void,
    private readonly onLost: () => void,
    private readonly isKept: () => boolean,
  ) {}

  /** Asks the background. `answer` is called once in any case. */
  ask(request: SiteRequest, answer: Answer): void {
    clearTimeout(this.#idle);
    this.#last = (this.#last + 1) >>> 0;
    const message: SiteMessage = { id: this.#last, request };
    if (this.#post(message) || this.#postAnew(message)) this.#waiting.set(message.id, answer);
    else answer(refusal('extension.gone'));
  }

  /** Closes the port. What waits is answered that the connection is lost. */
  close(): void {
    clearTimeout(this.#idle);
    const port = this.#port;
    this.#port = undefined;
    port?.disconnect();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const reply = refusal(isExtensionThere() ? 'connection.lost' : 'extension.gone');
    for (const answer of waiting) answer(reply);
  }

  /** False if there is no extension any more, or the port was closed and we are not told yet. */
  #post(message: SiteMessage): boolean {
    try {
      (this.#port ??= this.#open()).postMessage(message);
      return true;
    } catch {
      return false;
    }
  }

  #postAnew(message: SiteMessage): boolean {
    this.#port = undefined;
    return this.#post(message);
  }

  #open(): chrome.runtime.Port {
    const port = connectSite(() => {
      if (this.#port !== port) return;
      this.close();
      this.onLost();
    });
    port.onMessage.addListener((message: SiteBackgroundMessage) => {
      if (this.#port === port) this.#receive(message);
    });
    return port;
  }

  #receive(message: SiteBackgroundMessage): void {
    if ('event' in message) return this.onEvent(message.event);
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    answer?.(message.reply);
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#waiting.size === 0 && !this.isKept()) this.close();
    }, IDLE);
  }
}
