import { nymError } from '../error.js';
import type { DeliveryState, Sending, Status, Unsubscribe } from '../types.js';
import { Listeners } from './listeners.js';

const FINAL: DeliveryState[] = ['atGateway', 'delivered', 'failed'];

/** A message on its way through a test. */
export class TestSending implements Sending {
  status: Status;
  readonly done: Promise<Status>;
  #settle!: { resolve: (status: Status) => void; reject: (error: Error) => void };
  readonly #listeners = new Listeners<{ status: Status }>();

  constructor(
    readonly id: string,
    private readonly told: (status: Status) => void,
  ) {
    this.status = { id, state: 'queued', reason: null };
    this.done = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever does not look at it has not forgotten to handle it.
    this.done.catch(() => undefined);
  }

  get isFinal(): boolean {
    return FINAL.includes(this.status.state);
  }

  on(event: 'status', listener: (status: Status) => void): Unsubscribe {
    listener(this.status);
    return this.#listeners.add(event, listener);
  }

  async cancel(): Promise<void> {
    this.fail('message.cancelled');
  }

  /** Gets on to a state. A state that is final stays, but for a receipt. */
  moveTo(state: DeliveryState, reason: string | null = null): void {
    if (this.isFinal && !(this.status.state === 'atGateway' && state === 'delivered')) return;
    this.status = { id: this.id, state, reason };
    if (state === 'failed')
      this.#settle.reject(nymError('message.failed', reason ?? 'The message did not arrive.'));
    else if (this.isFinal) this.#settle.resolve(this.status);
    this.#listeners.tell('status', this.status);
    this.told(this.status);
  }

  fail(reason: string): void {
    this.moveTo('failed', reason);
  }
}
