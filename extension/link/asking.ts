import { signal } from '@preact/signals';
import type { ErrorView } from 'sotto-wasm';
import { RequestError } from './background-link';

/** One thing at a time that the user asked for: whether it is under way, and why it was refused. */
export class Asking {
  readonly busy = signal(false);
  readonly error = signal<ErrorView | null>(null);

  /** Does it, unless something is under way. Gives nothing if it was refused. */
  async run<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (this.busy.value) return undefined;
    this.busy.value = true;
    this.error.value = null;
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
      return undefined;
    } finally {
      this.busy.value = false;
    }
  }
}
