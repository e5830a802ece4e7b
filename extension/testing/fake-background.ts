import type {
  ConnectionView,
  ConversationView,
  DeliveryView,
  ErrorView,
  Event,
  FileView,
  MessageView,
  PacketCounts,
  PageMessage,
  PromptView,
  Reply,
  Request,
  Settings,
  SiteView,
  Snapshot,
  StageView,
} from 'sotto-wasm';
import { fromBase64, toBase64 } from '../link/base64';
import type { FakeBrowser, FakePort } from './fake-browser';

/** What is clicked, or what is filled in where; into a field for files, a name and a size in bytes. */
export type Act = [selector: string, value?: string];

/** The state that pages are shown, and whole texts. */
export interface Scenario extends Snapshot {
  texts?: Record<string, string>;
  /** The content of each file, base64, by the id of its message. */
  files?: Record<string, string>;
  /** The sites that use the mixnet or did. */
  sites?: SiteView[];
  /** What sites ask of the user. */
  prompts?: PromptView[];
  /** In pictures: the conversation that is open. */
  open?: string | undefined;
  /** In pictures: what is clicked, or filled in, one after the other, on which page. */
  steps?: { page: string; acts: Act[] };
}

/** So many messages are answered at a time. */
export const PAGE = 50;

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

/** What is left at the gateway, in bytes. */
export const BANDWIDTH = 1_473_000_000;

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

/** The passphrase of the vaults and backups of tests. */
export const PASSPHRASE = 'four small wet stones';

const WRONG: ErrorView = {
  code: 'vault.wrong-passphrase',
  fault: 'you',
  message: 'This is not the passphrase.',
};

/** A file on its way, from the page or to it. */
interface Transfer {
  bytes: Uint8Array;
  at: number;
}

/** What the fake hands over at once, in bytes. */
const DOWNLOAD_PART = 512 * 1024;

const SAFETY_NUMBER = '04917 55820 39164 82057 71346 90285 16433 58092 27710 64958 30127 88461';
const GONE: ErrorView = { code: 'no_such_message', fault: 'you', message: 'Gone.' };

type SendFile = Extract<Request, { type: 'sendFile' }>;

/** Speaks the messages of the real background, from memory. */
export class FakeBackground {
  readonly requests: Request[] = [];
  silent = false;
  diesAtOnce = false;
  /** The gateways that can be moved to. */
  gatewayChoices: string[] = [];
  /** What locks the vault; nothing if a device key does. */
  passphrase: string | null = PASSPHRASE;
  /** How long a packet takes round the loop, in milliseconds. */
  loop = 412;
  readonly #uploads = new Map<number, Uint8Array>();
  readonly #downloads = new Map<number, Transfer>();
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

  /** Answers requests of this kind again. */
  allow(type: Request['type']): void {
    this.#refusals.delete(type);
  }

  /** From now on answers requests of this kind again. */
  accept(type: Request['type']): void {
    this.#refusals.delete(type);
  }

