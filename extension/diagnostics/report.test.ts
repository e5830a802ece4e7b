import type { Event } from 'sotto-wasm';
import { beforeEach, expect, test } from 'vitest';
import { RequestError } from '../link/background-link';
import { BANDWIDTH, PACKETS, type Scenario } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { message, SCENARIOS } from '../testing/scenarios';
import { plainText, report } from './report';
import { Watch } from './watch';

const NOW = new Date(2026, 10, 22, 12, 0).getTime();

beforeEach(() => void installFakeBrowser());

function watching(name: string): Watch {
  const watch = new Watch();
  watch.apply({ type: 'snapshot', snapshot: SCENARIOS[name] as Scenario }, NOW);
  return watch;
}

function copied(watch: Watch): string {
  const { packets, bandwidth, faults, roundTrip } = watch;
  const seen = {
    packets: packets.value,
    bandwidth: bandwidth.value,
    faults: faults.value,
    roundTrip: roundTrip.value,
    now: NOW,
  };
  return plainText(report(watch.snapshot.value as Scenario, seen));
}

const codes = (watch: Watch) => watch.faults.value.map(({ code }) => code);

/** All texts of a value, with the parts that addresses are made of. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...value.split(/[@.]/)];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(texts) : [];
}

test.each(Object.keys(SCENARIOS))('the copy of %s has no address, key, tag, text or directory', (name) => {
  const watch = watching(name);
  const { address, gateways, conversations, messages, settings } = SCENARIOS[name] as Scenario;
  const said = messages.map(({ id, text, conversation }) => ({ id, text, conversation }));
  const known = conversations.map(({ peer, last }) => ({
    peer: { ...peer, kind: 0 },
    text: last?.text ?? '',
  }));
  const names = [gateways.own, gateways.next?.gateway, gateways.former.map(({ gateway }) => gateway)];
  const secrets = texts([address, names, known, said, settings.directory]).filter((text) => text.length > 9);
  const copy = copied(watch);
  for (const secret of secrets) expect(copy).not.toContain(secret);
});

test('the report tells the state, the gateways and how old the map is', () => {
  const copy = copied(watching('moving'));
  expect(copy).toContain('State: Connected\n');
  expect(copy).toContain('In use: 5FtU…p4Cw\n');
  expect(copy).toContain('Registering with the gateway');
  const old = SCENARIOS['old-map'] as Scenario;
  const now = (old.topology?.fetchedAt ?? 0) + 5 * 3_600_000;
  const lines = plainText(report(old, { packets: null, bandwidth: null, faults: [], roundTrip: null, now }));
  expect(lines).toContain('Age: 5 hours\n');
  expect(lines).toContain('Source: kept from last time\n');
  expect(lines).toContain('Epoch: 412\n');
});

test('the report counts messages by how far they got, and reply blocks', () => {
  expect(copied(watching('delivery'))).toContain('Not delivered: 1\n');
  expect(copied(watching('delivery'))).toContain('Waiting to be sent: 3\n');
  expect(copied(watching('list'))).toContain('Reply blocks of each anonymous correspondent: 10, 20\n');
});

test('a fault is noted when it begins, once while it lasts, and again when it comes back', () => {
  const watch = watching('empty');
  expect(codes(watch)).toEqual([]);
  const { storage } = SCENARIOS['full'] as Scenario;
  const fails: Event = { type: 'storage', problem: storage };
  watch.apply(fails, NOW + 1);
  watch.apply(fails, NOW + 2);
  expect(watch.faults.value).toEqual([{ at: NOW + 1, code: 'storage_full' }]);
  watch.apply({ type: 'storage', problem: null }, NOW + 3);
  watch.apply(fails, NOW + 4);
  expect(watch.faults.value.map(({ at }) => at)).toEqual([NOW + 4, NOW + 1]);
});

test('only the newest faults are kept', () => {
  const watch = watching('empty');
  for (let index = 0; index < 12; index++) {
    const problem = { code: `code-${index}`, message: 'Lost.', canRetry: true };
    const failed = message({ id: `${index}`, delivery: { state: 'failed', problem } });
    watch.apply({ type: 'message', message: failed }, NOW + index);
  }
  expect(codes(watch)).toHaveLength(10);
  expect(codes(watch)[0]).toBe('code-11');
});

test('what happens while the page is open is reported', () => {
  const watch = watching('waiting');
  const conversation = watch.snapshot.value?.conversations[0]?.id ?? '';
  watch.apply({ type: 'surbs', conversation, level: { available: 7, bytes: 0 } }, NOW);
  expect(copied(watch)).toContain('correspondent: 7\n');
  watch.apply({ type: 'connection', connection: { state: 'connecting', step: 'gateway' } }, NOW);
  expect(copied(watch)).toContain('State: Reaching a gateway\n');
  watch.apply({ type: 'removed', id: 'answer-3' }, NOW);
  expect(copied(watch)).toContain('Answers that wait for reply blocks: 0\n');
  watch.apply({ type: 'conversationRemoved', id: conversation }, NOW);
  expect(copied(watch)).toContain('correspondent: none\n');
});

test('packets and bandwidth are told as the background tells them, and not guessed while it cannot', async () => {
  const watch = watching('empty');
  await watch.look(
    { request: async () => ({ type: 'diagnostics', packets: PACKETS, bandwidth: BANDWIDTH }) },
    NOW,
  );
  expect(copied(watch)).toContain('Sent, with repetitions: 1204\n');
  expect(copied(watch)).toContain('Cover that came back: 16590\n');
  expect(copied(watch)).toContain('Bandwidth left: 1.5 GB\n');
  await watch.look({ request: () => Promise.reject(new Error('gone')) }, NOW);
  expect(copied(watch)).toContain('Packets since the start: none\n');
  expect(copied(watch)).toContain('Bandwidth left: none\n');
});

test.each([
  ['empty', 'Vault: open, without a passphrase'],
  ['settings-lock', 'Vault: open, with a passphrase'],
  ['locked', 'Vault: locked'],
  ['set-up', 'Vault: not set up yet'],
  ['lost', 'Vault: cannot be opened (vault.damaged)'],
])('where the vault stands is reported at %s', (name, line) => {
  expect(copied(watching(name))).toContain(`${line}\n`);
});

test('a vault that is locked while the page is open is reported so', () => {
  const watch = watching('empty');
  watch.apply({ type: 'stage', stage: { name: 'locked' } }, NOW);
  expect(copied(watch)).toContain('Vault: locked\n');
});

test('a packet round the network is measured when it is asked for, and a failed one leaves no time', async () => {
  const watch = watching('empty');
  expect(copied(watch)).not.toContain('Round the network');
  await watch.probe({ request: async () => ({ type: 'probe', milliseconds: 412 }) });
  expect(copied(watch)).toContain('Round the network: 412 ms\n');
  const lost = { code: 'probe.lost', fault: 'gateway', message: 'It did not come back.' } as const;
  await watch.probe({ request: () => Promise.reject(new RequestError(lost)) });
  expect(copied(watch)).not.toContain('Round the network');
  expect(watch.probing.error.value).toEqual(lost);
});
