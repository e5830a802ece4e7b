/**
 * The page API of Sotto: what `window.nym` is. The extension implements these types, the npm package
 * re-exports them. docs/page-api.md tells each method, error and event.
 */

/** One thing that a site may do. */
export type Permission = 'send' | 'receive' | 'reply';

/** A value that JSON can write. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What can be sent: text, bytes, or a value that JSON can write. It arrives as what was sent. */
export type Data = Json | ArrayBuffer | ArrayBufferView;

/** What arrives: text, bytes, or a value. */
export type ReceivedData = Json | Uint8Array;

/** How far a message got. The last three are final. */
export type DeliveryState =
  'queued' | 'waitingForReplyBlocks' | 'sending' | 'sent' | 'atGateway' | 'delivered' | 'failed';

/** Where a message is. */
export interface Status {
  id: string;
  state: DeliveryState;
  /** Why it failed. */
  reason: string | null;
}

/** A message that came. */
export interface Message {
  id: string;
  data: ReceivedData;
  /** For {@link Nym.reply}, if it was sent anonymously with a way to answer. */
  tag: string | null;
  /** Who proves to have written it (`signed`), or whom we wrote to what this answers. */
  from: string | null;
  signed: boolean;
  receivedAt: Date;
}

/** How the site's identity stands to the mixnet. */
export interface Connection {
  state: 'connecting' | 'online' | 'offline';
  /** Why it is offline. */
  reason: string | null;
}

/** What is told by events. */
export interface Events {
  message: Message;
  status: Status;
  connection: Connection;
  permissions: Permission[];
}

/** Ends a subscription. */
export type Unsubscribe = () => void;

export interface Cancellable {
  /** Gives up waiting; a message that was queued by it is cancelled as well. */
  signal?: AbortSignal | undefined;
}

export interface ConnectOptions extends Cancellable {
  /** What the site wants to do. */
  permissions: Permission[];
}

export interface ReplyOptions extends Cancellable {
  /** Puts nothing around the data, as programs other than Sotto expect. Default false. */
  plain?: boolean | undefined;
}

export interface SendOptions extends ReplyOptions {
  /** Whether to send reply blocks along, so that the recipient can answer and learns no address. Default true. */
  anonymous?: boolean | undefined;
  /** How many reply blocks, 1 to 50. Recipients keep ten of them for asking for more. Default 20. */
  surbs?: number | undefined;
}

/** A message on its way. */
export interface Sending {
  readonly id: string;
  /** Where it is now. */
  readonly status: Status;
  /** Calls `listener` whenever it gets on, and once at the start with what is known. */
  on(event: 'status', listener: (status: Status) => void): Unsubscribe;
  /** Resolves when it is at the recipient's gateway or further, rejects if it failed. */
  readonly done: Promise<Status>;
  cancel(): Promise<void>;
}

/** What `window.nym` is. Every promise settles. Rejections are {@link NymError}s. */
export interface Nym {
  /** The version of this API, `1`. */
  readonly version: number;
  connect(options: ConnectOptions): Promise<Permission[]>;
  /** Never asks the user. */
  permissions(): Promise<Permission[]>;
  disconnect(): Promise<void>;
  /** The address of the site's own identity. Needs `receive`. */
  address(options?: Cancellable): Promise<string>;
  /** Needs `send`. Resolves when the message is on disk. */
  send(to: string, data: Data, options?: SendOptions): Promise<Sending>;
  /** Needs `reply`. Resolves when the message is on disk. */
  reply(tag: string, data: Data, options?: ReplyOptions): Promise<Sending>;
  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): Unsubscribe;
}

/** Why a promise was rejected: an `Error` whose `name` is `NymError`. */
export interface NymError extends Error {
  /** After EIP-1193 and EIP-1474: 4001, 4100, 4200, 4900, -32602, -32002, -32005, -32603. */
  readonly code: number;
  /** Stable, for programs, such as `user.rejected`. */
  readonly reason: string;
}

/** The `detail` of the event `nym:announce`. */
export interface Announcement {
  /** Who provides it, `Sotto`. */
  readonly name: string;
  readonly nym: Nym;
}
