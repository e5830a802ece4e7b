import { computed, signal } from '@preact/signals';
import type { Event, Permission, PromptView } from 'sotto-wasm';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';

type Link = Pick<BackgroundLink, 'request'>;

/** What sites ask of the user, one after the other. */
export class Questions {
  /** What is open, the oldest first; null until the background has answered. */
  readonly open = signal<PromptView[] | null>(null);
  /** The one that is put to the user. */
  readonly current = computed(() => this.open.value?.[0] ?? null);
  /** The origin of the last one, if it went away without being answered here. */
  readonly closed = signal<string | null>(null);
  readonly asking = new Asking();
  readonly #answered = new Set<number>();

  /** An event of the background. The questions are asked for anew whenever there is a new background. */
  apply(event: Event, link: Link): void {
    if (event.type === 'sites') this.#show(event.prompts);
    if (event.type === 'snapshot' && event.snapshot.stage.name === 'open') void this.#look(link);
  }

  /** Answers a question: what the site may do of what it asked, or nothing for no. */
  async answer(link: Link, prompt: PromptView, permissions: Permission[]): Promise<void> {
    this.#answered.add(prompt.id);
    const request = { type: 'answerPrompt', prompt: prompt.id, permissions } as const;
    const reply = await this.asking.run(() => link.request(request));
    if (reply) this.#show((this.open.value ?? []).filter(({ id }) => id !== prompt.id));
    else this.#answered.delete(prompt.id);
  }

  async #look(link: Link): Promise<void> {
    const reply = await link.request({ type: 'sites' }).catch(() => undefined);
    if (reply?.type === 'sites') this.#show(reply.prompts);
  }

  #show(prompts: PromptView[]): void {
    const before = this.current.value;
    const gone = before !== null && !prompts.some(({ id }) => id === before.id);
    if (gone) this.closed.value = this.#answered.has(before.id) ? null : before.origin;
    this.open.value = prompts;
  }
}
