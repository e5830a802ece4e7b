// @vitest-environment node
import type { Payload } from 'sotto-wasm';
import { beforeAll, expect, test } from 'vitest';
import type { NymError } from '../../packages/client/src/types';
import { pageScript, PageWorld } from '../testing/page-world';

let script: string;
let world: PageWorld;
beforeAll(async () => {
  script = await pageScript();
  world = new PageWorld(script);
  world.answer = () => ({ type: 'accepted', id: 'm' });
});

/** What goes to the bridge for what a script of the page gives, or the reason against it. */
async function sent(data: string): Promise<Payload | string> {
  try {
    await (world.run(`nym.send('x', ${data})`) as Promise<unknown>);
  } catch (error) {
    return `${(error as NymError).code} ${(error as NymError).reason}`;
  }
  const request = world.asked.at(-1);
  return request?.type === 'send' ? request.data : 'nothing';
}

test.each([
  ['""', { kind: 'text', content: '' }],
  ['"grüß \\u{1F600} \\n"', { kind: 'text', content: 'grüß 😀 \n' }],
  ['null', { kind: 'json', content: 'null' }],
  ['-1.5e300', { kind: 'json', content: '-1.5e+300' }],
  ['true', { kind: 'json', content: 'true' }],
  ['[]', { kind: 'json', content: '[]' }],
  ['[1, "a\\n", [null]]', { kind: 'json', content: '[1,"a\\n",[null]]' }],
  ['{ a: 1, "b c": { "": [] } }', { kind: 'json', content: '{"a":1,"b c":{"":[]}}' }],
  ['Object.assign(Object.create(null), { x: 1 })', { kind: 'json', content: '{"x":1}' }],
  ['{ ["__proto__"]: 1 }', { kind: 'json', content: '{"__proto__":1}' }],
  ['new Uint8Array([0, 255, 16])', { kind: 'bytes', content: 'AP8Q' }],
  ['new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3)', { kind: 'bytes', content: 'AgM=' }],
  ['new Uint8Array([7]).buffer', { kind: 'bytes', content: 'Bw==' }],
  ['new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)', { kind: 'bytes', content: 'AgM=' }],
  ['new Float32Array([1])', { kind: 'bytes', content: 'AACAPw==' }],
  ['new ArrayBuffer(0)', { kind: 'bytes', content: '' }],
])('%s arrives as it is', async (data, payload) => {
  expect(await sent(data)).toEqual(payload);
});

test.each([
  'undefined',
  '() => 1',
  'Symbol()',
  '1n',
  'NaN',
  '[Infinity]',
  '{ a: undefined }',
  '{ toJSON() { return 1 } }',
  '[1, , 2]',
  'new Date()',
  'new Map()',
  'new (class Point { x = 1 })()',
  'new String("x")',
  'new SharedArrayBuffer(4)',
  '"\\ud800"',
  '["\\udc00"]',
  '{ "\\ud800": 1 }',
  '(() => { const circle = {}; circle.circle = circle; return circle })()',
  '(() => { const circle = []; circle.push(circle, circle); return circle })()',
])('%s is refused, as it would arrive as something else', async (data) => {
  expect(await sent(data)).toBe('-32602 data.malformed');
});

test.each(['buffer', 'array', 'view'] as const)(
  'bytes that were handed over to somebody else are refused (%s)',
  async (name) => {
    const buffer = new ArrayBuffer(8);
    const bytes = { buffer, array: new Uint8Array(buffer), view: new DataView(buffer) };
    structuredClone(buffer, { transfer: [buffer] });
    const promise = world.nym.send('x', bytes[name]);
    await expect(promise).rejects.toMatchObject({ code: -32602, reason: 'data.malformed' });
  },
);

test.each([
  '"x".repeat(2 ** 20 + 1)',
  '"ü".repeat(2 ** 19 + 1)',
  '["x".repeat(2 ** 20 - 1)]',
  'new ArrayBuffer(100e6)',
  'new Uint8Array(2 ** 20 + 1)',
  'Array(600_000).fill(1)',
  '(() => { let bomb = "x"; for (let i = 0; i < 40; i++) bomb = [bomb, bomb]; return bomb })()',
])('%s is refused as too long', async (data) => {
  expect(await sent(data)).toBe('-32602 data.too-large');
});

test.each([
  '"x".repeat(2 ** 20)',
  '"ü".repeat(2 ** 19)',
  'new Uint8Array(2 ** 20)',
  '["x".repeat(2 ** 20 - 4)]',
])('%s is as long as it may be', async (data) => {
  expect(await sent(data)).toHaveProperty('kind');
});

test('bytes of every length and value come back as they were', async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let length = 0; length < 20; length++) {
    world.asked.length = 0;
    await world.nym.send('x', bytes.subarray(256 - length));
    const content = Buffer.from(bytes.subarray(256 - length)).toString('base64');
    expect(world.asked).toMatchObject([{ data: { kind: 'bytes', content } }]);
  }
  const heard: unknown[] = [];
  const end = world.nym.on('message', ({ data }) => heard.push([...(data as Uint8Array)]));
  const data: Payload = { kind: 'bytes', content: Buffer.from(bytes).toString('base64') };
  world.tell({ type: 'message', id: 'all', data, tag: null, from: null, signed: false, receivedAt: 0 });
  end();
  expect(heard).toEqual([[...bytes]]);
});
