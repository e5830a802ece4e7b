import type { SiteBackgroundMessage, SiteEvent, SiteMessage, SiteReply, SiteRequest } from 'sotto-wasm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, type FakePort, installFakeBrowser } from '../testing/fake-browser';
import { Bridge, MOST_UNANSWERED } from './bridge';
import type { BridgeMessage } from './wire';

let browser: FakeBrowser;
/** What the background was asked, over all ports. */
let asked: SiteRequest[];
/** The background's ends of the ports, the newest last. */
let ports: FakePort[];
/** What the background answers; nothing to leave a request open. */
let answer: (request: SiteRequest) => SiteReply | undefined;
/** What the page was told. */
let told: BridgeMessage[];
let bridge: Bridge;

beforeEach(() => {
  vi.useFakeTimers();
  browser = installFakeBrowser();
  [asked, ports, told] = [[], [], []];
  answer = (request) => ({
    type: 'permissions',
    permissions: 'permissions' in request ? request.permissions : [],
  });
  browser.onConnect.addListener((port) => {
    ports.push(port);
    port.onMessage.addListener((message) => {
      const { id, request } = message as SiteMessage;
      asked.push(request);
      const reply = answer(request);
      if (reply) port.postMessage({ id, reply } satisfies SiteBackgroundMessage);
    });
  });
  bridge = new Bridge(
    (message) => told.push(message),
    (then) => then(),
  );
});
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
const ask = (id: number, request: SiteRequest) => bridge.take(JSON.stringify({ id, request }));
const reasons = () =>
  told.map((one) => ('reply' in one && one.reply.type === 'error' ? one.reply.error.reason : one));
const tell = (event: SiteEvent) => ports.at(-1)?.postMessage({ event });

/** A page that may send and receive, and has heard so. */
async function connect(): Promise<void> {
  ask(1, { type: 'connect', permissions: ['send', 'receive'] });
  await settle();
  [asked, told] = [[], []];
}

/** Answers as a background that has granted this. */
function grant(...permissions: ('send' | 'receive' | 'reply')[]): void {
  answer = (request) => ({
    type: 'permissions',
    permissions: 'permissions' in request ? request.permissions : permissions,
  });
}

test('a page that asks nothing costs nothing: no port is opened', async () => {
  await vi.advanceTimersByTimeAsync(60_000);
  expect(browser.ports).toEqual([]);
});

test('what the background answers comes back under the number of the page', async () => {
  ask(2 ** 40, { type: 'connect', permissions: ['send'] });
  await settle();
  expect(browser.ports.map(({ name }) => name)).toEqual(['sotto-site']);
  expect(told).toEqual([{ id: 2 ** 40, reply: { type: 'permissions', permissions: ['send'] } }]);
});

test('what is no request of a site never reaches the background', async () => {
  expect(bridge.take('{"id":1,"request":{"type":"forgetEverything"}}')).toBe(true);
  expect(bridge.take('nonsense')).toBe(false);
  await settle();
  expect(browser.ports).toEqual([]);
  expect(reasons()).toEqual(['request.unknown']);
});

test('of a burst only so many reach the background as may be unanswered, and the others are refused at once', async () => {
  answer = () => undefined;
  for (let id = 0; id < 10_000; id++) ask(id, { type: 'permissions' });
  expect(told).toHaveLength(10_000 - MOST_UNANSWERED);
  expect(new Set(reasons())).toEqual(new Set(['request.too-frequent']));
  await settle();
  expect(asked).toHaveLength(MOST_UNANSWERED);
});

test('of long requests fewer may be unanswered', async () => {
  answer = () => undefined;
  const data = { kind: 'text', content: 'x'.repeat(1 << 20) } as const;
  for (let id = 0; id < 20; id++) ask(id, { type: 'reply', tag: 't', data, plain: false });
  expect(told).toHaveLength(13);
  ports[0]?.disconnect();
  told = [];
  for (let id = 0; id < 7; id++) ask(id, { type: 'reply', tag: 't', data, plain: false });
  expect(told).toEqual([]);
});

test('what was answered makes room for more', async () => {
  for (let round = 0; round < 3; round++) {
    for (let id = 0; id < MOST_UNANSWERED; id++) ask(id, { type: 'permissions' });
    await settle();
  }
  expect(reasons()).not.toContain('request.too-frequent');
});

test('when the background dies all open requests are settled', async () => {
  answer = () => undefined;
  ask(1, { type: 'address' });
  ask(2, { type: 'address' });
  await settle();
  ports[0]?.disconnect();
  expect(reasons()).toEqual(['connection.lost', 'connection.lost']);
});

test('a page that is not connected opens no port by itself after one was lost, and the next request opens one', async () => {
  ask(1, { type: 'permissions' });
  await settle();
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(ports).toHaveLength(1);
  ask(2, { type: 'permissions' });
  await settle();
  expect(ports).toHaveLength(2);
});

