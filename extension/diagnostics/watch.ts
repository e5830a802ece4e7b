import { signal } from '@preact/signals';
import type { Event, MessageView, PacketCounts, Snapshot } from 'sotto-wasm';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';

/** A fault that was seen: when, in milliseconds since the Unix epoch, and which. */
export interface Fault {
  at: number;
  code: string;
}

/** So many faults are kept, the newest. */
const KEPT = 10;

/** Follows the background while the page is open, and notes the faults that it tells of. */
export class Watch {
  readonly snapshot = signal<Snapshot | null>(null);
  /** The last ones since the page was opened, the newest first. */
  readonly faults = signal<Fault[]>([]);
  /** What the client did; nothing while there is none. */
  readonly packets = signal<PacketCounts | null>(null);
  /** What is left at the gateway, in bytes; nothing while there is no connection. */
  readonly bandwidth = signal<number | null>(null);
  readonly now = signal(Date.now());
  /** The last packet that was sent round the network. */
  readonly probing = new Asking();
  /** How long it took, in milliseconds. */
  readonly roundTrip = signal<number | null>(null);
  #present = new Set<string>();

  /** Takes in an event that came at this moment. */
  apply(event: Event, at: number): void {
    const known = event.type === 'snapshot' ? event.snapshot : this.snapshot.value;
    if (!known) return;
    const snapshot = changed(known, event);
    this.snapshot.value = snapshot;
    this.now.value = at;
    this.#note(faultsOf(snapshot), at);
  }

  /** Looks anew at what no event tells of. */
  async look(link: Pick<BackgroundLink, 'request'>, at: number): Promise<void> {
    this.now.value = at;
    const reply = await link.request({ type: 'diagnostics' }).catch(() => null);
    const told = reply?.type === 'diagnostics' ? reply : null;
    this.packets.value = told?.packets ?? null;
    this.bandwidth.value = told?.bandwidth ?? null;
  }

  /** Sends a packet round the network and back. */
  async probe(link: Pick<BackgroundLink, 'request'>): Promise<void> {
    this.roundTrip.value = null;
    const reply = await this.probing.run(() => link.request({ type: 'probe' }));
    if (reply?.type === 'probe') this.roundTrip.value = reply.milliseconds;
  }

  /** A fault that lasts is noted once, and again when it comes back. */
  #note(faults: Map<string, string>, at: number): void {
    const fresh = [...faults].filter(([where]) => !this.#present.has(where));
    this.#present = new Set(faults.keys());
    const noted = fresh.map(([, code]) => ({ at, code }));
    this.faults.value = [...noted, ...this.faults.value].slice(0, KEPT);
  }
}

/** The snapshot after the event. */
function changed(snapshot: Snapshot, event: Event): Snapshot {
  switch (event.type) {
    case 'snapshot':
      return event.snapshot;
    case 'stage':
      return { ...snapshot, stage: event.stage };
    case 'connection':
      return { ...snapshot, connection: event.connection };
    case 'address':
      return { ...snapshot, address: event.address };
    case 'storage':
      return { ...snapshot, storage: event.problem };
    case 'gateways':
      return { ...snapshot, gateways: event.gateways };
    case 'topology':
      return { ...snapshot, topology: event.topology };
    default:
      return { ...snapshot, ...changedTalk(snapshot, event) };
  }
}

function changedTalk(snapshot: Snapshot, event: Event): Partial<Snapshot> {
  const { messages, conversations } = snapshot;
  switch (event.type) {
    case 'message':
      return { messages: [...without(messages, event.message.id), event.message] };
    case 'removed':
      return { messages: without(messages, event.id) };
    case 'conversation':
      return { conversations: [event.conversation, ...without(conversations, event.conversation.id)] };
    case 'conversationRemoved':
      return { conversations: without(conversations, event.id) };
    case 'surbs':
      return {
        conversations: conversations.map((one) =>
          one.id === event.conversation && one.peer.kind === 'anonymous'
            ? { ...one, peer: { ...one.peer, level: event.level } }
            : one,
        ),
      };
    default:
      return {};
  }
}

function without<T extends { id: string }>(all: T[], id: string): T[] {
  return all.filter((one) => one.id !== id);
}

/** The codes of all faults that there are, by where they are. */
function faultsOf({ connection, storage, gateways, messages }: Snapshot): Map<string, string> {
  const next = gateways.next?.connection;
  const found: [string, string | undefined][] = [
    ['connection', connection.state === 'connecting' ? undefined : connection.problem?.code],
    ['next', next?.state === 'offline' ? next.problem.code : undefined],
    ['storage', storage?.code],
    ...messages.map(({ id, delivery }): [string, string | undefined] => [id, failure(delivery)]),
  ];
  return new Map(found.flatMap(([where, code]) => (code ? [[`${where} ${code}`, code] as const] : [])));
}

function failure(delivery: MessageView['delivery']): string | undefined {
  return delivery?.problem?.code;
}
