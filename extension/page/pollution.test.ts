// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { pageScript, PageWorld } from '../testing/page-world';

/**
 * Everything that a script of the page can take hold of throws or lies: each method, getter and static
 * function of what the language brings along, and the names that the language itself reads from objects.
 */
const POLLUTION = `
  const define = Object.defineProperty, names = Reflect.ownKeys;
  const boom = function () { throw 'polluted' };
  const owners = [Promise, Promise.prototype, Map.prototype, Set.prototype, String.prototype, Number.prototype,
    Array, Array.prototype, JSON, Reflect, Object, Math, Number, ArrayBuffer, ArrayBuffer.prototype,
    Uint8Array.prototype, Object.getPrototypeOf(Uint8Array.prototype), DataView.prototype, Error, Error.prototype,
    Object.getPrototypeOf(new Map().keys()), Object.getPrototypeOf([].keys()), Function.prototype];
  const lists = owners.map((owner) => names(owner));
  const kept = ['prototype', 'length', 'name', 'arguments', 'caller', 'stack'];
  const skip = lists.map((list) => list.map((name) => kept.includes(name)));
  const inherited = ['then', 'toJSON', 'get', 'set', 'value', 'writable', 'enumerable', 'signal', 'patience', 'late',
    'anonymous', 'surbs', 'plain', 'event', 'gone', 'bubbles', 'cancelable', 'detail', 'once', 'childList', 'left'];
  const caught = ['code', 'reason', 'message', 'cause', 'id', 'status', 'listener', 'buffer', 'offset', 'kind', 'x'];
  for (let i = 0; i < owners.length; i++) for (let j = 0; j < lists[i].length; j++) {
    if (skip[i][j]) continue;
    try { define(owners[i], lists[i][j], { __proto__: null, value: boom, writable: true, configurable: true }) } catch {}
  }
  for (let i = 0; i < inherited.length; i++)
    define(Object.prototype, inherited[i], { __proto__: null, value: boom, writable: true, configurable: true });
  for (let i = 0; i < caught.length; i++)
    define(Object.prototype, caught[i], { __proto__: null, get: boom, set: boom, configurable: true });
  define(Array.prototype, '0', { __proto__: null, get: boom, set: boom, configurable: true });
  Promise = Map = Set = Error = Date = Uint8Array = boom;
`;

/** Has a promise of the page say what becomes of it, by what the page has kept of before. */
const WATCH = `
  const then = Promise.prototype.then, call = Reflect.apply, PagePromise = Promise, write = Object.defineProperty;
  const results = { __proto__: null };
  const watch = (name, promise) => {
    write(promise, 'constructor', { __proto__: null, value: { __proto__: null, [Symbol.species]: PagePromise } });
    call(then, promise, [(value) => { results[name] = value }, (error) => { results[name] = error }]);
  };
`;

test('whatever a page does to its own objects, its requests go on working', async () => {
  const world = new PageWorld(await pageScript());
  world.answer = ({ type }) =>
    type === 'send' ? { type: 'accepted', id: 'm' } : { type: 'permissions', permissions: ['send'] };
  const results = world.run(`
    ${WATCH} ${POLLUTION}
    watch('connect', nym.connect({ permissions: ['send'] }));
    watch('json', nym.send('x', { x: [1, 'y', null] }));
    watch('bytes', nym.send('x', new ArrayBuffer(5), {}));
    watch('text', nym.send('x', 'text'));
    watch('bad', nym.send('x', undefined));
    nym.on('message', (message) => { results.message = message });
    results;
  `) as Record<string, Record<string, unknown>>;
  const data = { kind: 'json', content: '{"y":1}' } as const;
  world.tell({ type: 'message', id: 'r', data, tag: null, from: null, signed: false, receivedAt: 7 });
  await vi.waitFor(() => expect(Object.keys(results)).toHaveLength(6));
  expect(results['connect']?.['length']).toBe(1);
  for (const kind of ['json', 'bytes', 'text']) expect(results[kind]?.['id']).toBe('m');
  expect([results['bad']?.['name'], results['bad']?.['reason']]).toEqual(['NymError', 'data.malformed']);
  expect(results['message']?.['data']).toHaveProperty('y', 1);
  expect(world.asked.map((request) => ('data' in request ? request.data.content : request.type))).toEqual([
    'connect',
    '{"x":[1,"y",null]}',
    'AAAAAAA=',
    'text',
    'received',
  ]);
});
