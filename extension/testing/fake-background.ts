import type {
  ConnectionView,
  ErrorView,
  Event,
  MessageView,
  PageMessage,
  Reply,
  Request,
  Snapshot,
} from 'sotto-wasm';
import type { FakeBrowser, FakePort } from './fake-browser';

/** The state that pages are shown. */
export type Scenario = Snapshot & { texts?: Record<string, string> };

/** What a background that has just started shows. */
export const STARTING: Scenario = {
  address: null,
  connection: { state: 'connecting', step: 'directory' },
  storage: null,
  messages: [],
  settings: { directory: 'http://127.0.0.1:17080/', traffic: 'direct' },
};

/** Speaks the messages of the real background, from memory. */
export class FakeBackground {
  readonly requests: Request[] = [];
  silent = false;
  diesAtOnce = false;
  readonly #ports = new Set<FakePort>();
  readonly #refusals = new Map<Request['type'], ErrorView>();

  constructor(
    browser: FakeBrowser,
    readonly state: Scenario = structuredClone(STARTING),
  ) {
    browser.onConnect.addListener((port) => this.#connected(port));
  }

  /** From now on answers requests of this kind with an error. */
  refuse(type: Request['type'], error: ErrorView): void {
    this.#refusals.set(type, error);
  }

  change(connection: ConnectionView): void {
    this.state.connection = connection;
    this.push({ type: 'connection', connection });
  }

  show(message: MessageView): void {
    this.push({ type: 'message', message });
  }

  push(event: Event): void {
    for (const port of this.#ports) port.postMessage({ event });
  }

  /** As when the browser ends it: all ports close. */
  die(): void {
    for (const port of this.#ports) port.disconnect();
    this.#ports.clear();
  }

  #connected(port: FakePort): void {
    this.#ports.add(port);
    port.onDisconnect.addListener(() => void this.#ports.delete(port));
    port.onMessage.addListener((message) => this.#asked(port, message as PageMessage));
    if (this.diesAtOnce) queueMicrotask(() => this.die());
  }

  #asked(port: FakePort, { id, request }: PageMessage): void {
    this.requests.push(request);
    if (this.silent || this.diesAtOnce) return;
    const error = this.#refusals.get(request.type);
    port.postMessage({ id, reply: error ? { type: 'error', error } : this.#reply(request) });
    if (request.type === 'subscribe') {
      port.postMessage({ event: { type: 'snapshot', snapshot: this.state } });
    }
  }

  #reply(request: Request): Reply {
    switch (request.type) {
      case 'send':
        return { type: 'accepted', id: this.#accept(request.to, request.text) };
      case 'message':
        return this.#fullMessage(request.id);
      case 'settings':
        return { type: 'settings', settings: this.state.settings };
      default:
        return { type: 'ok' };
    }
  }

  #accept(to: string, text: string): string {
    const id = `sent-${this.requests.length}`;
    const delivery = { state: 'queued' } as const;
    const sent = { id, direction: 'sent', peer: to, text, truncated: false } as const;
    this.show({ ...sent, size: text.length, at: Date.now(), delivery });
    return id;
  }

  #fullMessage(id: string): Reply {
    const message = this.state.messages.find((message) => message.id === id);
    if (message) return { type: 'message', message, text: this.state.texts?.[id] ?? message.text };
    return { type: 'error', error: { code: 'no_such_message', fault: 'you', message: 'Gone.' } };
  }
}
