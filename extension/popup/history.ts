import { effect, signal } from '@preact/signals';
import type { BackgroundLink } from '../link/background-link';
import { RequestError } from '../link/background-link';
import type { ErrorView, MessageView } from 'sotto-wasm';
import { type Chat, NEW } from './chat';
import { type Page, withNewer, withNewest, withOlder } from './section';

/** Which messages are asked for: those before or after the known ones, or the newest. */
export type Side = 'older' | 'newer' | 'newest';

/** Fetches the messages of the open conversation as they come into view. */
export class History {
  /** What is being fetched for the open conversation. */
  readonly loading = signal<ReadonlySet<Side>>(new Set());
  /** Why something could not be fetched, until it is tried again. */
  readonly problem = signal<{ side: Side; error: ErrorView } | null>(null);
  /** The message that is to be brought into view. */
  readonly target = signal<string | undefined>(undefined);
  /** Counts what makes answers out of date: another conversation, or a jump within it. */
  #turn = 0;

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly chat: Chat,
  ) {}

  /** Asks for the newest messages of each conversation that opens, and again after a snapshot. */
  follow(): () => void {
    return effect(() => {
      const place = this.chat.place.value;
      const ready = this.chat.snapshots.value > 0 && this.chat.isUnlocked.value;
      if (place === undefined || place === NEW || !ready) return;
      queueMicrotask(() => this.#opened(place));
    });
  }

  /** Fetches the messages before those in view. */
  older(): Promise<void> {
    const section = this.chat.section.peek();
    const before = section?.messages[0]?.id;
    if (!section?.older || before === undefined) return Promise.resolve();
    return this.#load('older', { before, after: undefined });
  }

  /** Fetches the messages after those in view. */
  newer(): Promise<void> {
    const section = this.chat.section.peek();
    const after = section?.messages.at(-1)?.id;
    if (!section?.newer || after === undefined) return Promise.resolve();
    return this.#load('newer', { before: undefined, after });
  }

  /** Leaves the past for the end of the conversation. */
  newest(): Promise<void> {
    this.#begin();
    return this.#load('newest', { before: undefined, after: undefined });
  }

  /** Opens the conversation of a message that was found, where it is. */
  async goTo(message: MessageView): Promise<void> {
    const { id, conversation } = message;
    this.chat.place.value = conversation;
    // The effect that an opened conversation has comes before, as it would show its end.
    await Promise.resolve();
    this.#begin();
    const known = this.chat.section.peek()?.messages.some((one) => one.id === id);
    if (!known) this.chat.setSection(conversation, { messages: [message], older: true, newer: true });
    this.target.value = id;
    if (!known) await Promise.all([this.older(), this.newer()]);
  }

  /** Tries again what failed. */
  again(): Promise<void> {
    const side = this.problem.value?.side ?? 'newest';
    return this[side]();
  }

  #opened(place: string): void {
    if (this.chat.place.peek() !== place) return;
    // What somebody reads in the past is not taken from them.
    if (this.chat.section.peek()?.newer) return;
    void this.newest();
  }

  #begin(): void {
    this.#turn += 1;
    this.loading.value = new Set();
    this.problem.value = null;
    this.target.value = undefined;
  }

  async #load(side: Side, around: { before: string | undefined; after: string | undefined }): Promise<void> {
    const [conversation, turn] = [this.chat.place.peek(), this.#turn];
    if (conversation === undefined || this.loading.peek().has(side)) return;
    this.problem.value = null;
    this.#setLoading(side, true);
    try {
      const reply = await this.link.request({ type: 'messages', conversation, ...around });
      if (turn === this.#turn && reply.type === 'messages') this.#join(conversation, side, reply);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (turn === this.#turn) this.problem.value = { side, error: error.view };
    }
    if (turn === this.#turn) this.#setLoading(side, false);
  }

  #join(conversation: string, side: Side, answered: Page): void {
    const toEnd = side === 'newest' || (side === 'newer' && !answered.more);
    const page = this.chat.upToDate(conversation, answered, toEnd);
    const section = this.chat.sections.peek().get(conversation);
    if (side === 'newest') return this.chat.setSection(conversation, withNewest(section, page));
    if (!section) return;
    this.chat.setSection(
      conversation,
      side === 'older' ? withOlder(section, page) : withNewer(section, page),
    );
  }

  #setLoading(side: Side, loads: boolean): void {
    const loading = new Set(this.loading.peek());
    if (loads) loading.add(side);
    else loading.delete(side);
    this.loading.value = loading;
  }
}
