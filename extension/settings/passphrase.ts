import { signal } from '@preact/signals';
import type { ProtectionView } from 'sotto-wasm';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import { NewPassphrase } from '../lock/new-passphrase';

/** What was done to the passphrase. */
export type Outcome = 'set' | 'changed' | 'removed';

/** Setting, changing and removing the passphrase of the vault. */
export class Passphrase extends Asking {
  /** The one in force, as the user types it. */
  readonly old = signal('');
  readonly next = new NewPassphrase();
  readonly outcome = signal<Outcome | null>(null);

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {
    super();
  }

  /** Locks the vault with the new one from now on. True if that is done. */
  async set(protection: ProtectionView): Promise<boolean> {
    if (!this.next.ready.value) return false;
    const [old, outcome] =
      protection === 'passphrase' ? ([this.old.value, 'changed'] as const) : ([undefined, 'set'] as const);
    return this.#replace(old, this.next.first.value, outcome);
  }

  /** Has a device key open the vault from now on. True if that is done. */
  remove(): Promise<boolean> {
    return this.#replace(this.old.value, undefined, 'removed');
  }

  /** Locks the vault now. */
  async lock(): Promise<void> {
    await this.run(() => this.link.request({ type: 'lock' }));
  }

  /** Forgets what was typed. */
  clear(): void {
    this.old.value = '';
    this.next.clear();
    this.error.value = null;
  }

  async #replace(old: string | undefined, next: string | undefined, outcome: Outcome): Promise<boolean> {
    this.outcome.value = null;
    const request = { type: 'setPassphrase', old, new: next } as const;
    const done = await this.run(() => this.link.request(request));
    if (!done) return false;
    this.clear();
    this.outcome.value = outcome;
    return true;
  }
}
