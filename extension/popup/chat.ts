import { signal } from '@preact/signals';
import { text } from '../browser/strings';
import type { ConnectionView, DeliveryView, ErrorView, Event, MessageView, Snapshot } from 'sotto-wasm';

/** What the chat page knows, kept current by the background's events. */
export class Chat {
  /** The own address; unknown until a gateway knows us. */
  readonly address = signal<string | null>(null);
  /** Unknown until the background has answered. */
  readonly connection = signal<ConnectionView | null>(null);
  /** Why nothing can be saved, if that is so. */
  readonly storage = signal<ErrorView | null>(null);
  /** Oldest first. */
  readonly messages = signal<readonly MessageView[]>([]);
  /** What a screen reader should say now. */
  readonly announcement = signal('');

  apply(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event.snapshot);
      case 'connection':
        this.connection.value = event.connection;
        return;
      case 'address':
        this.address.value = event.address;
        return;
      case 'message':
        return this.#upsert(event.message);
      case 'storage':
        this.storage.value = event.problem;
        return;
      case 'removed':
        this.messages.value = this.messages.value.filter(({ id }) => id !== event.id);
    }
  }

  #replace({ address, connection, storage, messages }: Snapshot): void {
    this.address.value = address;
    this.connection.value = connection;
    this.storage.value = storage;
    this.messages.value = messages;
  }

  #upsert(message: MessageView): void {
    const messages = this.messages.value;
    const index = messages.findIndex(({ id }) => id === message.id);
    this.messages.value = index < 0 ? [...messages, message] : messages.with(index, message);
    this.announcement.value = announcement(messages[index], message) ?? this.announcement.value;
  }
}

/** What changed that a person should hear; the progress of a message is not worth a sentence. */
function announcement(before: MessageView | undefined, now: MessageView): string | undefined {
  if (now.direction === 'received') return before ? undefined : text('announceReceived', now.text);
  if (now.delivery?.state === before?.delivery?.state) return undefined;
  return now.delivery?.state === 'sending' ? undefined : deliveryText(now.delivery);
}

/** The state of a sent message in words. */
export function deliveryText(delivery: DeliveryView | null): string {
  switch (delivery?.state) {
    case 'queued':
      return delivery.problem?.message ?? text('deliveryQueued');
    case 'sending':
      return text('progressSending', delivery.acked ?? 0, delivery.total ?? 0);
    case 'sent':
      return text('deliverySent');
    case 'atGateway':
      return text('deliveryAtGateway');
    case 'failed':
      return delivery.problem?.message ?? text('deliveryFailed');
    case undefined:
      return '';
  }
}
