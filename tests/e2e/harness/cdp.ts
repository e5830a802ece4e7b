import type { Readable, Writable } from 'node:stream';

/** What Chromium tells without being asked. */
export interface CdpEvent {
  method: string;
  params: Record<string, unknown>;
  /** Of the target that tells it; nothing for the browser itself. */
  sessionId?: string;
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

interface Waiting {
  sessionId: string | undefined;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

interface Expected extends Waiting {
  method: string;
}

/**
 * Chromium's own remote control over a pair of pipes, with messages of the form `json\0`. Unlike
 * Playwright it attaches to nothing by itself: an attached worker is never suspended.
 */
export class Cdp {
  #received = '';
  #nextId = 1;
  #closed = false;
  readonly #waiting = new Map<number, Waiting>();
  readonly #expected = new Set<Expected>();
  readonly #listeners = new Set<(event: CdpEvent) => void>();

  constructor(
    private readonly to: Writable,
    from: Readable,
  ) {
    from.setEncoding('utf8');
    from.on('data', (chunk: string) => this.#receive(chunk));
    from.on('close', () => this.#end());
    // A browser that was killed reads no more; `close` above tells of it.
    to.on('error', () => undefined);
  }

  /** Sends a command, to a target by its session or to the browser, and returns its result. */
  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    if (this.#closed) return Promise.reject(new Error(GONE));
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { sessionId, resolve, reject });
      this.to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    }) as Promise<T>;
  }

  /** Calls `listener` for each event. */
  listen(listener: (event: CdpEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** The next event of that name in a session. Ask for it before causing it. */
  next(method: string, sessionId: string): Promise<unknown> {
    return new Promise((resolve, reject) => this.#expected.add({ method, sessionId, resolve, reject }));
  }

  /** Waits no more for what a session was asked for: its target is dead, and would answer when it lives again. */
  abandon(sessionId: string): void {
    this.#reject((waiting) => waiting.sessionId === sessionId, 'the page crashed');
  }

  #receive(chunk: string): void {
    const messages = (this.#received + chunk).split('\0');
    this.#received = messages.pop() ?? '';
    for (const message of messages) this.#take(JSON.parse(message) as Answer & CdpEvent);
  }

  #take(message: Answer & CdpEvent): void {
    if (message.id === undefined) this.#tell(message);
    else this.#settle(message.id, message);
  }

  #tell(event: CdpEvent): void {
    for (const expected of this.#expected)
      if (expected.method === event.method && expected.sessionId === event.sessionId) {
        this.#expected.delete(expected);
        expected.resolve(event.params);
      }
    for (const listener of this.#listeners) listener(event);
  }

  #settle(id: number, { error, result }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  #reject(which: (waiting: Waiting) => boolean, why: string): void {
    const answers = [...this.#waiting].filter(([, waiting]) => which(waiting));
    const events = [...this.#expected].filter(which);
    for (const [id] of answers) this.#waiting.delete(id);
    for (const expected of events) this.#expected.delete(expected);
    for (const { reject } of [...answers.map(([, waiting]) => waiting), ...events]) reject(new Error(why));
  }

  #end(): void {
    this.#closed = true;
    this.#reject(() => true, GONE);
  }
}

const GONE = 'Chromium closed the connection';
