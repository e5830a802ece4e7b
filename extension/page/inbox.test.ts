// @vitest-environment node
import type { Payload } from 'sotto-wasm';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '../../packages/client/src/types';
import { pageScript, PageWorld } from '../testing/page-world';

let script: string;
let world: PageWorld;
let heard: Message[];
beforeAll(async () => void (script = await pageScript()));
beforeEach(() => {
  vi.useFakeTimers();
  world = new PageWorld(script);
  heard = [];
});
afterEach(() => void vi.useRealTimers());

const listen = () => world.nym.on('message', (message) => heard.push(message));
const hi: Payload = { kind: 'text', content: 'hi' };
const tell = (id: string, data = hi) =>
  world.tell({ type: 'message', id, data, tag: 't', from: null, signed: false, receivedAt: 1_000 });
const acknowledged = () => world.asked.map((request) => 'id' in request && request.id);

test('a message is handed over with all that is known of it, and acknowledged', () => {
  listen();
  tell('a');
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ id: 'a', data: 'hi', tag: 't', from: null, signed: false });
  expect(heard[0]?.receivedAt.getTime()).toBe(1_000);
  expect(world.asked).toEqual([{ type: 'received', id: 'a' }]);
});

test('a message that nobody listens for waits for a listener, and is not acknowledged before', () => {
  tell('a');
  tell('b');
  expect(world.asked).toEqual([]);
  listen();
  expect(heard.map(({ id }) => id)).toEqual(['a', 'b']);
});

test('a message that is told again is not handed over again, and acknowledged again', async () => {
  listen();
  tell('a');
  await vi.advanceTimersByTimeAsync(1_000);
  tell('a');
  expect(heard).toHaveLength(1);
  expect(acknowledged()).toEqual(['a', 'a']);
});

test('many messages are acknowledged one after the other, so that the page may still ask for something', async () => {
  listen();
  for (let at = 0; at < 20; at++) tell(`m${at}`);
  expect(heard).toHaveLength(20);
  expect(world.asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(world.asked.length).toBeLessThanOrEqual(6);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(acknowledged()).toEqual(heard.map(({ id }) => id));
});

test('data arrives as what was sent', () => {
  listen();
  tell('json', { kind: 'json', content: '{"a":[1,null,"x"]}' });
  tell('bytes', { kind: 'bytes', content: 'AAEC/w==' });
  expect(JSON.stringify(heard[0]?.data)).toBe('{"a":[1,null,"x"]}');
  expect([...(heard[1]?.data as Uint8Array)]).toEqual([0, 1, 2, 255]);
  expect(Object.prototype.toString.call(heard[1]?.data)).toBe('[object Uint8Array]');
});
