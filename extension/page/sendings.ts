import type { NymError, Sending, Status, Unsubscribe } from '../../packages/client/src/types';
import { badParameter, extensionGone, nymError, timedOut } from './error';
import { call, Listeners } from './listeners';
import {
  clearTimeout,
  firstKey,
  freeze,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  mapSize,
  SafeMap,
  SafePromise,
  setTimeout,
  settled,
} from './primordials';

/** How many messages are followed; of those before, nothing more is told to their handles. */
const MOST = 1_000;
/** How many states are remembered of messages that no handle is known of yet. */
const MOST_EARLY = 100;
/** How long `done` waits, in milliseconds: the extension gives a message up after a day of trying. */
const PATIENCE = 48 * 3_600_000;

/** The messages of this page that are on their way. */
export class Sendings {
  readonly #followed = new SafeMap<string, Followed>();
  readonly #early = new SafeMap<string, Status>();

  readonly #cancel: (id: string) => Promise<void>;

  constructor(cancel: (id: string) => Promise<void>) {
    this.#cancel = cancel;
  }

  /** The handle of a message that was accepted. */
  follow(id: string): Sending {
    const status = mapGet(this.#early, id) ?? { id, state: 'queued', reason: null };
    mapDelete(this.#early, id);
    const followed = new Followed(status);
    remember(this.#followed, id, followed, MOST);
    return handle(followed, () => this.#cancel(id));
  }

  /** A message got on. */
  tell(status: Status): void {
    const followed = mapGet(this.#followed, status.id);
    if (!followed) return remember(this.#early, status.id, status, MOST_EARLY);
    followed.tell(status);
    if (status.state === 'delivered' || status.state === 'failed') mapDelete(this.#followed, status.id);
  }

  /** Nothing more will be told. */
  gone(): void {
    mapForEach(this.#followed, (followed) => followed.giveUp(extensionGone()));
  }
}

/** Puts something into a map, and takes out what has been there for longest if there is too much. */
function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  mapDelete(map, key);
  mapSet(map, key, value);
  if (mapSize(map) > most) mapDelete(map, firstKey(map));
}

/** Where one message is, and who wants to know. */
class Followed {
  #status: Status;
  #done: Done | undefined;
  #gaveUp: NymError | undefined;
  readonly #listeners = new Listeners<Status>();

  constructor(status: Status) {
    this.#status = status;
  }

  get status(): Status {
    return this.#status;
  }

  tell(status: Status): void {
    this.#status = status;
    this.#done?.tell(status);
    this.#listeners.tell(status);
  }

  giveUp(error: NymError): void {
    this.#gaveUp = error;
    this.#done?.giveUp(error);
  }

  on(listener: (status: Status) => void): Unsubscribe {
    const unsubscribe = this.#listeners.add(listener);
    call(listener, this.#status);
    return unsubscribe;
  }

  /** Made when somebody asks for it, as a promise that is rejected with nobody there is reported. */
  get done(): Promise<Status> {
    if (!this.#done) {
      this.#done = new Done();
      this.#done.tell(this.#status);
      if (this.#gaveUp) this.#done.giveUp(this.#gaveUp);
    }
    return this.#done.promise;
  }
}

/** The promise that a message arrives. */
class Done {
  readonly #promise: Promise<Status>;
  #resolve!: (status: Status) => void;
  #reject!: (error: NymError) => void;
  readonly #timer = setTimeout(() => this.#reject(timedOut()), PATIENCE);

  constructor() {
    this.#promise = new SafePromise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get promise(): Promise<Status> {
    return this.#promise;
  }

  tell(status: Status): void {
    if (status.state === 'failed') return this.giveUp(failed(status));
    if (status.state !== 'atGateway' && status.state !== 'delivered') return;
    clearTimeout(this.#timer);
    this.#resolve(settled({ ...status }));
  }

  giveUp(error: NymError): void {
    clearTimeout(this.#timer);
    this.#reject(error);
  }
}

function failed({ reason }: Status): NymError {
  return nymError(-32603, 'message.failed', reason ?? 'The message did not arrive.');
}

function handle(followed: Followed, cancel: () => Promise<void>): Sending {
  const sending: Sending = {
    get id() {
      return followed.status.id;
    },
    get status() {
      return followed.status;
    },
    get done() {
      return followed.done;
    },
    on(event, listener) {
      if (event !== 'status') throw badParameter('A message on its way has the event status alone.');
      return followed.on(listener);
    },
    cancel,
  };
  return freeze(settled(sending));
}
