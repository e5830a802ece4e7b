import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

type Answer = [1, number, { error: string; message: string } | null, unknown];

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** Firefox's own remote control: a TCP connection with messages of the form `length:json`. */
export class Marionette {
  #received = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => this.#closed());
    // Said once more by `close`.
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<Marionette> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Marionette(socket);
  }

  /** Sends a command and returns its result. */
  send<T>(command: string, parameters: object = {}): Promise<T> {
    const id = this.#nextId++;
    const message = Buffer.from(JSON.stringify([0, id, command, parameters]));
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.socket.write(Buffer.concat([Buffer.from(`${message.length}:`), message]));
    }) as Promise<T>;
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const colon = this.#received.indexOf(':');
      const end = colon + 1 + Number(this.#received.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.#received.length < end) return;
      const message: unknown = JSON.parse(this.#received.subarray(colon + 1, end).toString());
      this.#received = this.#received.subarray(end);
      // The first message is a greeting.
      if (Array.isArray(message)) this.#settle(message as Answer);
    }
  }

  #settle([, id, error, result]: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`${error.error}: ${error.message}`));
    else waiting?.resolve(result);
  }

  #closed(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('Firefox closed the connection'));
    this.#waiting.clear();
  }
}
