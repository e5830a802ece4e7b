import { batch, computed, signal } from '@preact/signals';
import { text } from '../browser/strings';
import type {
  ConversationView,
  DeliveryView,
  ErrorView,
  Event,
  MessageView,
  Snapshot,
  SurbLevel,
  TopologyView,
} from 'sotto-wasm';
import { Situation } from '../stage/situation';
import { atRest, type Page, type Section, withMessage, withNewest, withoutMessage } from './section';

/** The place of a conversation that has no recipient yet. */
export const NEW = '';
/** Of so many conversations besides the open one the end is kept, so that they open at once. */
const RESTING = 8;

/** What the chat page knows, kept current by the background's events, and what it shows of it. */
export class Chat extends Situation {
  /** The map of the network in use, if there is one. */
  readonly topology = signal<TopologyView | null>(null);
  /** Why nothing can be saved, if that is so. */
  readonly storage = signal<ErrorView | null>(null);
  /** The one that was active last first. */
  readonly conversations = signal<readonly ConversationView[]>([]);
  /** How many snapshots came: with each one, what was asked before may be out of date. */
  readonly snapshots = signal(0);
  /** What is known of the conversations that were opened, by their ids. */
  readonly sections = signal<ReadonlyMap<string, Section>>(new Map());
  /** What a screen reader should say now. */
  readonly announcement = signal('');
  /** The id of the conversation that is open, or {@link NEW}; undefined if none is. */
  readonly place = signal<string | undefined>(undefined);
  /** Whether all about the open conversation is shown, rather than its messages. */
  readonly details = signal(false);
  /** The conversation that is open. */
  readonly open = computed(() => this.conversations.value.find(({ id }) => id === this.place.value));
  /** Whether the list gives way to it where there is room for one only: not if it is gone. */
  readonly isOpen = computed(
    () =>
      this.place.value === NEW ||
      this.open.value !== undefined ||
      (this.place.value !== undefined && this.connection.value === null),
  );
  /** Whether there is anything to be shown at all. */
  readonly isUnlocked = computed(() => this.stage.value?.name === 'open');
  /** The messages in view, once there are some. */
  readonly section = computed(() => this.sections.value.get(this.place.value ?? NEW));
  /** The newest message of the open conversation, as long as something in it is unread. */
  readonly unseen = computed(() =>
    this.open.value?.unread && this.section.value?.newer === false
      ? this.section.value.messages.at(-1)?.id
      : undefined,
  );
  /** Messages as events told them since the last snapshot, the last told last; null for removed ones. */
  readonly #told = new Map<string, MessageView | null>();

  constructor() {
    super();
    // Each conversation opens with its messages.
    this.place.subscribe(() => (this.details.value = false));
  }

  /** Puts what was fetched of a conversation in the place of what was known. Others come to rest. */
  setSection(conversation: string, section: Section): void {
    const others = [...this.sections.value].filter(([id]) => id !== conversation);
    const resting = others.slice(-RESTING).flatMap(([id, one]) => {
      const rest = id === this.place.value ? one : atRest(one);
      return rest ? [[id, rest] as const] : [];
    });
    this.sections.value = new Map([...resting, [conversation, section]]);
  }

  /** An answer as events have changed it since, with what they added if it goes up to the end. */
  upToDate(conversation: string, page: Page, toEnd: boolean): Page {
    const messages = page.messages.map((message) => this.#told.get(message.id) ?? message);
    const present = messages.filter(({ id }) => this.#told.get(id) !== null);
    const added = toEnd ? this.#toldSince(conversation, present) : [];
    return { messages: [...present, ...added], more: page.more };
  }

  /** Messages that events told and that are newer than the known ones, oldest first. */
  #toldSince(conversation: string, known: readonly MessageView[]): MessageView[] {
    const last = known.at(-1)?.at ?? 0;
    const isNew = (told: MessageView | null): told is MessageView =>
      told?.conversation === conversation && told.at >= last && !known.some(({ id }) => id === told.id);
    return [...this.#told.values()].filter(isNew).toSorted((one, other) => one.at - other.at);
  }

  override apply(event: Event): void {
    batch(() => {
      super.apply(event);
      this.#apply(event);
    });
  }

  #apply(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event.snapshot);
      case 'topology':
        this.topology.value = event.topology;
        return;
      case 'message':
        return this.#upsert(event.message);
      case 'storage':
        this.storage.value = event.problem;
        return;
      case 'removed':
        return this.#remove(event.id);
      case 'conversation':
        return this.#put(event.conversation);
      case 'conversationRemoved':
        return this.#removeConversation(event.id);
      case 'surbs':
        return this.#setLevel(event.conversation, event.level);
    }
  }