  /** As when the vault is made, locked, opened or lost. */
  enter(stage: StageView): void {
    this.state.stage = stage;
    this.push({ type: 'stage', stage });
    this.push({ type: 'snapshot', snapshot: this.#snapshot() });
  }

  /** What a page has handed over under this number. */
  uploaded(upload: number): Uint8Array {
    const bytes = this.#uploads.get(upload);
    if (!bytes) throw new Error(`There is no upload ${upload}`);
    return bytes;
  }

  /** Has a file ready for being fetched. */
  offer(
    name: string,
    bytes: Uint8Array,
    mediaType = 'application/octet-stream',
  ): Extract<Reply, { type: 'download' }> {
    const download = this.#downloads.size + 1;
    this.#downloads.set(download, { bytes, at: 0 });
    return { type: 'download', download, name, mediaType, size: bytes.length };
  }

  change(connection: ConnectionView): void {
    this.state.connection = connection;
    this.push({ type: 'connection', connection });
  }

  show(message: MessageView): void {
    const messages = this.state.messages.filter(({ id }) => id !== message.id);
    this.state.messages = [...messages, message].toSorted((one, other) => one.at - other.at);
    this.push({ type: 'message', message });
  }

  /** As when a message is deleted. */
  remove(id: string): void {
    this.state.messages = this.state.messages.filter((message) => message.id !== id);
    this.push({ type: 'removed', id });
  }

  /** As when something about a conversation has changed. */
  showConversation(conversation: ConversationView): void {
    this.state.conversations = [
      conversation,
      ...this.state.conversations.filter(({ id }) => id !== conversation.id),
    ];
    this.push({ type: 'conversation', conversation });
  }

  /** As when sites do or ask something else. */
  showSites({ sites = this.state.sites ?? [], prompts = this.state.prompts ?? [] }): void {
    Object.assign(this.state, { sites, prompts });
    this.push({ type: 'sites', sites, prompts });
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
      port.postMessage({ event: { type: 'snapshot', snapshot: this.#snapshot() } });
    }
  }

  /** With the newest messages alone, as pages ask for the others. */
  #snapshot(): Snapshot {
    return { ...this.state, messages: this.state.messages.slice(-PAGE) };
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
        return { type: 'diagnostics', packets: PACKETS, bandwidth: BANDWIDTH };
      case 'settings':
        return { type: 'settings', settings: this.state.settings };
      case 'setSettings':
        this.state.settings = request.settings;
        return { type: 'ok' };
      case 'probe':
        return { type: 'probe', milliseconds: this.loop };
      case 'uploadPart':
        return this.#takeIn(request.upload, fromBase64(request.data));
      case 'dropUpload':
        this.#uploads.delete(request.upload);
        return { type: 'ok' };
      case 'downloadPart':
        return this.#handOut(request.download);
      default:
        return this.#siteReply(request) ?? this.#talkReply(request) ?? this.#vaultReply(request);
    }
  }

  #siteReply(request: Request): Reply | undefined {
    const { sites = [], prompts = [] } = this.state;
    switch (request.type) {
      case 'sites':
        return { type: 'sites', sites, prompts };
      case 'answerPrompt':
        return this.#done(() =>
          this.showSites({ prompts: prompts.filter(({ id }) => id !== request.prompt) }),
        );
      case 'setSitePermissions': {
        const { origin, permissions } = request;
        const changed = sites.map((site) => (site.origin === origin ? { ...site, permissions } : site));
        return this.#done(() => this.showSites({ sites: changed }));
      }
      case 'forgetSite':
        return this.#done(() =>
          this.showSites({ sites: sites.filter(({ origin }) => origin !== request.origin) }),
        );
      default:
        return undefined;
    }
  }

  #vaultReply(request: Request): Reply {
    switch (request.type) {
      case 'begin':
        this.passphrase = request.passphrase ?? null;
        this.state.settings = request.settings;
        return this.#entered(this.#open());
      case 'unlock':
        return request.passphrase === this.passphrase ? this.#entered(this.#open()) : refused(WRONG);
      case 'lock':
        return this.#entered({ name: 'locked' });
      case 'setPassphrase':
        if ((request.old ?? null) !== this.passphrase) return refused(WRONG);
        this.passphrase = request.new ?? null;
        return this.#entered(this.#open());
      case 'exportBackup':
        return this.offer('sotto.backup', new TextEncoder().encode(`locked: ${request.passphrase}`));
      case 'restoreBackup':
        if (request.passphrase !== PASSPHRASE) return refused(WRONG);
        this.passphrase = request.passphrase;
        return this.#entered(this.#open());
      case 'forgetEverything':
        return this.#entered({ name: 'new' });
      default:
        return { type: 'ok' };
    }
  }

  #talkReply(request: Request): Reply | undefined {
    switch (request.type) {
      case 'messages':
        return this.#page(request);
      case 'search':
        return this.#search(request.text, Number(request.cursor ?? 0));
      case 'addContact':
        return this.#addContact(request.address, request.name);
      case 'rename':
        return this.#change(request.conversation, { name: request.name || null });
      case 'setPlain':
        return this.#change(request.conversation, { plain: request.plain });
      case 'setVerified':
        return this.#change(request.conversation, { trust: request.verified ? 'verified' : 'signed' });
      case 'safetyNumber':
        return { type: 'safetyNumber', digits: SAFETY_NUMBER };
      case 'deleteMessage':
        return this.#done(() => this.remove(request.id));
      case 'deleteConversation':
        return this.#deleteConversation(request.conversation);
      case 'pause':
        return this.#deliver(request.id, { state: 'paused' });
      case 'resume':
        return this.#deliver(request.id, { state: 'queued' });
      case 'sendFile':
        return this.#acceptFile(request);
      case 'openFile':
        return this.#openFile(request.id);
      default:
        return undefined;
    }
  }

  #open(): StageView {
    return { name: 'open', protection: this.passphrase === null ? 'device' : 'passphrase' };
  }

  #entered(stage: StageView): Reply {
    // The reply comes first, as with the real one.
    queueMicrotask(() => this.enter(stage));
    return { type: 'ok' };
  }

  #takeIn(upload: number, part: Uint8Array): Reply {
    const before = this.#uploads.get(upload) ?? new Uint8Array();
    const bytes = new Uint8Array(before.length + part.length);
    bytes.set(before);
    bytes.set(part, before.length);
    this.#uploads.set(upload, bytes);
    return { type: 'ok' };
  }

  #handOut(number: number): Reply {
    const transfer = this.#downloads.get(number);
    if (!transfer) return refused({ code: 'download.unknown', fault: 'you', message: 'Ask again.' });
    const { bytes, at } = transfer;
    const end = Math.min(at + DOWNLOAD_PART, bytes.length);
    transfer.at = end;
    return { type: 'part', data: toBase64(bytes.subarray(at, end)), last: end === bytes.length };
  }

  #done(what: () => unknown): Reply {
    what();
    return { type: 'ok' };
  }

  #page({ conversation, before, after }: Extract<Request, { type: 'messages' }>): Reply {
    const all = this.state.messages.filter((message) => message.conversation === conversation);
    const place = (known: string) => all.findIndex(({ id }) => id === known);
    if (after !== undefined) {
      const messages = all.slice(place(after) + 1, place(after) + 1 + PAGE);
      return { type: 'messages', messages, more: messages.at(-1)?.id !== all.at(-1)?.id };
    }
    const end = before === undefined ? all.length : place(before);
    const start = Math.max(0, end - PAGE);
    return { type: 'messages', messages: all.slice(start, end), more: start > 0 };
  }

  #search(wanted: string, from: number): Reply {
    const lower = wanted.toLowerCase();
    const holds = ({ text, file }: MessageView) => `${text}${file?.name ?? ''}`.toLowerCase().includes(lower);
    const found = this.state.messages.filter(holds).toReversed();
    const cursor = from + 20 < found.length ? String(from + 20) : null;
    return { type: 'found', messages: found.slice(from, from + 20), cursor };
  }

  #addContact(address: string, name: string): Reply {
    const [kind, at] = ['address', Date.now()] as const;
    const fresh = { trust: 'none', plain: false, unread: 0, anonymous: true, last: null } as const;
    const conversation = { id: address, peer: { kind, address }, name: name || null, activeAt: at, ...fresh };
    this.showConversation(conversation);
    return { type: 'conversation', conversation };
  }

  #change(id: string, change: Partial<ConversationView>): Reply {
    const known = this.state.conversations.find((conversation) => conversation.id === id);
    if (!known) return refused(GONE);
    const conversation = { ...known, ...change };
    this.showConversation(conversation);
    return { type: 'conversation', conversation };
  }

  #deleteConversation(id: string): Reply {
    this.state.conversations = this.state.conversations.filter((known) => known.id !== id);
    this.state.messages = this.state.messages.filter(({ conversation }) => conversation !== id);
    return this.#done(() => this.push({ type: 'conversationRemoved', id }));
  }

  #deliver(id: string, delivery: DeliveryView): Reply {
    const message = this.state.messages.find((message) => message.id === id);
    return this.#done(() => message && this.show({ ...message, delivery }));
  }

  #acceptFile({ conversation, upload, name, mediaType, anonymous }: SendFile): Reply {
    const size = this.#uploads.get(upload)?.length ?? 0;
    return this.#accept(conversation, '', anonymous, { name, mediaType, size });
  }

  #openFile(id: string): Reply {
    const file = this.state.messages.find((message) => message.id === id)?.file;
    return file
      ? this.offer(file.name, fromBase64(this.state.files?.[id] ?? ''), file.mediaType)
      : refused(GONE);
  }

  #accept(to: string, text: string, anonymous: boolean, file: FileView | null = null): Reply {
    const [id, at] = [`sent-${this.requests.length}`, Date.now()];
    const delivery = { state: 'queued' } as const;
    const size = file?.size ?? text.length;
    const body = { text, truncated: false, size, format: 'text', file } as const;
    const sent = { id, direction: 'sent', conversation: to, anonymous, signed: !anonymous, ...body } as const;
    const last = { direction: 'sent', text: file?.name ?? text, at, state: 'queued' } as const;
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
    return refused(GONE);
  }
}

function refused(error: ErrorView): Reply {
  return { type: 'error', error };
}
