import { nymError } from '../error.js';
import type { Reason } from '../reason.js';
import type {
  Cancellable,
  Connection,
  ConnectOptions,
  Data,
  Events,
  Message,
  Nym,
  Permission,
  ReplyOptions,
  Sending,
  SendOptions,
  Unsubscribe,
} from '../types.js';
import { arriving } from './data.js';
import { Listeners } from './listeners.js';
import type { Parcel, TestNetwork } from './network.js';
import { TestSending } from './sending.js';
import { type Answer, TestUser } from './user.js';

const ALL: Permission[] = ['send', 'receive', 'reply'];
const MAX_SURBS = 50;

export interface TestNymOptions {
  /** What others write to. A made-up one by default. */
  address?: string;
  /** What the site may do already. Nothing by default. */
  granted?: Permission[];
  /** What the user says whenever they are asked. `allow` by default. */
  answer?: Answer;
}

/** What a site sent. */
export interface Sent {
  /** The address or the tag. */
  to: string;
  data: Data;
  options: SendOptions;
  sending: Sending;
}

/** What a message has that a test makes up. */
export type Incoming = Pick<Message, 'data'> & Partial<Message>;

/** `window.nym` in memory, with strings for the test to pull. It asks no extension and sends nothing anywhere. */
export class TestNym implements Nym {
  readonly version = 1;
  /** What this one is written to at; {@link address} needs the permission. */
  readonly ownAddress: string;
  /** Who is asked. */
  readonly user: TestUser;
  /** What was sent, in order. */
  readonly sent: Sent[] = [];
  #granted: Permission[];
  #isConnected = false;
  #connection: Connection = { state: 'online', reason: null };
  #refusal: Reason | undefined;
  #failure: string | undefined;
  #inbox: Message[] = [];
  #waiting: (() => void)[] = [];
  readonly #listeners = new Listeners<Events>();

  /** Made by {@link createTestNym}. */
  constructor(
    private readonly network: TestNetwork,
    { address, granted = [], answer = 'allow' }: TestNymOptions,
  ) {
    this.ownAddress = address ?? `test-address-${network.number()}@test-gateway`;
    this.#granted = ordered(granted);
    this.user = new TestUser(answer);
  }

  // What a page sees.

  async connect({ permissions, signal }: ConnectOptions): Promise<Permission[]> {
    stopIfAborted(signal);
    if (permissions.length === 0) throw nymError('permissions.none', 'Say what for: send, receive, reply.');
    const missing = ordered(permissions).filter((one) => !this.#granted.includes(one));
    if (missing.length > 0) this.#change([...this.#granted, ...(await this.user.ask(missing))]);
    this.#isConnected = true;
    this.#listeners.tell('connection', this.#connection);
    this.#deliver();
    return this.#granted;
  }

  async permissions(): Promise<Permission[]> {
    return this.#granted;
  }

  async disconnect(): Promise<void> {
    this.#isConnected = false;
  }

  async address({ signal }: Cancellable = {}): Promise<string> {
    stopIfAborted(signal);
    this.#need('receive');
    return this.ownAddress;
  }

  async send(to: string, data: Data, options: SendOptions = {}): Promise<Sending> {
    this.#need('send');
    const { anonymous = true, surbs = 20, plain = false } = options;
    if (surbs > MAX_SURBS) throw nymError('surbs.too-many', 'A message can have at most 50 reply blocks.');
    const recipient = this.network.at(to);
    const signed = !anonymous && !plain;
    return this.#queue(to, data, options, recipient, (arrives) => ({
      data: arrives,
      tag: anonymous && recipient ? this.network.tag(this, recipient) : null,
      from: signed ? this.ownAddress : null,
      signed,
    }));
  }

  async reply(tag: string, data: Data, options: ReplyOptions = {}): Promise<Sending> {
    this.#need('reply');
    const writer = this.network.behind(tag, this);
    return this.#queue(tag, data, options, writer, (arrives) => ({
      data: arrives,
      tag: null,
      from: this.ownAddress,
      signed: false,
    }));
  }

  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): Unsubscribe {
    const unsubscribe = this.#listeners.add(event, listener);
    this.#deliver();
    return unsubscribe;
  }

  // What a test does.

  /** Has the next `send` or `reply` rejected for that reason. */
  refuseNext(reason: Reason): void {
    this.#refusal = reason;
  }

  /** Has the next message that is sent get lost on its way. */
  failNext(reason = 'message.expired'): void {
    this.#failure = reason;
  }

  /** Has a message come, made up or from another of the network. It waits until the page is connected and listens. */
  receive(incoming: Incoming): void {
    const id = `test-message-${this.network.number()}`;
    const message = { id, tag: null, from: null, signed: false, receivedAt: new Date(), ...incoming };
    this.#inbox.push(message);
    this.#deliver();
  }

  /** Changes what the site may do, as the user can in the settings. */
  setPermissions(permissions: Permission[]): void {
    this.#change(permissions);
  }

  /** Changes the connection. What is sent while it is not online waits. */
  setConnection(connection: Connection): void {
    this.#connection = connection;
    if (this.#isConnected) this.#listeners.tell('connection', connection);
    if (connection.state === 'online') for (const go of this.#waiting.splice(0)) go();
  }

  #change(permissions: Permission[]): void {
    this.#granted = ordered(permissions);
    this.#listeners.tell('permissions', this.#granted);
  }

  #need(permission: Permission): void {
    if (this.#granted.includes(permission)) return;
    throw nymError('site.unauthorised', 'This site may not do this. Ask for the permission with connect().');
  }

  #deliver(): void {
    const isHeard = this.#isConnected && this.#granted.includes('receive') && this.#listeners.has('message');
    if (!isHeard) return;
    for (const message of this.#inbox.splice(0)) this.#listeners.tell('message', message);
  }

  #queue(
    to: string,
    data: Data,
    options: SendOptions,
    recipient: TestNym | undefined,
    parcel: (arrives: Parcel['data']) => Parcel,
  ): Sending {
    stopIfAborted(options.signal);
    this.#refuse();
    const incoming = parcel(arriving(data, options.plain ?? false));
    const sending = new TestSending(`test-message-${this.network.number()}`, (status) =>
      this.#listeners.tell('status', status),
    );
    options.signal?.addEventListener('abort', () => void sending.cancel());
    this.sent.push({ to, data, options, sending });
    void this.#carry(sending, () => recipient?.receive(incoming));
    return sending;
  }

  #refuse(): void {
    const reason = this.#refusal;
    this.#refusal = undefined;
    if (reason) throw nymError(reason, 'The test refuses this.');
  }

  /** One state after the other, each after whoever waits for something has had a turn. */
  async #carry(sending: TestSending, arrive: () => void): Promise<void> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (this.#connection.state !== 'online') await new Promise<void>((go) => this.#waiting.push(go));
    for (const state of ['sending', 'sent'] as const) {
      await turn();
      sending.moveTo(state);
    }
    await turn();
    if (failure) sending.fail(failure);
    if (sending.isFinal) return;
    sending.moveTo('atGateway');
    arrive();
  }
}

/** In the order in which they are told, each once. */
function ordered(permissions: Permission[]): Permission[] {
  return ALL.filter((one) => permissions.includes(one));
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw nymError('request.aborted', 'The page gave up waiting.', signal.reason);
}

/** Ends when everything that waits for nothing has happened. */
async function turn(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}
