import type {
  ConnectionView,
  ConversationView,
  ErrorView,
  Event,
  MessageView,
  PacketCounts,
  PageMessage,
  Reply,
  Request,
  Settings,
  Snapshot,
} from 'sotto-wasm';
import type { FakeBrowser, FakePort } from './fake-browser';

/** The state that pages are shown, whole texts, and the conversation that is open in pictures. */
export type Scenario = Snapshot & { texts?: Record<string, string>; open?: string | undefined };

/** The settings of a new installation, on the local mixnet. */
export const SETTINGS: Settings = {
  directory: 'http://127.0.0.1:17080/',
  traffic: 'direct',
  lockAfterMinutes: null,
  receipts: true,
  notifications: 'plain',
  keepDays: null,
};

/** What a background that has just started shows. */
export const STARTING: Scenario = {
  stage: { name: 'open', protection: 'device' },
  address: null,
  connection: { state: 'connecting', step: 'directory' },
  storage: null,
  gateways: { own: null, next: null, former: [] },
  topology: null,
  conversations: [],
  messages: [],
  settings: SETTINGS,
};

/** What a client did that is cautious with its packets. */
export const PACKETS: PacketCounts = {
  packetsSent: 1_204,
  packetsRepeated: 17,
  coverSent: 8_310,
  acks: 1_180,
  strayAcks: 6,
  fragments: 431,
  duplicates: 3,
  cover: 16_590,
  malformed: 0,
  unreadable: 0,
  unknownText: 0,
  damagedRecords: 0,
};

/** Speaks the messages of the real background, from memory. */
export class FakeBackground {
  readonly requests: Request[] = [];
  silent = false;
  diesAtOnce = false;
  /** The gateways that can be moved to. */
  gatewayChoices: string[] = [];
  readonly #ports = new Set<FakePort>();
  readonly #refusals = new Map<Request['type'], ErrorView>();

  constructor(
    browser: FakeBrowser,
    readonly state: Scenario = structuredClone(STARTING),
  ) {
    browser.onConnect.addListener((port) => this.#connected(port));
  }

  /** From now on answers requests of this kind with an error. */
  refuse(type: Request['type'], error: ErrorView): void {
    this.#refusals.set(type, error);
  }

  change(connection: ConnectionView): void {
    this.state.connection = connection;
    this.push({ type: 'connection', connection });
  }

  show(message: MessageView): void {
    this.push({ type: 'message', message });
  }

  /** As when something about a conversation has changed. */
  showConversation(conversation: ConversationView): void {
    this.state.conversations = [
      conversation,
      ...this.state.conversations.filter(({ id }) => id !== conversation.id),
    ];
    this.push({ type: 'conversation', conversation });
  }

  push(event: Event): void {
    for (const port of this.#ports) port.postMessage({ event });
  }

  /** As when the browser ends it: all ports close. */
  die(): void {
    for (const port of this.#ports) port.disconnect();
    this.#ports.clear();
  }

  #connected(port: FakePort): void {
    this.#ports.add(port);
    port.onDisconnect.addListener(() => void this.#ports.delete(port));
    port.onMessage.addListener((message) => this.#asked(port, message as PageMessage));
    if (this.diesAtOnce) queueMicrotask(() => this.die());
  }

  #asked(port: FakePort, { id, request }: PageMessage): void {
    this.requests.push(request);
    if (this.silent || this.diesAtOnce) return;
    const error = this.#refusals.get(request.type);
    port.postMessage({ id, reply: error ? { type: 'error', error } : this.#reply(request) });
    if (request.type === 'subscribe') {
      port.postMessage({ event: { type: 'snapshot', snapshot: this.state } });
    }
  }

  #reply(request: Request): Reply {
    switch (request.type) {
      case 'send':
        return this.#accept(request.to, request.text, request.anonymous);
      case 'reply':
        return this.#accept(request.to, request.text, false);
      case 'seen':
        return this.#seen(request.id);
      case 'message':
        return this.#fullMessage(request.id);
      case 'gatewayChoices':
        return { type: 'gatewayChoices', gateways: this.gatewayChoices };
      case 'diagnostics':
        return { type: 'diagnostics', packets: PACKETS };
      case 'settings':
        return { type: 'settings', settings: this.state.settings };
      default:
        return { type: 'ok' };
    }
  }

  #accept(to: string, text: string, anonymous: boolean): Reply {
    const [id, at] = [`sent-${this.requests.length}`, Date.now()];
    const delivery = { state: 'queued' } as const;
    const body = { text, truncated: false, size: text.length, format: 'text', file: null } as const;
    const sent = { id, direction: 'sent', conversation: to, anonymous, signed: !anonymous, ...body } as const;
    const last = { direction: 'sent', text, at, state: 'queued' } as const;
    const known = this.state.conversations.find((conversation) => conversation.id === to);
    const peer = known?.peer ?? { kind: 'address', address: to };
    this.show({ ...sent, at, delivery });
    const { name, trust, plain } = known ?? { name: null, trust: 'none', plain: false };
    this.showConversation({ id: to, peer, name, trust, plain, unread: 0, anonymous, last, activeAt: at });
    return { type: 'accepted', id, conversation: to };
  }

  #seen(id: string): Reply {
    const message = this.state.messages.find((message) => message.id === id);
    const known = this.state.conversations.find((known) => known.id === message?.conversation);
    if (known) this.showConversation({ ...known, unread: 0 });
    return { type: 'ok' };
  }

  #fullMessage(id: string): Reply {
    const message = this.state.messages.find((message) => message.id === id);
    if (message) return { type: 'message', message, text: this.state.texts?.[id] ?? message.text };
    return { type: 'error', error: { code: 'no_such_message', fault: 'you', message: 'Gone.' } };
  }
}
