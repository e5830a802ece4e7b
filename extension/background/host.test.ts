import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BackgroundMessage } from 'sotto-wasm';
import { type FakeBrowser, type FakePort, installFakeBrowser } from '../testing/fake-browser';
import { type Brain, Host } from './host';

let browser: FakeBrowser;
let calls: unknown[][];
let connected: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  browser = installFakeBrowser();
  calls = [];
  connected = true;
});
afterEach(() => void vi.useRealTimers());

const GREETING: BackgroundMessage = { event: { type: 'address', address: 'a.b@c' } };
const note = (...call: unknown[]) => void calls.push(call);
const brain: Brain = {
  connectPort: (send, sender) => {
    note('connect', sender.url);
    send(GREETING);
    return 7;
  },
  portMessage: (...call) => note('message', ...call),
  disconnectPort: (port) => note('disconnect', port),
  wake: () => note('wake'),
  networkChanged: () => note('network'),
  isConnected: () => connected,
};

const PAGE = 'chrome-extension://fake/popup/popup.html';
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A page connected to a host; what the page hears is collected. */
function open(host: Host): { page: FakePort; heard: unknown[] } {
  browser.onConnect.addListener((port) => host.connect(port as unknown as chrome.runtime.Port));
  const page = browser.runtime.connect({ name: 'sotto' });
  const heard: unknown[] = [];
  page.onMessage.addListener((message) => heard.push(message));
  return { page, heard };
}

test('what a page says while the brain starts is heard in order once it has', async () => {
  let finish: (brain: Brain) => void = () => undefined;
  const { page, heard } = open(new Host(() => new Promise((resolve) => (finish = resolve))));
  page.postMessage('one');
  page.postMessage('two');
  await settle();
  expect(calls).toEqual([]);
  finish(brain);
  await settle();
  expect(calls).toEqual([
    ['connect', PAGE],
    ['message', 7, 'one'],
    ['message', 7, 'two'],
  ]);
  expect(heard).toEqual([GREETING]);
});

test('the brain starts once, whatever happens at the same time', async () => {
  const start = vi.fn(async () => brain);
  const host = new Host(start);
  open(host);
  host.wake();
  host.networkChanged();
  await settle();
  expect(start).toHaveBeenCalledOnce();
  expect(calls).toEqual([['connect', PAGE], ['wake'], ['network']]);
});

test('a closed port is told to the brain, and nothing is posted to it any more', async () => {
  const { page } = open(new Host(async () => brain));
  page.disconnect();
  await settle();
  expect(calls).toEqual([
    ['connect', PAGE],
    ['disconnect', 7],
  ]);
});

test('the browser keeps the background while it is connected, and only then', async () => {
  new Host(async () => brain).wake();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(browser.platformInfoCalls).toBe(3);
  connected = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(browser.platformInfoCalls).toBe(3);
  expect(browser.alarms).toEqual([{ name: 'wake', periodInMinutes: 1 }]);
});

test('a page is told that starting failed and why, and the next event tries again', async () => {
  const start = vi.fn(async () => brain).mockRejectedValueOnce(new Error('The disk is full.'));
  const host = new Host(start);
  const { page, heard } = open(host);
  const closed = vi.fn();
  page.onDisconnect.addListener(closed);
  await settle();
  expect(JSON.stringify(heard)).toContain('The disk is full.');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(closed).toHaveBeenCalledOnce();
  host.wake();
  await settle();
  expect(calls).toEqual([['wake']]);
});

test('a page whose background never starts is told so instead of waiting for ever', async () => {
  const { heard } = open(new Host(() => new Promise(() => undefined)));
  await vi.advanceTimersByTimeAsync(29_000);
  expect(heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(JSON.stringify(heard)).toContain('start_failed');
});

test('what is asked by the keyboard reaches the brain as if a page had asked, and then the port closes', async () => {
  const host = new Host(async () => brain);
  host.ask({ type: 'lock' });
  await settle();
  const asked = { id: 1, request: { type: 'lock' } };
  expect(calls).toEqual([
    ['connect', 'chrome-extension://fake/background'],
    ['message', 7, asked],
    ['disconnect', 7],
  ]);
});

test('a site is handed over with who it is, as the browser says, and all it says is passed on', async () => {
  const senders: unknown[] = [];
  const host = new Host(async () => ({
    ...brain,
    connectPort: (send, sender) => {
      senders.push(sender);
      return brain.connectPort(send, sender);
    },
  }));
  const site = openSite(host);
  site.page.postMessage('one');
  await settle();
  expect(senders).toEqual([{ url: 'https://a.example/x', origin: 'https://a.example', frame: 0, tab: 3 }]);
  expect(calls.at(-1)).toEqual(['message', 7, 'one']);
});

test('a site whose background cannot start is not told why, but that nobody is there', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { page, heard } = openSite(new Host(() => Promise.reject(new Error('The disk is full.'))));
  const closed = vi.fn();
  page.onDisconnect.addListener(closed);
  await settle();
  expect(closed).toHaveBeenCalledOnce();
  expect(heard).toEqual([]);
});

/** A site connected to a host. */
function openSite(host: Host): { page: FakePort; heard: unknown[] } {
  browser.onConnect.addListener((port) => {
    port.sender = {
      url: 'https://a.example/x',
      origin: 'https://a.example',
      frameId: 0,
      tab: { id: 3 },
    };
    host.connectSite(port as unknown as chrome.runtime.Port);
  });
  const page = browser.runtime.connect({ name: 'sotto-site' });
  const heard: unknown[] = [];
  page.onMessage.addListener((message) => heard.push(message));
  return { page, heard };
}
