import type { SiteMessage } from 'sotto-wasm';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, type FakePort, installFakeBrowser } from '../testing/fake-browser';
import { ANSWER_EVENT, REQUEST_EVENT } from './wire';

let browser: FakeBrowser;
let port: FakePort | undefined;
const heard: unknown[] = [];

beforeAll(async () => {
  browser = installFakeBrowser();
  await import('./content');
  document.addEventListener(ANSWER_EVENT, (event) => heard.push((event as CustomEvent).detail));
  browser.onConnect.addListener((opened) => {
    port = opened;
    opened.onMessage.addListener((message) => {
      const { id } = message as SiteMessage;
      opened.postMessage({ id, reply: { type: 'ok' } });
    });
  });
});
beforeEach(() => void (heard.length = 0));

function say(detail: unknown): boolean {
  return !document.dispatchEvent(new CustomEvent(REQUEST_EVENT, { detail, cancelable: true }));
}
const DISCONNECT = '{"id":5,"request":{"type":"disconnect"}}';
const ANSWER = '{"id":5,"reply":{"type":"ok"}}';

test('a request of the page is taken, and answered as a text', async () => {
  expect(say(DISCONNECT)).toBe(true);
  await vi.waitFor(() => expect(heard).toEqual([ANSWER]));
});

test('what is no request is not taken', () => {
  expect(say({ id: 5, request: { type: 'disconnect' } })).toBe(false);
  const plain = new Event(REQUEST_EVENT, { cancelable: true });
  expect(document.dispatchEvent(plain)).toBe(true);
});

test('messages between windows are not listened to', async () => {
  window.postMessage(DISCONNECT, '*');
  window.postMessage({ type: REQUEST_EVENT, detail: DISCONNECT }, '*');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard).toEqual([]);
});

test('a page that goes into the cache of the browser closes its port, and one that ends need not', async () => {
  say(DISCONNECT);
  await vi.waitFor(() => expect(heard).toEqual([ANSWER]));
  const closed = vi.fn();
  port?.onDisconnect.addListener(closed);
  window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
  expect(closed).not.toHaveBeenCalled();
  window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
  expect(closed).toHaveBeenCalledOnce();
});
