import { afterEach, expect, test, vi } from 'vitest';
import * as client from './index.js';
import { announceTestNym, createTestNym } from './testing/index.js';

afterEach(() => {
  client.use(undefined);
  vi.useRealTimers();
});

/** Every function that asks the extension for something. */
const CALLS: Record<string, () => Promise<unknown>> = {
  connect: () => client.connect({ permissions: ['send'] }),
  permissions: () => client.permissions(),
  disconnect: () => client.disconnect(),
  address: () => client.address(),
  send: () => client.send('address', 'hello'),
  reply: () => client.reply('tag', 'hello'),
  provider: () => client.provider(),
};

for (const [name, call] of Object.entries(CALLS))
  test(`${name} says what to do where the extension is missing`, async () => {
    vi.useFakeTimers();
    const error = call().catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await error).toMatchObject({
      name: 'NymError',
      code: 4900,
      reason: 'extension.missing',
      message: expect.stringContaining('Install'),
    });
    expect(client.isNymError(await error, 'extension.missing')).toBe(true);
  });

test('an extension that came after a failure is found', async () => {
  vi.useFakeTimers();
  const failed = client.permissions().catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(client.isNymError(await failed)).toBe(true);
  const undo = announceTestNym(createTestNym({ granted: ['send'] }));
  expect(await client.permissions()).toEqual(['send']);
  undo();
});

test('every function does what the provider does', async () => {
  const nym = createTestNym();
  client.use(nym);
  expect(await client.connect({ permissions: ['reply', 'send', 'receive'] })).toEqual([
    'send',
    'receive',
    'reply',
  ]);
  expect(await client.permissions()).toEqual(['send', 'receive', 'reply']);
  const own = await client.address();
  expect(own).toBe(nym.ownAddress);
  const came = new Promise<client.Message>((resolve) => client.on('message', resolve));
  await client.send(own, 'hello');
  const { tag } = await came;
  const answered = new Promise<client.Message>((resolve) => client.on('message', resolve));
  await client.reply(tag!, { answer: 42 });
  expect((await answered).data).toEqual({ answer: 42 });
  await client.disconnect();
});

test('listeners are told also if they came before the provider was known', async () => {
  const nym = createTestNym({ granted: ['receive'] });
  const undo = announceTestNym(nym);
  const heard: unknown[] = [];
  client.on('message', ({ data }) => heard.push(data));
  client.on('message', () => heard.push('never'))();
  await client.connect({ permissions: ['receive'] });
  nym.receive({ data: 'hello' });
  expect(heard).toEqual(['hello']);
  undo();
});

test('only errors of the API are errors of the API', () => {
  const error = Object.assign(new Error('no'), { name: 'NymError', code: 4001, reason: 'user.rejected' });
  expect(client.isNymError(error)).toBe(true);
  expect(client.isNymError(error, 'user.rejected')).toBe(true);
  expect(client.isNymError(error, 'queue.full')).toBe(false);
  for (const other of [
    undefined,
    null,
    'NymError',
    new Error('no'),
    { name: 'NymError', code: 1, reason: 'a' },
  ])
    expect(client.isNymError(other)).toBe(false);
});
