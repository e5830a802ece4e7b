import { computed, signal } from '@preact/signals';
import { text } from '../browser/strings';
import type {
  ConnectionView,
  ConversationView,
  DeliveryView,
  ErrorView,
  Event,
  MessageView,
  Snapshot,
  StageView,
  SurbLevel,
  TopologyView,
} from 'sotto-wasm';

/** The place of a conversation that has no recipient yet. */
export const NEW = '';

/** What the chat page knows, kept current by the background's events, and what it shows of it. */
export class Chat {
  /** Where the vault stands; unknown until the background has answered. */
  readonly stage = signal<StageView | null>(null);
  /** The own address; unknown until a gateway knows us. */
  readonly address = signal<string | null>(null);
  /** Unknown until the background has answered. */
  readonly connection = signal<ConnectionView | null>(null);
  /** The map of the network in use, if there is one. */
  readonly topology = signal<TopologyView | null>(null);
  /** Why nothing can be saved, if that is so. */
  readonly storage = signal<ErrorView | null>(null);
  /** The one that was active last first. */
  readonly conversations = signal<readonly ConversationView[]>([]);
  /** Of all conversations, oldest first. */
  readonly messages = signal<readonly MessageView[]>([]);
  /** What a screen reader should say now. */
  readonly announcement = signal('');
  /** The id of the conversation that is open, or {@link NEW}; undefined if none is. */
  readonly place = signal<string | undefined>(undefined);
  /** The conversation that is open. */
  readonly open = computed(() => this.conversations.value.find(({ id }) => id === this.place.value));
  /** Whether the list gives way to it where there is room for one only: not if it is gone. */
  readonly isOpen = computed(
    () =>
      this.place.value === NEW ||
      this.open.value !== undefined ||
      (this.place.value !== undefined && this.connection.value === null),
  );
  /** Its messages, oldest first. */
  readonly openMessages = computed(() =>
    this.messages.value.filter(({ conversation }) => conversation === this.place.value),
  );
  /** The newest message of the open conversation, as long as something in it is unread. */
  readonly unseen = computed(() =>
    this.open.value?.unread ? this.openMessages.value.at(-1)?.id : undefined,
  );

  apply(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event.snapshot);
      case 'stage':
        this.stage.value = event.stage;
        return;
      case 'connection':
        this.connection.value = event.connection;
        return;
      case 'address':
        this.address.value = event.address;
        return;
      case 'topology':
        this.topology.value = event.topology;
        return;
      case 'gateways':
        return; // Shown in the settings.
      case 'message':
        return this.#upsert(event.message);
      case 'storage':
        this.storage.value = event.problem;
        return;
      case 'removed':
        this.messages.value = this.messages.value.filter(({ id }) => id !== event.id);
        return;
      case 'conversation':
        return this.#put(event.conversation);
      case 'conversationRemoved':
        this.conversations.value = this.conversations.value.filter(({ id }) => id !== event.id);
        return;
      case 'surbs':
        return this.#setLevel(event.conversation, event.level);
    }
  }

  #replace({ stage, address, connection, topology, storage, conversations, messages }: Snapshot): void {
    this.stage.value = stage;
    this.address.value = address;
    this.connection.value = connection;
    this.topology.value = topology;
    this.storage.value = storage;
    this.conversations.value = conversations;
    this.messages.value = messages;
  }

  #upsert(message: MessageView): void {
    const messages = this.messages.value;
    const index = messages.findIndex(({ id }) => id === message.id);
    this.messages.value = index < 0 ? [...messages, message] : messages.with(index, message);
    this.announcement.value = announcement(messages[index], message) ?? this.announcement.value;
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
  if (now.direction === 'received') return before ? undefined : text('announceReceived', now.text);
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
