import { build } from 'esbuild';
import { createContext, runInContext } from 'node:vm';
import type { SiteEvent, SiteReply, SiteRequest } from 'sotto-wasm';
import type { Announcement, Nym } from '../../packages/client/src/types';
import { ANSWER_EVENT, type BridgeMessage, type PageRequest, REQUEST_EVENT } from '../content/wire';

/** How a page is. */
export interface PageOptions {
  secure?: boolean;
  framed?: boolean;
  /** Whether it has no origin. */
  sandboxed?: boolean;
  /** What is in `window.nym` before. */
  nym?: unknown;
}

/** The script that pages get, as it is built for them. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['extension/page/page.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: ['chrome120', 'firefox142'],
  });
  return outputFiles[0]?.text ?? '';
}

/** Notes who observes; nothing ever changes. */
class StillObserver {
  observe(): void {}
}

/** A page with a world of its own, whose `Object`, `Promise` and so on are not those of the tests. */
export class PageWorld {
  readonly document = new EventTarget();
  readonly window: EventTarget & Record<string, unknown>;
  /** What providers have said of themselves, in the order in which they did. */
  readonly announced: Announcement[] = [];
  /** What the bridge was asked. */
  readonly asked: SiteRequest[] = [];
  /** What the script reports of what the page's own functions throw. */
  readonly reported: unknown[] = [];
  /** What the bridge answers; nothing to leave a request open. */
  answer: (request: SiteRequest) => SiteReply | undefined = () => undefined;
  /** Whether there is a bridge. */
  bridge = true;
  #lastId = 0;

  constructor(
    private readonly script: string,
    { secure = true, framed = false, sandboxed = false, nym }: PageOptions = {},
  ) {
    const has: Record<string, unknown> = {
      isSecureContext: secure,
      origin: sandboxed ? 'null' : 'https://site.example',
      document: this.document,
      setTimeout: globalThis.setTimeout,
      clearTimeout: globalThis.clearTimeout,
      reportError: (error: unknown) => this.reported.push(error),
      ...(nym === undefined ? {} : { nym }),
    };
    this.window = Object.assign(new EventTarget(), has);
    this.window['top'] = framed ? {} : this.window;
    this.window.addEventListener('nym:announce', (event) => {
      this.announced.push((event as CustomEvent<Announcement>).detail);
    });
    this.document.addEventListener(REQUEST_EVENT, (event) => this.#take(event as CustomEvent<string>));
    this.inject();
  }

  /** The object in `window.nym`. */
  get nym(): Nym {
    return this.window['nym'] as Nym;
  }

  readonly #globals = createContext({
    EventTarget,
    Event,
    CustomEvent,
    AbortSignal,
    MutationObserver: StillObserver,
  });

  /** As at the start of a document, and once more when Firefox updates the extension. */
  inject(): void {
    const inject = this.run(`(globalThis) => { ${this.script} }`) as (window: unknown) => void;
    inject(this.window);
  }

  /** What a script of the page gives. `nym` is known to it. */
  run(script: string): unknown {
    Object.assign(this.#globals, { nym: this.window['nym'] });
    return runInContext(script, this.#globals);
  }

  /** As when something is told by the background. */
  tell(event: SiteEvent): void {
    this.say({ event });
  }

  /** As when the bridge says something. */
  say(message: BridgeMessage): void {
    this.document.dispatchEvent(new CustomEvent(ANSWER_EVENT, { detail: JSON.stringify(message) }));
  }

  /** Answers the last request. */
  reply(reply: SiteReply): void {
    this.say({ id: this.#lastId, reply });
  }

  #take(event: CustomEvent<string>): void {
    if (!this.bridge) return;
    event.preventDefault();
    const { id, request } = JSON.parse(event.detail) as PageRequest;
    this.#lastId = id;
    this.asked.push(request);
    const reply = this.answer(request);
    if (reply) this.say({ id, reply });
  }
}
