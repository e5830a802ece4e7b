import { batch, computed, effect, signal } from '@preact/signals';
import { has } from '../format/match';
import { RequestError, type BackgroundLink } from '../link/background-link';
import type { ConversationView, ErrorView, MessageView } from 'sotto-wasm';
import type { Chat } from './chat';
import { fullName, peerName } from './peer';

/** How long the user has to stop typing before messages are looked through, in milliseconds. */
const PAUSE = 200;
/** What is shorter is found everywhere, in characters. */
const SHORTEST = 2;
/** So many empty answers are followed up before the user is asked whether to go on. */
const PATIENCE = 20;

/** What was found in one conversation. */
export interface Group {
  conversation: ConversationView | undefined;
  id: string;
  messages: readonly MessageView[];
}

/** Looks for what the user has entered: in names and addresses at once, in messages as they are read. */
export class Search {
  /** What is looked for; as long as it is not empty, what was found takes the place of the list. */
  readonly text = signal('');
  readonly looking = signal(false);
  readonly problem = signal<ErrorView | null>(null);
  readonly #messages = signal<readonly MessageView[]>([]);
  /** Where to go on; null at the end, undefined before anything was looked through. */
  readonly #cursor = signal<string | null | undefined>(undefined);
  #turn = 0;

  readonly wanted = computed(() => this.text.value.trim());
  readonly active = computed(() => this.wanted.value !== '');
  /** Whether there may be more. */
  readonly more = computed(() => typeof this.#cursor.value === 'string');
  /** Whether everything was looked through. */
  readonly done = computed(() => this.#cursor.value === null);
  /** The conversations whose name or address it is in. */
  readonly people = computed(() =>
    this.active.value
      ? this.chat.conversations.value.filter((one) =>
          [peerName(one), fullName(one.peer)].some((name) => has(name, this.wanted.value)),
        )
      : [],
  );
  /** The messages that it is in, by conversation; the one with the newest first. */
  readonly groups = computed<Group[]>(() => {
    const found = this.#messages.value;
    return [...new Set(found.map(({ conversation }) => conversation))].map((id) => ({
      id,
      conversation: this.chat.conversations.value.find((known) => known.id === id),
      messages: found.filter(({ conversation }) => conversation === id),
    }));
  });

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly chat: Chat,
  ) {}

  /** Begins anew whenever something else is wanted. */
  follow(): () => void {
    return effect(() => {
      const wanted = this.wanted.value;
      this.#forget();
      if (wanted.length < SHORTEST) return undefined;
      const timer = setTimeout(() => void this.next(), PAUSE);
      return () => clearTimeout(timer);
    });
  }

  /** Looks further, until something is found or there is nothing more. */
  async next(): Promise<void> {
    if (this.looking.peek() || this.done.peek() || this.wanted.peek().length < SHORTEST) return;
    const turn = this.#turn;
    this.looking.value = true;
    this.problem.value = null;
    try {
      for (let tries = 0; tries < PATIENCE && turn === this.#turn; tries++) {
        if ((await this.#look(turn)) || this.done.peek()) break;
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (turn === this.#turn) this.problem.value = error.view;
    }
    if (turn === this.#turn) this.looking.value = false;
  }

  clear(): void {
    this.text.value = '';
  }

  /** Whether anything was found this time. */
  async #look(turn: number): Promise<boolean> {
    const cursor = this.#cursor.peek() ?? undefined;
    const text = this.wanted.peek();
    const reply = await this.link.request({ type: 'search', text, conversation: undefined, cursor });
    if (turn !== this.#turn || reply.type !== 'found') return true;
    const known = new Set(this.#messages.peek().map(({ id }) => id));
    const fresh = reply.messages.filter(({ id }) => !known.has(id));
    batch(() => {
      this.#messages.value = [...this.#messages.peek(), ...fresh];
      this.#cursor.value = reply.cursor;
    });
    return fresh.length > 0;
  }

  #forget(): void {
    this.#turn += 1;
    batch(() => {
      this.looking.value = false;
      this.problem.value = null;
      this.#messages.value = [];
      this.#cursor.value = undefined;
    });
  }
}
