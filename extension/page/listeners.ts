import type { Unsubscribe } from '../../packages/client/src/types';
import { badParameter } from './error';
import { reportError, SafeSet, setAdd, setDelete, setForEach, setSize } from './primordials';

type Listener<Detail> = (detail: Detail) => void;

/** Those who are told of one thing. */
export class Listeners<Detail> {
  readonly #all = new SafeSet<{ listener: Listener<Detail> }>();

  /** Adds one; the same function twice is told twice. */
  add(listener: Listener<Detail>): Unsubscribe {
    if (typeof listener !== 'function') throw badParameter('The listener must be a function.');
    const entry = { listener };
    setAdd(this.#all, entry);
    return () => void setDelete(this.#all, entry);
  }

  /** Tells all of them. What one throws is reported and does not keep it from the others. Whether there is one. */
  tell(detail: Detail): boolean {
    const there = setSize(this.#all) > 0;
    setForEach(this.#all, ({ listener }) => call(listener, detail));
    return there;
  }
}

/** Calls a function of the page. */
export function call<Detail>(listener: Listener<Detail>, detail: Detail): void {
  try {
    listener(detail);
  } catch (error) {
    reportError(error);
  }
}
