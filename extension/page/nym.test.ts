// @vitest-environment node
import type { SiteReply } from 'sotto-wasm';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Nym, NymError } from '../../packages/client/src/types';
import { pageScript, PageWorld } from '../testing/page-world';

let script: string;
let world: PageWorld;
let nym: Nym;
beforeAll(async () => void (script = await pageScript()));
beforeEach(() => {
  vi.useFakeTimers();
  world = new PageWorld(script);
  nym = world.nym;
});
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const ok: SiteReply = { type: 'ok' };
const accepted = (id: string): SiteReply => ({ type: 'accepted', id });
const text = (content: string) => ({ kind: 'text', content });

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<NymError> {
  return promise.then(
    () => expect.unreachable('it was fulfilled'),
    (error: NymError) => error,
  );
}

test('each method asks for what it says, with what is usual where nothing is said', async () => {
  world.answer = ({ type }) => {
    if (type === 'send' || type === 'reply') return accepted('m');
    if (type === 'address') return { type: 'address', address: 'a.b@c' };
    return type === 'disconnect' ? ok : { type: 'permissions', permissions: ['send'] };
  };
  expect(await nym.connect({ permissions: ['send', 'reply'] })).toEqual(['send']);
  expect(await nym.permissions()).toEqual(['send']);
  expect(await nym.address()).toBe('a.b@c');
  await nym.send('x', 'hi');
  await nym.send('x', 'hi', { anonymous: false, surbs: 50, plain: true });
  await nym.reply('t', 'hi');
  await nym.disconnect();
  expect(world.asked).toEqual([
    { type: 'connect', permissions: ['send', 'reply'] },
    { type: 'permissions' },
    { type: 'address' },
    { type: 'send', to: 'x', data: text('hi'), anonymous: true, surbs: 20, plain: false },
    { type: 'send', to: 'x', data: text('hi'), anonymous: false, surbs: 50, plain: true },
    { type: 'reply', tag: 't', data: text('hi'), plain: false },
    { type: 'disconnect' },
  ]);
});

test('a refusal is an error with a number, a reason and a sentence', async () => {
  world.answer = () => ({
    type: 'error',
    error: { code: 4001, reason: 'user.rejected', message: 'The user said no.' },
  });
  const error = await rejection(nym.connect({ permissions: ['send'] }));
  expect(error).toMatchObject({ name: 'NymError', code: 4001, reason: 'user.rejected' });
  expect(error.message).toBe('The user said no.');
  expect(world.run('(error) => error instanceof Error')).toSatisfy((is) =>
    (is as (e: unknown) => boolean)(error),
  );
});

const BAD: [string, string, string][] = [
  ['no options', 'nym.connect()', 'parameter.malformed'],
  ['no permissions', 'nym.connect({})', 'parameter.malformed'],
  ['permissions that are empty', 'nym.connect({ permissions: [] })', 'parameter.malformed'],
  ['an unknown permission', 'nym.connect({ permissions: ["admin"] })', 'parameter.malformed'],
  ['options that are a text', 'nym.address("now")', 'parameter.malformed'],
  ['a signal that is none', 'nym.address({ signal: {} })', 'parameter.malformed'],
  ['an address that is none', 'nym.send(1, "x")', 'parameter.malformed'],
  ['an endless address', 'nym.send("x".repeat(1e8), "x")', 'parameter.malformed'],
  ['a tag that is none', 'nym.reply(null, "x")', 'parameter.malformed'],
  ['a flag that is none', 'nym.send("x", "x", { plain: "yes" })', 'parameter.malformed'],
  ['no reply blocks', 'nym.send("x", "x", { surbs: 0 })', 'parameter.malformed'],
  ['half a reply block', 'nym.send("x", "x", { surbs: 1.5 })', 'parameter.malformed'],
  ['too many reply blocks', 'nym.send("x", "x", { surbs: 51 })', 'surbs.too-many'],
];
test.each(BAD)('%s is refused before the bridge is asked', async (_, call, reason) => {
  const error = await rejection(world.run(call) as Promise<unknown>);
  expect([error.code, error.reason]).toEqual([-32602, reason]);
  expect(world.asked).toEqual([]);
});

