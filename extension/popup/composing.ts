import { computed, signal } from '@preact/signals';
import { type Draft, loadDrafts, NO_DRAFT, saveDraft } from '../browser/draft';
import { RequestError, type BackgroundLink } from '../link/background-link';
import type { ErrorView, Reply, Request } from 'sotto-wasm';
import { type Chat, NEW } from './chat';

/** What the user is writing in the open conversation, and what the background said to it. */
export class Composing {
  /** What is written in the place that is open. */
  readonly draft = computed(() => this.#drafts.value.get(this.chat.place.value ?? NEW) ?? NO_DRAFT);
  /** Whether it would go without telling who wrote it, and with a way to answer. */
  readonly anonymous = computed(() => this.draft.value.anonymous ?? this.chat.open.value?.anonymous ?? true);
  /** Why the last thing that the user asked for was refused. */
  readonly error = signal<ErrorView | null>(null);
  readonly #asking = signal(false);
  readonly #drafts = signal<ReadonlyMap<string, Draft>>(new Map());
  readonly canSend = computed(
    () => this.#request() !== undefined && this.draft.value.text.trim() !== '' && !this.#asking.value,
  );

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly chat: Chat,
  ) {}

  /** Takes up what was left when the popup closed, except where the user was faster. */
  async restore(): Promise<void> {
    const stored = await loadDrafts();
    this.#drafts.value = new Map([...stored, ...this.#drafts.value]);
  }

  write(change: Partial<Draft>): void {
    this.error.value = null;
    this.#set(this.chat.place.value ?? NEW, { ...this.draft.value, ...change });
  }

  /** Sends what is written. The text stays until it is safely on disk, and for ever if it is refused. */
  async send(): Promise<void> {
    const [request, place, sent] = [this.#request(), this.chat.place.value ?? NEW, this.draft.value];
    if (!request || !this.canSend.value) return;
    this.#asking.value = true;
    const reply = await this.#asked(request);
    this.#asking.value = false;
    if (reply?.type !== 'accepted') return;
    if (this.#drafts.value.get(place)?.text === sent.text) this.#set(place, NO_DRAFT);
    if (place === NEW && this.chat.place.value === NEW) this.chat.place.value = reply.conversation;
  }

  /** Asks the background and shows what it refuses. */
  async ask(request: Request): Promise<boolean> {
    return (await this.#asked(request)) !== undefined;
  }

  async #asked(request: Request): Promise<Reply | undefined> {
    this.error.value = null;
    try {
      return await this.link.request(request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
      return undefined;
    }
  }

  /** The request that sends what is written, if there is somebody to send it to. */
  #request(): Request | undefined {
    const { to, text } = this.draft.value;
    const anonymous = this.anonymous.value;
    if (this.chat.place.value === NEW) {
      return to.trim() === '' ? undefined : { type: 'send', to: to.trim(), text, anonymous };
    }
    const peer = this.chat.open.value?.peer;
    switch (peer?.kind) {
      case 'address':
        return { type: 'send', to: peer.address, text, anonymous };
      case 'anonymous':
        return { type: 'reply', to: peer.tag, text };
      default:
        return undefined;
    }
  }

  #set(place: string, draft: Draft): void {
    this.#drafts.value = new Map(this.#drafts.value).set(place, draft);
    void saveDraft(place, draft);
  }
}
