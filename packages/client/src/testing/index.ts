/** A `window.nym` in memory for the tests of apps: nothing is asked, nothing leaves the process. */
import type {} from '../detect.js';
import type { Nym } from '../types.js';
import { TestNetwork } from './network.js';
import type { TestNym, TestNymOptions } from './nym.js';

export { nymError } from '../error.js';
export { TestNetwork } from './network.js';
export { type Incoming, type Sent, TestNym, type TestNymOptions } from './nym.js';
export { type Answer, TestUser } from './user.js';

/** One with a network of its own. */
export function createTestNym(options: TestNymOptions = {}): TestNym {
  return new TestNetwork().nym(options);
}

/** Two that can write to each other. */
export function createTestPair(first: TestNymOptions = {}, second: TestNymOptions = {}): [TestNym, TestNym] {
  const network = new TestNetwork();
  return [network.nym(first), network.nym(second)];
}

/** Announces one in this page as the extension does, and sets `window.nym` if it is free. Undoes it. */
export function announceTestNym(nym: Nym, name = 'Test'): () => void {
  const announce = () =>
    window.dispatchEvent(new CustomEvent('nym:announce', { detail: Object.freeze({ name, nym }) }));
  const isFree = window.nym === undefined;
  if (isFree) window.nym = nym;
  window.addEventListener('nym:request', announce);
  announce();
  return () => {
    window.removeEventListener('nym:request', announce);
    if (isFree) delete window.nym;
  };
}