  #replace({ topology, storage, conversations, messages }: Snapshot): void {
    this.topology.value = topology;
    this.storage.value = storage;
    this.conversations.value = conversations;
    this.#told.clear();
    this.sections.value = this.#sections(messages);
    this.snapshots.value += 1;
  }

  /** The messages of a snapshot by their conversations, after what is in view of the open one. */
  #sections(messages: readonly MessageView[]): Map<string, Section> {
    const sections = new Map<string, Section>();
    const [place, shown] = [this.place.value, this.section.value];
    if (place && shown && this.isUnlocked.value) sections.set(place, shown);
    for (const id of new Set(messages.map(({ conversation }) => conversation))) {
      const told = messages.filter(({ conversation }) => conversation === id);
      sections.set(id, withNewest(sections.get(id), { messages: told, more: true }));
    }
    return sections;
  }

  #upsert(message: MessageView): void {
    const { id, conversation } = message;
    const section = this.sections.value.get(conversation);
    const before = section?.messages.find((one) => one.id === id) ?? this.#told.get(id) ?? undefined;
    this.#told.delete(id);
    this.#told.set(id, message);
    this.announcement.value = announcement(before, message) ?? this.announcement.value;
    if (section) this.#setKnown(conversation, withMessage(section, message));
  }

  #remove(id: string): void {
    this.#told.set(id, null);
    for (const [conversation, section] of this.sections.value) {
      const rest = withoutMessage(section, id);
      if (rest !== section) this.#setKnown(conversation, rest);
    }
  }

  #removeConversation(gone: string): void {
    this.conversations.value = this.conversations.value.filter(({ id }) => id !== gone);
    this.sections.value = new Map([...this.sections.value].filter(([id]) => id !== gone));
  }

  #setKnown(conversation: string, section: Section): void {
    this.sections.value = new Map(this.sections.value).set(conversation, section);
  }

  #put(conversation: ConversationView): void {
    const others = this.conversations.value.filter(({ id }) => id !== conversation.id);
    const place = others.findIndex(({ activeAt }) => activeAt <= conversation.activeAt);
    this.conversations.value = others.toSpliced(place < 0 ? others.length : place, 0, conversation);
  }

  #setLevel(conversation: string, level: SurbLevel): void {
    this.conversations.value = this.conversations.value.map((one) =>
      one.id === conversation && one.peer.kind === 'anonymous'
        ? { ...one, peer: { ...one.peer, level } }
        : one,
    );
  }
}

/** What changed that a person should hear; the progress of a message is not worth a sentence. */
function announcement(before: MessageView | undefined, now: MessageView): string | undefined {
  if (now.direction === 'received')
    return before ? undefined : text('announceReceived', now.file?.name ?? now.text);
  if (now.delivery?.state === before?.delivery?.state) return undefined;
  return now.delivery?.state === 'sending' ? undefined : deliveryText(now.delivery);
}

/** The state of a sent message in words; an answer's depends on what it can be answered with. */
export function deliveryText(delivery: DeliveryView | null, level?: SurbLevel): string {
  switch (delivery?.state) {
    case 'queued':
      return delivery.problem?.message ?? text('deliveryQueued');
    case 'waitingForReplyBlocks':
      return text(level?.available === 0 ? 'deliveryNoReplyBlocks' : 'deliveryWaitingForReplyBlocks');
    case 'sending':
      return text('progressSending', delivery.acked ?? 0, delivery.total ?? 0);
    case 'sent':
      return text('deliverySent');
    case 'atGateway':
      return text('deliveryAtGateway');
    case 'delivered':
      return text('deliveryDelivered');
    case 'paused':
      return text('deliveryPaused');
    case 'failed':
      return delivery.problem?.message ?? text('deliveryFailed');
    case undefined:
      return '';
  }
}
