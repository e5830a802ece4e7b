import { beforeEach, expect, test } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { FakeBackground, SETTINGS, STARTING } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { Connecting, TASKS } from './connecting';
import { DIRECTORIES, SettingUp } from './setting-up';

let background: FakeBackground;
let situation: Situation;
let setup: SettingUp;
let connecting: Connecting;

beforeEach(async () => {
  background = new FakeBackground(installFakeBrowser(), {
    ...structuredClone(STARTING),
    stage: { name: 'new' },
  });
  situation = new Situation();
  const link = new BackgroundLink((event) => situation.apply(event));
  setup = new SettingUp(link, situation);
  connecting = new Connecting(link, situation);
  await expect.poll(() => situation.settings.value).not.toBeNull();
});

const begun = () => background.requests.filter(({ type }) => type === 'begin');
const states = () => TASKS.map((task) => connecting.state(task));
const GATEWAY = 'g';

test('a vault with a passphrase in the public network is what is made unless something else is chosen', async () => {
  setup.passphrase.first.value = 'four small wet stones';
  setup.lockWithPassphrase();
  expect(setup.step.value).toBe('about');
  setup.passphrase.second.value = 'four small wet stones';
  setup.lockWithPassphrase();
  expect(setup.step.value).toBe('network');
  await setup.begin();
  const settings = { ...SETTINGS, directory: DIRECTORIES.public, traffic: 'protected' };
  expect(begun()).toEqual([{ type: 'begin', settings, passphrase: 'four small wet stones' }]);
  await expect.poll(() => setup.place.value).toBe('connect');
  expect(setup.passphrase.first.value).toBe('');
});

test('who goes without a passphrase gets none, also after typing one', async () => {
  setup.passphrase.first.value = 'four small';
  setup.goWithoutPassphrase();
  setup.network.value = 'own';
  setup.own.value = ' https://directory.example/api/ ';
  setup.traffic.value = 'direct';
  await setup.begin();
  const settings = { ...SETTINGS, directory: 'https://directory.example/api/', traffic: 'direct' };
  expect(begun()).toEqual([{ type: 'begin', settings, passphrase: undefined }]);
  await expect.poll(() => situation.protection.value).toBe('device');
});

test('a refused directory stays where it can be corrected', async () => {
  background.refuse('begin', { code: 'directory.malformed', fault: 'you', message: 'No address.' });
  setup.goWithoutPassphrase();
  await setup.begin();
  expect(setup.place.value).toBe('network');
  expect(setup.beginning.error.value?.code).toBe('directory.malformed');
});

test('each step leads back to the one before', () => {
  for (const step of ['kind', 'passphrase', 'network'] as const) setup.go(step);
  setup.back();
  expect(setup.step.value).toBe('passphrase');
  setup.go('restore');
  setup.back();
  expect(setup.step.value).toBe('kind');
  setup.back();
  setup.back();
  expect(setup.step.value).toBe('about');
});

test('the tasks of the first connection are done one after the other, and the packet is the last', async () => {
  background.change({ state: 'connecting', step: 'directory' });
  await expect.poll(states).toEqual(['active', 'waiting', 'waiting', 'waiting']);
  background.change({ state: 'connecting', step: 'gateway' });
  await expect.poll(states).toEqual(['done', 'active', 'waiting', 'waiting']);
  background.change({ state: 'connecting', step: 'registering' });
  await expect.poll(states).toEqual(['done', 'done', 'active', 'waiting']);
  await connecting.probe();
  expect(background.requests.map(({ type }) => type)).not.toContain('probe');
  background.change({ state: 'online', gateway: GATEWAY, problem: null });
  await expect.poll(states).toEqual(['done', 'done', 'done', 'active']);
  await connecting.probe();
  expect(states()).toEqual(['done', 'done', 'done', 'done']);
  expect(connecting.milliseconds.value).toBe(412);
});

test('a gateway that does not answer does not undo what was done before', async () => {
  background.change({ state: 'connecting', step: 'gateway' });
  const problem = { code: 'gateway.away', fault: 'gateway', message: 'It does not answer.' } as const;
  background.change({ state: 'offline', problem, retryAt: null });
  await expect.poll(() => situation.connection.value?.state).toBe('offline');
  expect(states()).toEqual(['done', 'active', 'waiting', 'waiting']);
});

test('a packet that gets lost can be sent again', async () => {
  background.change({ state: 'online', gateway: GATEWAY, problem: null });
  background.refuse('probe', { code: 'probe.lost', fault: 'gateway', message: 'It did not come back.' });
  await expect.poll(() => connecting.current.value).toBe('loop');
  await connecting.probe();
  expect(connecting.error.value?.message).toBe('It did not come back.');
  expect(states()).toEqual(['done', 'done', 'done', 'failed']);
  expect(connecting.usable.value).toBe(true);
  background.accept('probe');
  await connecting.probe();
  expect(connecting.current.value).toBeNull();
});
