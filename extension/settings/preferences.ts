import { computed, signal } from '@preact/signals';
import { RequestError, type BackgroundLink } from '../link/background-link';
import type { ErrorView, Settings } from 'sotto-wasm';

export type Setting = keyof Settings;

/** The settings as the user edits them. */
export class Preferences {
  readonly error = signal<ErrorView | null>(null);
  readonly #stored = signal<Settings | null>(null);
  readonly #changes = signal<Partial<Settings>>({});
  readonly #justSaved = signal(false);
  /** With what is not saved yet. Null until the background has said what they are. */
  readonly edited = computed<Settings | null>(
    () => this.#stored.value && { ...this.#stored.value, ...this.#changes.value },
  );
  /** Those that are not saved yet. */
  readonly unsaved = computed<Setting[]>(() => {
    const [stored, changes] = [this.#stored.value, this.#changes.value];
    return (Object.keys(changes) as Setting[]).filter((name) => changes[name] !== stored?.[name]);
  });
  readonly changed = computed(() => this.unsaved.value.length > 0);
  readonly saved = computed(() => this.#justSaved.value && !this.changed.value);

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {}

  /** What is in force of a setting, whatever is being edited. */
  inForce<Name extends Setting>(name: Name): Settings[Name] | undefined {
    return this.#stored.value?.[name];
  }

  /** The background told what is in force. What the user has already edited stays. */
  stored(settings: Settings): void {
    this.#stored.value = settings;
  }

  edit(change: Partial<Settings>): void {
    if (!this.#stored.value) return;
    this.#changes.value = { ...this.#changes.value, ...change };
    this.error.value = null;
    this.#justSaved.value = false;
  }

  /** Forgets what is not saved. */
  discard(): void {
    this.#changes.value = {};
    this.error.value = null;
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
    this.#stored.value = reply.settings;
    this.#changes.value = {};
    this.#justSaved.value = true;
  }
}
