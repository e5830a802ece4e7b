import { expect, test } from 'vitest';
import type { Data, Message, Nym, Permission, ReceivedData, Status } from '../index.js';
import { type Answer, createTestNym, createTestPair, type TestNym } from './index.js';

const ALL: Permission[] = ['send', 'receive', 'reply'];
const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it was not rejected',
    (error: { reason: string }) => error.reason,
  );
const next = (nym: Nym) => new Promise<Message>((resolve) => void nym.on('message', resolve));

async function connectedPair(): Promise<[TestNym, TestNym]> {
  const pair = createTestPair({ granted: ALL }, { granted: ALL });
  for (const nym of pair) await nym.connect({ permissions: ALL });
  return pair;
}

test('data arrives as what was sent', async () => {
  const [alice, bob] = await connectedPair();
  const table: [Data, ReceivedData, ReceivedData][] = [
    ['hello', 'hello', 'hello'],
    [null, null, 'null'],
    [{ a: [1, true, 'x'] }, { a: [1, true, 'x'] }, '{"a":[1,true,"x"]}'],
    [Uint8Array.of(104, 105), Uint8Array.of(104, 105), 'hi'],
    [Uint8Array.of(0, 255).buffer, Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    [new Uint16Array([0x6968]), Uint8Array.of(104, 105), 'hi'],
  ];
  for (const [data, arrives, plainly] of table) {
    const came = next(bob);
    await alice.send(bob.ownAddress, data);
    expect((await came).data).toEqual(arrives);
    const cameplain = next(bob);
    await alice.send(bob.ownAddress, data, { plain: true });
    expect((await cameplain).data).toEqual(plainly);
  }
});

test('what cannot be sent is refused', async () => {
  const [alice, bob] = await connectedPair();
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const data of [undefined, () => 1, 1n, cycle] as Data[])
    expect(await reason(alice.send(bob.ownAddress, data))).toBe('data.malformed');
  expect(await reason(alice.send(bob.ownAddress, 'x'.repeat((1 << 20) + 1)))).toBe('data.too-large');
  expect(await reason(alice.send(bob.ownAddress, 'x', { surbs: 51 }))).toBe('surbs.too-many');
  expect(await reason(alice.connect({ permissions: [] }))).toBe('permissions.none');
  expect(alice.sent).toEqual([]);
});

test('an anonymous writer is known by a tag, and can be answered', async () => {
  const [alice, bob] = await connectedPair();
  const question = next(bob);
  await alice.send(bob.ownAddress, 'who am I?');
  const { tag, from, signed } = await question;
  expect({ from, signed }).toEqual({ from: null, signed: false });
  const answer = next(alice);
  await bob.reply(tag!, 'nobody I know');
  expect(await answer).toMatchObject({
    data: 'nobody I know',
    tag: null,
    from: bob.ownAddress,
    signed: false,
  });
  const again = next(bob);
  await alice.send(bob.ownAddress, 'and now?');
  expect((await again).tag).toBe(tag);
});

test('whoever is not anonymous signs, unless there is nothing to sign in', async () => {
  const [alice, bob] = await connectedPair();
  for (const [plain, expected] of [
    [false, { tag: null, from: alice.ownAddress, signed: true }],
    [true, { tag: null, from: null, signed: false }],
  ] as const) {
    const came = next(bob);
    await alice.send(bob.ownAddress, 'it is me', { anonymous: false, plain });
    expect(await came).toMatchObject(expected);
  }
});

test('a message goes through its states, and the last is told by done', async () => {
  const [alice, bob] = await connectedPair();
  const everywhere: Status[] = [];
  alice.on('status', (status) => everywhere.push(status));
  const sending = await alice.send(bob.ownAddress, 'hello');
  const states: string[] = [];
  sending.on('status', ({ state }) => states.push(state));
  expect(await sending.done).toEqual({ id: sending.id, state: 'atGateway', reason: null });
  expect(states).toEqual(['queued', 'sending', 'sent', 'atGateway']);
  expect(everywhere.map(({ state }) => state)).toEqual(['sending', 'sent', 'atGateway']);
});

test('messages fail and are refused as the test says', async () => {
  const [alice, bob] = await connectedPair();
  alice.refuseNext('queue.full');
  await expect(alice.send(bob.ownAddress, 'hello')).rejects.toMatchObject({
    name: 'NymError',
    code: -32005,
    reason: 'queue.full',
  });
  alice.failNext('peer.gateway-missing');
  const sending = await alice.send(bob.ownAddress, 'hello');
  await expect(sending.done).rejects.toMatchObject({
    reason: 'message.failed',
    message: 'peer.gateway-missing',
  });
  expect(sending.status.state).toBe('failed');
  expect((await (await alice.send(bob.ownAddress, 'hello')).done).state).toBe('atGateway');
});

