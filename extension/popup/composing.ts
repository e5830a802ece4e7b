import { computed, signal } from '@preact/signals';
import { type Draft, loadDraft, saveDraft } from '../browser/draft';
import { RequestError, type BackgroundLink } from '../link/background-link';
import type { ErrorView, Request } from 'sotto-wasm';

/** What the user is writing, and what the background said to it. */
export class Composing {
  readonly to = signal('');
  readonly text = signal('');
  /** Why the last thing that the user asked for was refused. */
  readonly error = signal<ErrorView | null>(null);
  readonly #asking = signal(false);
  readonly canSend = computed(
    () => this.to.value.trim() !== '' && this.text.value.trim() !== '' && !this.#asking.value,
  );

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {}

  /** Takes up what was left when the popup closed, unless the user was faster. */
  async restore(): Promise<void> {
    const draft = await loadDraft();
    this.to.value ||= draft.to;
    this.text.value ||= draft.text;
  }

  write(change: Partial<Draft>): void {
    this.to.value = change.to ?? this.to.value;
    this.text.value = change.text ?? this.text.value;
    this.error.value = null;
    void this.#save();
  }

  /** Sends what is written. The text stays until it is safely on disk, and for ever if it is refused. */
  async send(): Promise<void> {
    if (!this.canSend.value) return;
    const sent = this.text.value;
    this.#asking.value = true;
    const accepted = await this.ask({ type: 'send', to: this.to.value.trim(), text: sent });
    this.#asking.value = false;
    if (!accepted || this.text.value !== sent) return;
    this.text.value = '';
    void this.#save();
  }

  /** Asks the background and shows what it refuses. */
  async ask(request: Request): Promise<boolean> {
    this.error.value = null;
    try {
      await this.link.request(request);
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
      return false;
    }
  }

  #save(): Promise<void> {
    return saveDraft({ to: this.to.value, text: this.text.value });
  }
}
