// Puts `window.nym` into a page, before the page's own scripts run. It has no secret and no rights that
// the page has not: what it says to the bridge, any script of the page could say.
import { listenForGood } from './listening';
import { makeNym } from './nym';
import {
  bare,
  defineProperty,
  dispatch,
  document,
  freeze,
  preventDefault,
  SafeCustomEvent,
  window,
} from './primordials';

const NAME = 'Sotto';
/** Asks whether this script is in the page already, as when Firefox updates the extension. */
const PRESENT_EVENT = 'sotto-present';
const ANNOUNCE_EVENT = 'nym:announce';
const ASK_EVENT = 'nym:request';

function isAlone(): boolean {
  return dispatch(document, new SafeCustomEvent(PRESENT_EVENT, bare({ cancelable: true })));
}

function provide(): void {
  listenForGood(document, PRESENT_EVENT, preventDefault);
  const nym = makeNym();
  const detail = freeze({ name: NAME, nym });
  const announce = () => void dispatch(window, new SafeCustomEvent(ANNOUNCE_EVENT, bare({ detail })));
  listenForGood(window, ASK_EVENT, announce);
  // A page may have a variable of this name, so it can be written to; what is in it cannot be changed.
  const value = bare({ value: nym, configurable: true, enumerable: false, writable: true });
  if (!('nym' in window)) defineProperty(window, 'nym', value);
  announce();
}

// A page in a sandbox (`Content-Security-Policy: sandbox`) has no origin, and so belongs to no site.
const isSite = window.isSecureContext && window === window.top && window.origin !== 'null';
if (isSite && isAlone()) provide();
