import { afterEach, expect, test } from 'vitest';
import { detect, detectAll, onAnnounce } from './index.js';
import { announceTestNym, createTestNym } from './testing/index.js';

const cleanups: (() => void)[] = [];
const provide = (nym = createTestNym(), name?: string) => {
  cleanups.push(announceTestNym(nym, name));
  return nym;
};
afterEach(() => {
  for (const undo of cleanups.splice(0)) undo();
  delete window.nym;
});

test('where nothing answers there is no provider', async () => {
  expect(await detect({ timeout: 5 })).toBeUndefined();
  expect(await detectAll({ timeout: 5 })).toEqual([]);
});

test('a provider that is there is found without waiting', async () => {
  const nym = provide();
  expect(await detect({ timeout: 2 ** 31 - 1 })).toBe(nym);
});

test('a provider that comes later is found', async () => {
  const found = detect({ timeout: 2 ** 31 - 1 });
  const nym = provide();
  expect(await found).toBe(nym);
});

test('all providers are found, each once', async () => {
  const [first, second] = [provide(undefined, 'A'), provide(undefined, 'B')];
  expect(window.nym).toBe(first);
  const found = detectAll({ timeout: 5 });
  // Somebody else asks, and all announce once more.
  window.dispatchEvent(new Event('nym:request'));
  expect(await found).toEqual([
    { name: 'A', nym: first },
    { name: 'B', nym: second },
  ]);
});

test('window.nym counts if nobody announces it', async () => {
  window.nym = createTestNym();
  expect(await detect({ timeout: 2 ** 31 - 1 })).toBe(window.nym);
  expect(await detectAll({ timeout: 5 })).toEqual([{ name: 'window.nym', nym: window.nym }]);
});

test('what is announced wins over window.nym', async () => {
  window.nym = createTestNym();
  const nym = provide();
  expect(await detect()).toBe(nym);
});

test('what is no provider is passed over', async () => {
  for (const detail of [
    null,
    1,
    {},
    { name: 'X' },
    { name: 1, nym: createTestNym() },
    { name: 'X', nym: {} },
  ])
    cleanups.push(answerWith(detail));
  Object.assign(window, { nym: 'something else' });
  expect(await detect({ timeout: 5 })).toBeUndefined();
});

test('providers are told as they come, until nobody wants to know', () => {
  const seen: string[] = [];
  const end = onAnnounce(({ name }) => seen.push(name));
  provide(undefined, 'A');
  provide(undefined, 'B');
  end();
  provide(undefined, 'C');
  expect(seen).toEqual(['A', 'B']);
});

function answerWith(detail: unknown): () => void {
  const answer = () => window.dispatchEvent(new CustomEvent('nym:announce', { detail }));
  window.addEventListener('nym:request', answer);
  return () => window.removeEventListener('nym:request', answer);
}
