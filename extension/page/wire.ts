import type { SiteErrorView, SiteEvent, SiteReply } from 'sotto-wasm';
import type { NymError } from '../../packages/client/src/types';
import { ANSWER_EVENT, type BridgeMessage, REQUEST_EVENT } from '../content/wire';
import { aborted, badParameter, extensionGone, nymError, timedOut } from './error';
import { listenForGood } from './listening';
import {
  abortReason,
  bare,
  clearTimeout,
  detailOf,
  dispatch,
  document,
  floor,
  hasOwn,
  isAborted,
  listen,
  mapDelete,
  mapGet,
  mapSet,
  parse,
  random,
  SafeCustomEvent,
  SafeMap,
  SafePromise,
  setTimeout,
  unlisten,
} from './primordials';

/** How long a request may take, in milliseconds. */
const PATIENCE = 60_000;

/** How one request is asked; without a prototype. */
export interface Asking {
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** How long it may take, in milliseconds. */
  patience?: number | undefined;
  /** What is done with an answer that comes when nobody waits for it any more. */
  late?: ((reply: SiteReply) => void) | undefined;
}

const NOTHING: Asking = bare({});

type Answer = (reply: SiteReply) => void;

/** What the page is told without asking. */
export interface Hears {
  event(event: SiteEvent): void;
  /** There is no extension any more. */
  gone(): void;
}

/** The line to the bridge. Every request is answered once: by the background, the bridge, or a deadline. */
export class Wire {
  // So that another script of ours in this page, before an update, does not take its answers for its own.
  #last = floor(random() * 2 ** 20) * 2 ** 32;
  readonly #waiting = new SafeMap<number, Answer>();
  readonly #hears: Hears;

  constructor(hears: Hears) {
    this.#hears = hears;
    listenForGood(document, ANSWER_EVENT, (event) => this.#heard(event));
  }

  /** Asks what nobody waits for the answer to. */
  tell(request: string): void {
    this.#post(++this.#last, request);
  }

  /** Asks with the JSON text of a request. `read` says what its answer means, and may throw. */
  ask<Value>(request: string, read: (reply: SiteReply) => Value, asking: Asking = NOTHING): Promise<Value> {
    const { signal, patience = PATIENCE, late } = asking;
    return new SafePromise<Value>((resolve, reject) => {
      checkSignal(signal);
      const id = ++this.#last;
      const end = () => {
        clearTimeout(timer);
        if (signal) unlisten(signal, 'abort', onAbort);
      };
      const giveUp = (error: NymError) => {
        end();
        if (late) mapSet(this.#waiting, id, late);
        else mapDelete(this.#waiting, id);
        reject(error);
      };
      const onAbort = () => giveUp(aborted(abortReason(signal)));
      const timer = setTimeout(() => giveUp(timedOut()), patience);
      if (signal) listen(signal, 'abort', onAbort);
      mapSet(this.#waiting, id, (reply: SiteReply) => {
        end();
        try {
          resolve(read(reply));
        } catch (error) {
          reject(error);
        }
      });
      this.#post(id, request);
    });
  }

  #post(id: number, request: string): void {
    const detail = `{"id":${id},"request":${request}}`;
    const event = new SafeCustomEvent(REQUEST_EVENT, bare({ detail, cancelable: true }));
    // Whoever takes it says so.
    if (dispatch(document, event)) this.#answer(id, { type: 'error', error: GONE });
  }

  #heard(event: Event): void {
    const message = messageOf(event);
    if (!message) return;
    if (hasOwn(message, 'gone')) this.#hears.gone();
    else if (hasOwn(message, 'event')) this.#hears.event((message as { event: SiteEvent }).event);
    else {
      const { id, reply } = message as { id: number; reply: SiteReply };
      this.#answer(id, reply);
    }
  }

  #answer(id: number, reply: SiteReply): void {
    const answer = mapGet(this.#waiting, id);
    mapDelete(this.#waiting, id);
    answer?.(reply);
  }
}

const GONE: SiteErrorView = extensionGone();

/** Throws what a refusal says. */
export function accepted<Type extends SiteReply['type']>(
  reply: SiteReply,
  type: Type,
): Extract<SiteReply, { type: Type }> {
  if (reply.type === type) return reply as Extract<SiteReply, { type: Type }>;
  if (reply.type !== 'error') throw nymError(-32603, 'request.unanswered', 'Sotto gave no answer to this.');
  const { code, reason, message } = reply.error;
  throw nymError(code, reason, message);
}

/** Nothing for what only a script of the page itself can have sent. */
function messageOf(event: Event): BridgeMessage | undefined {
  try {
    const message: unknown = parse(detailOf(event) as string);
    return typeof message === 'object' && message !== null ? (message as BridgeMessage) : undefined;
  } catch {
    return undefined;
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  let gaveUp;
  try {
    gaveUp = isAborted(signal);
  } catch {
    throw badParameter('The signal must be an AbortSignal.');
  }
  if (gaveUp) throw aborted(abortReason(signal));
}