test('an option that comes from a prototype does not count', async () => {
  world.answer = () => accepted('m');
  await world.run('Object.prototype.anonymous = false; nym.send("x", "hi", {})');
  expect(world.asked[0]).toMatchObject({ anonymous: true });
});

test('a request that is not answered ends after a minute', async () => {
  const promise = rejection(nym.address());
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(await promise).toMatchObject({ code: 4900, reason: 'request.timed-out' });
});

test('the user has longer to answer than their question stays open', async () => {
  let settled = false;
  const promise = rejection(nym.connect({ permissions: ['send'] })).finally(() => (settled = true));
  await vi.advanceTimersByTimeAsync(5.5 * MINUTE);
  expect(settled).toBe(false);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect((await promise).reason).toBe('request.timed-out');
});

test('without an extension every request ends at once and says what to do', async () => {
  world.bridge = false;
  expect(await rejection(nym.permissions())).toMatchObject({ code: 4900, reason: 'extension.gone' });
});

test('a signal ends the wait, and tells why', async () => {
  const controller = new AbortController();
  const promise = rejection(nym.address({ signal: controller.signal }));
  controller.abort('enough');
  expect(await promise).toMatchObject({ code: 4001, reason: 'request.aborted', cause: 'enough' });
});

test('with a signal that ended before nothing is asked', async () => {
  const promise = nym.send('x', 'hi', { signal: AbortSignal.abort() });
  expect((await rejection(promise)).reason).toBe('request.aborted');
  expect(world.asked).toEqual([]);
});

test.each(['given up', 'too late'])(
  'a message that is accepted when it was %s is taken back',
  async (why) => {
    const controller = new AbortController();
    const promise = rejection(nym.send('x', 'hi', { signal: controller.signal }));
    if (why === 'given up') controller.abort();
    else await vi.advanceTimersByTimeAsync(MINUTE);
    await promise;
    world.reply(accepted('m'));
    expect(world.asked.at(-1)).toEqual({ type: 'cancel', id: 'm' });
  },
);

test('a signal that ends after the answer does nothing', async () => {
  const controller = new AbortController();
  world.answer = () => accepted('m');
  await nym.send('x', 'hi', { signal: controller.signal });
  controller.abort();
  expect(world.asked).toHaveLength(1);
});

test('an answer to nothing that was asked is passed over, and so is what is none', async () => {
  const promise = nym.permissions();
  world.say({ id: 5, reply: ok });
  for (const detail of ['{', 'null', '7', '{}', undefined]) {
    world.document.dispatchEvent(new CustomEvent('sotto-answer', { detail }));
  }
  world.document.dispatchEvent(new Event('sotto-answer'));
  world.reply({ type: 'permissions', permissions: [] });
  expect(await promise).toEqual([]);
});

test('listeners hear of their event until they unsubscribe', () => {
  const heard: unknown[] = [];
  const end = nym.on('connection', (connection) => heard.push(connection));
  nym.on('permissions', (permissions) => heard.push(permissions));
  world.tell({ type: 'connection', state: 'online', reason: null });
  world.tell({ type: 'permissions', permissions: ['send'] });
  end();
  world.tell({ type: 'connection', state: 'offline', reason: 'Why' });
  expect(heard).toEqual([{ state: 'online', reason: null }, ['send']]);
});

test('a listener that throws is reported, and keeps nothing from the others', () => {
  const heard = vi.fn();
  nym.on('permissions', () => {
    throw new Error('mine');
  });
  nym.on('permissions', heard);
  world.tell({ type: 'permissions', permissions: [] });
  expect(heard).toHaveBeenCalledOnce();
  expect(world.reported.map(String)).toEqual(['Error: mine']);
});

test('what is no event and no listener is refused', () => {
  expect(() => nym.on('nothing' as 'status', () => undefined)).toThrow('no such event');
  expect(() => nym.on('status', undefined as never)).toThrow('must be a function');
});

test('that the extension is gone is told as the end of the connection', () => {
  const heard = vi.fn();
  nym.on('connection', heard);
  world.say({ gone: true });
  expect(heard).toHaveBeenCalledWith({
    state: 'offline',
    reason: expect.stringMatching(/Load this page again/),
  });
});
