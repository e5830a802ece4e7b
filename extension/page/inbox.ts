import type { SiteEvent } from 'sotto-wasm';
import type { Message, Unsubscribe } from '../../packages/client/src/types';
import { Listeners } from './listeners';
import { readPayload } from './payload';
import {
  firstKey,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  mapSize,
  SafeDate,
  SafeMap,
  setTimeout,
} from './primordials';

type Told = Extract<SiteEvent, { type: 'message' }>;

/** How many messages wait for a listener; the background keeps what is more, and tells it again. */
const MOST = 500;
/** How many messages are remembered, as what was not acknowledged in time is told again. */
const MOST_HANDED = 1_000;
/** The wait between two acknowledgements, in milliseconds: they share the site's allowance with its requests. */
const PACE = 200;

/** The messages that came: each is handed to the page's listeners once, and then acknowledged. */
export class Inbox {
  readonly #listeners = new Listeners<Message>();
  readonly #waiting = new SafeMap<string, Told>();
  readonly #handed = new SafeMap<string, true>();
  readonly #unacknowledged = new SafeMap<string, true>();
  #pacing = false;

  readonly #acknowledge: (id: string) => void;

  /** `acknowledge` is to say that a message arrived, and need not be told again. */
  constructor(acknowledge: (id: string) => void) {
    this.#acknowledge = acknowledge;
  }

  /** Adds a listener; the first one is told what has been waiting for it. */
  on(listener: (message: Message) => void): Unsubscribe {
    const unsubscribe = this.#listeners.add(listener);
    mapForEach(this.#waiting, (told) => this.tell(told));
    return unsubscribe;
  }

  /** A message came. */
  tell(told: Told): void {
    if (mapGet(this.#handed, told.id)) return this.#received(told.id);
    if (!this.#listeners.tell(messageOf(told))) return this.#keep(told);
    mapDelete(this.#waiting, told.id);
    mapSet(this.#handed, told.id, true);
    if (mapSize(this.#handed) > MOST_HANDED) mapDelete(this.#handed, firstKey(this.#handed));
    this.#received(told.id);
  }

  #keep(told: Told): void {
    if (mapSize(this.#waiting) < MOST) mapSet(this.#waiting, told.id, told);
  }

  #received(id: string): void {
    mapSet(this.#unacknowledged, id, true);
    if (!this.#pacing) this.#acknowledgeNext();
  }

  #acknowledgeNext(): void {
    this.#pacing = mapSize(this.#unacknowledged) > 0;
    if (!this.#pacing) return;
    const id = firstKey(this.#unacknowledged);
    mapDelete(this.#unacknowledged, id);
    setTimeout(() => this.#acknowledgeNext(), PACE);
    this.#acknowledge(id);
  }
}

function messageOf({ id, data, tag, from, signed, receivedAt }: Told): Message {
  return { id, data: readPayload(data), tag, from, signed, receivedAt: new SafeDate(receivedAt) };
}
