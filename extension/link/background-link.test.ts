import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Event } from 'sotto-wasm';
import { FakeBackground } from '../testing/fake-background';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { BackgroundLink, RequestError } from './background-link';

let browser: FakeBrowser;
let background: FakeBackground;
let events: Event['type'][];

beforeEach(() => {
  vi.useFakeTimers();
  browser = installFakeBrowser();
  background = new FakeBackground(browser);
  events = [];
});
afterEach(() => void vi.useRealTimers());

const link = () => new BackgroundLink((event) => events.push(event.type));
const settle = () => vi.advanceTimersByTimeAsync(0);

test('a page gets everything as it is, and then what changes', async () => {
  link();
  await settle();
  background.change({ state: 'connecting', step: 'gateway' });
  await settle();
  expect(events).toEqual(['snapshot', 'connection']);
});

test('each reply goes to the request that asked', async () => {
  const line = link();
  const replies = await Promise.all([
    line.request({ type: 'settings' }),
    line.request({ type: 'send', to: 'a.b@c', text: 'hello', anonymous: false }),
  ]);
  expect(replies.map((reply) => reply.type)).toEqual(['settings', 'accepted']);
});

test('a refusal is an error with the code and the sentence of the background', async () => {
  background.refuse('send', { code: 'bad_address', fault: 'you', message: 'No address.' });
  const sent = link().request({ type: 'send', to: 'x', text: 'hello', anonymous: false });
  await expect(sent).rejects.toEqual(expect.objectContaining({ message: 'No address.' }));
  await expect(sent).rejects.toBeInstanceOf(RequestError);
});

test('a page survives the end of the background and subscribes to the next one', async () => {
  link();
  await settle();
  background.die();
  await vi.advanceTimersByTimeAsync(60);
  expect(browser.ports).toHaveLength(2);
  expect(events).toEqual(['snapshot', 'snapshot']);
});

test('a background that ends at once each time is asked less and less often', async () => {
  background.diesAtOnce = true;
  link();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(browser.ports.length).toBeLessThan(15);
  background.diesAtOnce = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(events).toEqual(['snapshot']);
});

test('a request that nobody will answer any more fails instead of hanging', async () => {
  background.silent = true;
  const line = link();
  const asked = line.request({ type: 'settings' });
  const failed = expect(asked).rejects.toMatchObject({ view: { code: 'interrupted' } });
  await settle();
  background.die();
  await failed;
  await expect(line.request({ type: 'settings' })).rejects.toBeInstanceOf(RequestError);
});
