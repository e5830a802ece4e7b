import { computed, signal } from '@preact/signals';
import { RequestError, type BackgroundLink } from '../link/background-link';
import type { ErrorView, Settings } from 'sotto-wasm';

/** The settings as the user edits them. */
export class Preferences {
  /** Null until the background has said what they are. */
  readonly edited = signal<Settings | null>(null);
  readonly error = signal<ErrorView | null>(null);
  readonly #stored = signal<Settings | null>(null);
  readonly #justSaved = signal(false);
  readonly changed = computed(() => !equal(this.edited.value, this.#stored.value));
  readonly saved = computed(() => this.#justSaved.value && !this.changed.value);

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {}

  /** The background told what is in force. What the user has already edited stays. */
  stored(settings: Settings): void {
    if (!this.changed.value) this.edited.value = settings;
    this.#stored.value = settings;
  }

  edit(change: Partial<Settings>): void {
    if (!this.edited.value) return;
    this.edited.value = { ...this.edited.value, ...change };
    this.error.value = null;
    this.#justSaved.value = false;
  }

  async save(): Promise<void> {
    const settings = this.edited.value;
    if (!settings) return;
    this.error.value = null;
    try {
      await this.link.request({ type: 'setSettings', settings });
      await this.#confirm();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
    }
  }

  /** Shows what was really stored: the background writes addresses its own way. */
  async #confirm(): Promise<void> {
    const reply = await this.link.request({ type: 'settings' });
    if (reply.type !== 'settings') return;
    this.edited.value = reply.settings;
    this.#stored.value = reply.settings;
    this.#justSaved.value = true;
  }
}

function equal(one: Settings | null, other: Settings | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
