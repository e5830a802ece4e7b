import type { BackgroundMessage, Event, MessageView, PeerView, Request } from 'sotto-wasm';
import type { Mortal } from '../harness/browser';
import { longText } from '../harness/text';
import type { Ledger, Manner } from './ledger';
import type { Random } from './random';
import { Talker } from './talker';

/** Bytes of a message of many packets. */
const LONG = 20_000;

/** One of the two who write to each other. */
export class Participant {
  /** The own address, once known. */
  address = '';
  /** Whether the background has said anything since it was killed. */
  isUp = false;
  /** Codes of refusals, which should not be. */
  readonly refusals: string[] = [];
  readonly #talker: Talker;
  readonly #tags = new Set<string>();
  readonly #asked = new Map<number, string>();
  /** Received messages that are not as they were said. */
  readonly damaged = new Set<string>();
  readonly #received = new Set<string>();
  /** Received messages of which only the beginning was shown. */
  readonly #unread = new Set<string>();
  /** Requests for what came while no page was there to be told, by conversation. */
  readonly #pages = new Map<string, Request>();
  readonly #states = new Map<string, string>();
  #count = 0;

  constructor(
    readonly name: string,
    readonly browser: Mortal,
    private readonly ledger: Ledger,
    private readonly random: Random,
  ) {
    this.#talker = new Talker(browser);
  }

  /** Ends the background as hard as it can be ended. Whether it had begun to work. */
  async kill(): Promise<'working' | 'starting' | 'absent'> {
    const killed = await this.browser.crashBackground();
    const wasUp = this.isUp;
    this.isUp = false;
    if (killed === 0) return 'absent';
    return wasUp ? 'working' : 'starting';
  }

  /** Hears what the background has to say, and reads in full what was only shown in part. How many messages were new. */
  async listen(): Promise<number> {
    const [page] = this.#pages.values();
    const [id] = this.#unread;
    const { told } = await this.#talker.exchange(page ?? (id ? { type: 'message', id } : null));
    return this.#hear(told);
  }

  /** Whether every message was read in full. */
  get hasReadAll(): boolean {
    return this.#pages.size === 0 && this.#unread.size === 0;
  }

  /** Sends something to an address, or answers an anonymous correspondent. */
  async speak(to: string): Promise<void> {
    const { manner, request } = this.#compose(to);
    // Before it is known whether it was asked at all: the page may die with the answer.
    this.ledger.say(manner, request.text);
    const { asked, told } = await this.#talker.exchange(request);
    if (asked > 0) this.#asked.set(asked, request.text);
    this.#hear(told);
  }

  /** How many own messages are in each state, by what was told last. */
  states(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const state of this.#states.values()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  #compose(to: string): { manner: Manner; request: Request & { text: string } } {
    const text = this.#text();
    const tag = this.random.chance(0.35) ? this.random.pick([...this.#tags]) : undefined;
    if (tag) return { manner: 'reply', request: { type: 'reply', to: tag, text } };
    const anonymous = this.random.chance(0.3);
    return { manner: anonymous ? 'anonymous' : 'plain', request: { type: 'send', to, text, anonymous } };
  }

  #text(): string {
    this.#count += 1;
    const length = this.random.chance(0.05) ? LONG : this.random.between(10, 400);
    return `${this.name}${this.#count} ${longText(length)}`;
  }

  #hear(told: BackgroundMessage[]): number {
    const known = this.#received.size;
    if (told.length > 0) this.isUp = true;
    for (const message of told)
      if ('event' in message) this.#notice(message.event);
      else this.#conclude(message.id, message.reply);
    return this.#received.size - known;
  }

  #conclude(asked: number, reply: Extract<BackgroundMessage, { reply: unknown }>['reply']): void {
    const text = this.#asked.get(asked);
    this.#asked.delete(asked);
    if (text !== undefined && reply.type === 'accepted') this.ledger.accept(text);
    if (reply.type === 'messages') this.#turn(reply.messages, reply.more);
    if (reply.type === 'message') this.#read(reply.message.id, reply.text);
    if (reply.type === 'error') this.refusals.push(reply.error.code);
  }

  #notice(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        // The page is a new one, or its background is: whatever was asked before is not answered.
        this.#asked.clear();
        this.address = event.snapshot.address ?? this.address;
        event.snapshot.messages.forEach((message) => this.#see(message));
        event.snapshot.conversations.forEach(({ id, peer }) => {
          this.#meet(peer);
          this.#pages.set(id, { type: 'messages', conversation: id, before: undefined, after: undefined });
        });
        break;
      case 'address':
        this.address = event.address;
        break;
      case 'conversation':
        this.#meet(event.conversation.peer);
        break;
      case 'message':
        this.#see(event.message);
        break;
    }
  }

  /** Takes in a page of a conversation, and goes on to older ones until they are known. */
  #turn(messages: MessageView[], more: boolean): void {
    const [oldest] = messages;
    if (!oldest) return this.#pages.clear();
    const { id: before, conversation } = oldest;
    const isKnown = this.#received.has(before) || this.#states.has(before);
    messages.forEach((message) => this.#see(message));
    if (isKnown || !more) this.#pages.delete(conversation);
    else this.#pages.set(conversation, { type: 'messages', conversation, before, after: undefined });
  }

  #meet(peer: PeerView): void {
    if (peer.kind === 'anonymous') this.#tags.add(peer.tag);
  }

  #see({ id, direction, text, truncated, delivery }: MessageView): void {
    if (direction === 'sent') {
      this.ledger.accept(text);
      this.#states.set(id, delivery?.state ?? '');
      return;
    }
    this.ledger.show(text, id);
    if (!truncated) this.#compare(text);
    else if (!this.#received.has(id)) this.#unread.add(id);
    this.#received.add(id);
  }

  #read(id: string, text: string): void {
    this.#unread.delete(id);
    this.#compare(text);
  }

  #compare(text: string): void {
    if (this.ledger.original(text) !== text) this.damaged.add(text.slice(0, 20));
  }
}