test('a message that is cancelled, or whose signal is, does not arrive', async () => {
  const [alice, bob] = await connectedPair();
  const heard: unknown[] = [];
  bob.on('message', ({ data }) => heard.push(data));
  const aborter = new AbortController();
  const first = await alice.send(bob.ownAddress, 'first');
  const second = await alice.send(bob.ownAddress, 'second', { signal: aborter.signal });
  await first.cancel();
  aborter.abort();
  for (const sending of [first, second]) expect(await reason(sending.done)).toBe('message.failed');
  await (
    await alice.send(bob.ownAddress, 'third')
  ).done;
  expect(heard).toEqual(['third']);
});

test('what is given up before it is asked is not asked', async () => {
  const nym = createTestNym({ granted: ['send', 'receive'] });
  const signal = AbortSignal.abort('why not');
  for (const request of [
    nym.connect({ permissions: ['reply'], signal }),
    nym.address({ signal }),
    nym.send('address', 'hello', { signal }),
  ])
    await expect(request).rejects.toMatchObject({ code: 4001, reason: 'request.aborted', cause: 'why not' });
  expect([nym.user.asked, nym.sent]).toEqual([[], []]);
});

test('nothing leaves while there is no connection', async () => {
  const [alice, bob] = await connectedPair();
  const told: string[] = [];
  alice.on('connection', ({ state }) => told.push(state));
  alice.setConnection({ state: 'offline', reason: 'gateway.unreachable' });
  const sending = await alice.send(bob.ownAddress, 'hello');
  await new Promise((resolve) => setTimeout(resolve));
  expect(sending.status.state).toBe('queued');
  alice.setConnection({ state: 'online', reason: null });
  expect((await sending.done).state).toBe('atGateway');
  expect(told).toEqual(['offline', 'online']);
});

test('what comes while the page is not connected, or does not listen, waits for it', async () => {
  for (const steps of [
    ['connect', 'listen'],
    ['listen', 'connect'],
  ]) {
    const bob = createTestNym({ granted: ['receive'] });
    const heard: unknown[] = [];
    bob.receive({ data: 'while you were away' });
    for (const step of steps) {
      expect(heard).toEqual([]);
      if (step === 'connect') await bob.connect({ permissions: ['receive'] });
      else bob.on('message', ({ data }) => heard.push(data));
    }
    expect(heard).toEqual(['while you were away']);
  }
});

test('the user is asked for what is not granted yet, and answers as they were told to', async () => {
  const table: [Answer, Permission[] | string][] = [
    ['allow', ['send', 'receive', 'reply']],
    [['receive'], ['send', 'receive']],
    [() => Promise.resolve(['reply']), ['send', 'reply']],
    ['refuse', 'user.rejected'],
    [[], 'user.rejected'],
    ['ignore', 'user.unanswered'],
    ['tooSoon', 'user.asked-too-soon'],
  ];
  for (const [answer, expected] of table) {
    const nym = createTestNym({ granted: ['send'], answer });
    const outcome = await nym.connect({ permissions: ALL }).catch((error) => error.reason as string);
    expect(outcome).toEqual(expected);
    expect(nym.user.asked).toEqual([['receive', 'reply']]);
  }
});

test('scripted answers come first, and what is granted is not asked again', async () => {
  const nym = createTestNym();
  nym.user.next.push('refuse', ['send']);
  expect(await reason(nym.connect({ permissions: ALL }))).toBe('user.rejected');
  expect(await nym.connect({ permissions: ALL })).toEqual(['send']);
  expect(await nym.connect({ permissions: ALL })).toEqual(ALL);
  expect(await nym.connect({ permissions: ALL })).toEqual(ALL);
  expect(nym.user.asked).toEqual([ALL, ALL, ['receive', 'reply']]);
});

test('one question is open at a time', async () => {
  let answer!: (answer: Answer) => void;
  const nym = createTestNym({ answer: () => new Promise((resolve) => (answer = resolve)) });
  const first = nym.connect({ permissions: ['send'] });
  expect(await reason(nym.connect({ permissions: ['send'] }))).toBe('user.being-asked');
  answer('allow');
  expect(await first).toEqual(['send']);
});

test('each request takes its permission, also after it was revoked', async () => {
  const [alice, bob] = await connectedPair();
  const told: Permission[][] = [];
  alice.on('permissions', (permissions) => told.push(permissions));
  alice.setPermissions([]);
  for (const request of [alice.address(), alice.send(bob.ownAddress, 'x'), alice.reply('tag', 'x')])
    expect(await reason(request)).toBe('site.unauthorised');
  expect(await alice.permissions()).toEqual([]);
  expect(told).toEqual([[]]);
});
