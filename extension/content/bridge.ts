import type { SiteEvent, SiteReply, SiteRequest } from 'sotto-wasm';
import { isExtensionThere } from '../browser/site-port';
import { Line } from './line';
import { refusal } from './refusal';
import { read } from './shape';
import type { BridgeMessage } from './wire';

/** So many requests of a page may be unanswered. */
export const MOST_UNANSWERED = 64;
/** So long may they be together, in characters of their JSON texts. */
export const MOST_UNANSWERED_LENGTH = 8 << 20;
/** The first wait before a page that lost its background is connected again, in milliseconds; doubled each time. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 60_000;

/**
 * Between one page and the background: lets through what has the shape of a request and is not too
 * much, and keeps a connected page connected over the ends of the background. It decides nothing else:
 * who asks is what the browser tells the background of this script's port.
 */
export class Bridge {
  readonly #line = new Line(
    (event) => this.#event(event),
    () => this.#lost(),
    () => this.#connected,
  );
  #unanswered = 0;
  #length = 0;
  /** Whether the page uses the mixnet. */
  #connected = false;
  #delay = FIRST_DELAY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `active` calls back once the page is shown to somebody, if it is only being prepared; else at once. */
  constructor(
    private readonly tell: (message: BridgeMessage) => void,
    private readonly active: (then: () => void) => void,
  ) {}

  /** The page asks. Whether it will be answered. */
  take(detail: unknown): boolean {
    const said = read(detail);
    if (!said) return false;
    const { id } = said;
    const { length } = String(detail);
    if ('refused' in said) this.tell({ id, reply: refusal(said.refused) });
    else if (this.#isTooMuch(length)) this.tell({ id, reply: refusal('request.too-frequent') });
    else this.#pass(id, said.request, length);
    return true;
  }

  /** The page is put aside, and may come back as it is. */
  hide(): void {
    clearTimeout(this.#timer);
    this.#line.close();
  }

  /** The page is back. */
  show(): void {
    this.#resume();
  }

  #isTooMuch(length: number): boolean {
    return this.#unanswered >= MOST_UNANSWERED || this.#length + length > MOST_UNANSWERED_LENGTH;
  }

  #pass(id: number, request: SiteRequest, length: number): void {
    this.#count(1, length);
    this.active(() =>
      this.#line.ask(request, (reply) => {
        this.#count(-1, -length);
        this.#note(request, reply);
        this.tell({ id, reply });
      }),
    );
  }

  #count(requests: number, length: number): void {
    this.#unanswered += requests;
    this.#length += length;
  }

  /** Remembers whether the page is connected: it is by whatever takes a permission. */
  #note(request: SiteRequest, reply: SiteReply): void {
    if (reply.type === 'accepted' || reply.type === 'address') this.#connected = true;
    if (request.type === 'connect' && reply.type === 'permissions') this.#connected = true;
    if (request.type === 'disconnect' && reply.type === 'ok') this.#connected = false;
  }

  #event(event: SiteEvent): void {
    if (event.type === 'permissions' && event.permissions.length === 0) this.#connected = false;
    this.tell({ event });
  }

  #lost(): void {
    if (!isExtensionThere()) return this.tell({ gone: true });
    if (this.#connected) {
      this.tell({ event: { type: 'connection', state: 'connecting', reason: null } });
      this.#resumeLater();
    }
  }

  #resumeLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#resume(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
  }

  /** Connects a page that was connected with what it may still do, so that nobody is asked. */
  #resume(): void {
    if (!this.#connected) return;
    this.#line.ask({ type: 'permissions' }, (reply) => {
      if (reply.type !== 'permissions') return this.#notYet(reply);
      const { permissions } = reply;
      if (permissions.length === 0) return this.#event({ type: 'permissions', permissions });
      this.#line.ask({ type: 'connect', permissions }, (reply) => this.#resumed(reply));
    });
  }

  #resumed(reply: SiteReply): void {
    if (reply.type !== 'permissions') return this.#notYet(reply);
    this.#delay = FIRST_DELAY;
    this.#event({ type: 'permissions', permissions: reply.permissions });
  }

  #notYet(reply: SiteReply): void {
    if (reply.type !== 'error') return;
    if (reply.error.reason === 'extension.gone') return this.tell({ gone: true });
    this.tell({ event: { type: 'connection', state: 'offline', reason: reply.error.message } });
    this.#resumeLater();
  }
}
