import { isNymError, type Json, type Message, type Nym, type Permission, type Sending } from 'sotto-client';

/** The longest entry, as the service has it. */
export const LONGEST = 2_000;

/** What a visitor needs. Answers come by ways back that go along with what is sent, so `reply` is not among it. */
const PERMISSIONS: Permission[] = ['send', 'receive'];

/** How the page stands to the mixnet. */
export type Stage = 'looking' | 'noExtension' | 'notConnected' | 'asking' | 'connected';

/** An entry in the book, as everybody sees it. */
export interface Entry {
  number: number;
  text: string;
  answer: string | null;
  writtenAt: number;
}

/** What this visitor wrote. */
export interface OwnEntry {
  /** By which the service says which entry it means. */
  reference: string;
  text: string;
  state: 'sending' | 'atGateway' | 'inTheBook' | 'failed';
  /** In the book. */
  number: number | null;
  answer: string | null;
  /** Why it failed. */
  problem: string | null;
}

/** What the service says: see `service/src/protocol.rs`. */
type Response =
  | { type: 'thanks'; number: number; reference: string | null; latest: Entry[] }
  | { type: 'latest'; latest: Entry[] }
  | { type: 'answer'; number: number; text: string }
  | { type: 'refused'; message: string; reference: string | null };

/** Where a page keeps texts: `localStorage`. */
export type Store = Pick<Storage, 'getItem' | 'setItem'>;

/**
 * Ways back that go along with an entry. The recipient keeps ten for asking for more, so these carry the thanks and an
 * answer also while the page is closed.
 */
const SURBS = 30;

const KEY = 'guest-book';

/** All that the page knows and does. It shows nothing. */
export class GuestBook {
  stage: Stage = 'looking';
  /** What went wrong, in words. */
  problem: string | null = null;
  /** Whether there is a connection to the mixnet at the moment. */
  isOnline = false;
  own: OwnEntry[];
  latest: Entry[] = [];

  constructor(
    private readonly service: string,
    private readonly store: Store,
    private readonly changed: () => void,
  ) {
    this.own = read(store);
  }

  #nym: Nym | undefined;

  /** Uses a provider, or says that there is none. Whoever said yes before is not asked again. */
  async start(nym: Nym | undefined): Promise<void> {
    this.#nym = nym;
    if (!nym) return this.#enter('noExtension');
    nym.on('message', (message) => this.#take(message));
    nym.on('connection', ({ state }) => {
      this.isOnline = state === 'online';
      this.changed();
    });
    nym.on('permissions', (granted) => {
      if (!PERMISSIONS.every((one) => granted.includes(one))) this.#enter('notConnected');
    });
    const granted = await nym.permissions().catch((): Permission[] => []);
    if (PERMISSIONS.every((one) => granted.includes(one))) await this.connect();
    else this.#enter('notConnected');
  }

  /** Asks the user, if need be, and looks what is in the book. */
  async connect(): Promise<void> {
    const nym = this.#nym;
    if (!nym) return;
    this.problem = null;
    this.#enter('asking');
    try {
      const granted = await nym.connect({ permissions: PERMISSIONS });
      if (!PERMISSIONS.every((one) => granted.includes(one))) return this.#enter('notConnected', NEEDS_BOTH);
      this.#enter('connected');
      await nym.send(this.service, { type: 'latest' }, { surbs: SURBS });
    } catch (error) {
      this.#enter('notConnected', sentence(error));
    }
  }

  /** Writes in the book. False if it was refused at once; why is in {@link problem}. */
  async write(text: string): Promise<boolean> {
    const entry: OwnEntry = {
      reference: crypto.randomUUID(),
      text,
      state: 'sending',
      number: null,
      answer: null,
      problem: null,
    };
    try {
      const request: Json = { type: 'entry', text, reference: entry.reference };
      const sending = await this.#nym!.send(this.service, request, { surbs: SURBS });
      this.problem = null;
      this.own.unshift(entry);
      this.#save();
      this.#follow(entry, sending);
      return true;
    } catch (error) {
      this.problem = sentence(error);
      this.changed();
      return false;
    }
  }

  #enter(stage: Stage, problem: string | null = null): void {
    this.stage = stage;
    this.problem = problem;
    this.changed();
  }

  #follow(entry: OwnEntry, sending: Sending): void {
    sending.done.then(
      // The thanks may have been faster.
      () => this.#update(entry, entry.state === 'sending' ? { state: 'atGateway' } : {}),
      (error: unknown) => this.#update(entry, { state: 'failed', problem: sentence(error) }),
    );
  }

  #update(entry: OwnEntry | undefined, change: Partial<OwnEntry>): void {
    if (entry) Object.assign(entry, change);
    this.#save();
  }

  #save(): void {
    this.store.setItem(KEY, JSON.stringify(this.own));
    this.changed();
  }

  /** Only the service is believed. */
  #take({ from, data }: Message): void {
    if (from === null || identity(from) !== identity(this.service)) return;
    const response = data as Response;
    switch (response?.type) {
      case 'thanks':
        this.#update(this.#by('reference', response.reference), {
          state: 'inTheBook',
          number: response.number,
        });
        return this.#show(response.latest);
      case 'latest':
        return this.#show(response.latest);
      case 'answer':
        return this.#answered(response.number, response.text);
      case 'refused':
        return this.#update(this.#by('reference', response.reference), {
          state: 'failed',
          problem: response.message,
        });
    }
  }

  /** An answer that found no way back any more stands in the book. */
  #show(latest: Entry[]): void {
    this.latest = latest;
    for (const { number, answer } of latest) if (answer) this.#update(this.#by('number', number), { answer });
    this.changed();
  }

  #answered(number: number, answer: string): void {
    const inTheBook = this.latest.find((entry) => entry.number === number);
    if (inTheBook) inTheBook.answer = answer;
    this.#update(this.#by('number', number), { answer });
  }

  #by<K extends 'reference' | 'number'>(key: K, value: OwnEntry[K] | null): OwnEntry | undefined {
    return value === null ? undefined : this.own.find((entry) => entry[key] === value);
  }
}

const NEEDS_BOTH = 'Writing takes sending, and the answer takes receiving: the book needs both.';

/** What is before the `@` of an address; behind it is the gateway, which may change. */
const identity = (address: string) => address.split('@')[0];

/** Entries of a former visit. What was on its way then goes on without this page. */
function read(store: Store): OwnEntry[] {
  try {
    return JSON.parse(store.getItem(KEY) ?? '[]') as OwnEntry[];
  } catch {
    return [];
  }
}

/** Why a message that was accepted did not arrive. */
const FAILURES: Record<string, string> = {
  'message.expired': 'The book could not be reached for a day. Write it again later.',
  'message.cancelled': 'It was taken back.',
};

/** What the user did needs other words to the user. */
const ANSWERS: Record<string, string> = {
  'user.rejected': 'You said no, and that is fine. The button stays, should you change your mind.',
  'user.asked-too-soon':
    'You said no a short time ago, so Sotto did not ask you again. It will after a while.',
};

/** The API's errors are sentences that say what to do. */
function sentence(error: unknown): string {
  if (isNymError(error) && ANSWERS[error.reason]) return ANSWERS[error.reason]!;
  if (isNymError(error, 'message.failed')) return FAILURES[error.message] ?? error.message;
  if (isNymError(error)) return error.message;
  return error instanceof Error ? `Something went wrong: ${error.message}` : 'Something went wrong.';
}