test('a request goes through a port that was closed unnoticed', async () => {
  ask(1, { type: 'permissions' });
  await settle();
  browser.ports[0]?.disconnect();
  ask(2, { type: 'permissions' });
  await settle();
  expect(told).toHaveLength(2);
  expect(ports).toHaveLength(2);
});

test('a connected page is connected again when the background comes back, and nobody is asked', async () => {
  await connect();
  grant('send', 'receive');
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([{ type: 'permissions' }, { type: 'connect', permissions: ['send', 'receive'] }]);
  expect(told).toEqual([
    { event: { type: 'connection', state: 'connecting', reason: null } },
    { event: { type: 'permissions', permissions: ['send', 'receive'] } },
  ]);
});

test('only what is still granted is asked for again', async () => {
  await connect();
  grant('receive');
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([{ type: 'permissions' }, { type: 'connect', permissions: ['receive'] }]);
});

test('a page whose permissions are gone hears so, and is left in peace', async () => {
  await connect();
  grant();
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(200_000);
  expect(asked).toEqual([{ type: 'permissions' }]);
  expect(told.at(-1)).toEqual({ event: { type: 'permissions', permissions: [] } });
});

test('a page is connected by whatever takes a permission', async () => {
  answer = () => ({ type: 'accepted', id: 'm' });
  ask(1, { type: 'reply', tag: 't', data: { kind: 'text', content: '' }, plain: false });
  await settle();
  grant('send');
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.at(-1)).toEqual({ type: 'connect', permissions: ['send'] });
});

test('a page that the user has taken all permissions from stays away', async () => {
  await connect();
  tell({ type: 'permissions', permissions: [] });
  await settle();
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toEqual([]);
});

test('a page that disconnected stays so', async () => {
  await connect();
  answer = () => ({ type: 'ok' });
  ask(2, { type: 'disconnect' });
  await settle();
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toEqual([{ type: 'disconnect' }]);
});

test('while the background refuses, as one that is locked, it is asked less and less often', async () => {
  await connect();
  const error = { code: 4900, reason: 'vault.locked', message: 'Sotto is locked.' };
  answer = () => ({ type: 'error', error });
  ports[0]?.disconnect();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.length).toBeLessThan(25);
  const event = { type: 'connection', state: 'offline', reason: 'Sotto is locked.' };
  expect(told.at(-1)).toEqual({ event });
  grant('send');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.at(-1)).toEqual({ type: 'connect', permissions: ['send'] });
});

test('the port of a page that is not connected closes when it is not used', async () => {
  ask(1, { type: 'permissions' });
  await vi.advanceTimersByTimeAsync(5_000);
  ask(2, { type: 'permissions' });
  await vi.advanceTimersByTimeAsync(9_000);
  const closed = vi.fn();
  ports[0]?.onDisconnect.addListener(closed);
  expect(closed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(closed).toHaveBeenCalledOnce();
  expect(told).toHaveLength(2);
});

test('the port of a connected page stays, and so does one at which the user is being asked', async () => {
  const closed = vi.fn();
  answer = () => undefined;
  ask(1, { type: 'connect', permissions: ['send'] });
  await settle();
  ports[0]?.onDisconnect.addListener(closed);
  await vi.advanceTimersByTimeAsync(300_000);
  grant('send');
  ask(2, { type: 'connect', permissions: ['send'] });
  await vi.advanceTimersByTimeAsync(300_000);
  expect(closed).not.toHaveBeenCalled();
});

test('a page that is put aside lets go of the background, and comes back connected', async () => {
  await connect();
  answer = () => undefined;
  ask(2, { type: 'address' });
  await settle();
  const closed = vi.fn();
  ports[0]?.onDisconnect.addListener(closed);
  bridge.hide();
  expect(closed).toHaveBeenCalledOnce();
  expect(reasons()).toEqual(['connection.lost']);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(ports).toHaveLength(1);
  grant('send', 'receive');
  bridge.show();
  await settle();
  await settle();
  expect(asked.at(-1)).toEqual({ type: 'connect', permissions: ['send', 'receive'] });
});

test('what the port of a page that was put aside still says is not taken for the new one', async () => {
  await connect();
  tell({ type: 'connection', state: 'online', reason: null });
  bridge.hide();
  await settle();
  expect(told).toEqual([]);
});

test('after the extension was reloaded every request is refused at once, with what to do', async () => {
  await connect();
  browser.runtime.id = undefined;
  ports[0]?.disconnect();
  expect(told).toEqual([{ gone: true }]);
  expect(ask(2, { type: 'address' })).toBe(true);
  expect(reasons().at(-1)).toBe('extension.gone');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(ports).toHaveLength(1);
});

test('a page that is only being prepared waits until it is shown', async () => {
  let shown: () => void = () => undefined;
  bridge = new Bridge(
    (message) => told.push(message),
    (then) => (shown = then),
  );
  ask(1, { type: 'permissions' });
  await settle();
  expect(ports).toEqual([]);
  shown();
  await settle();
  expect(told).toHaveLength(1);
});
