import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { FakeBackground, PASSPHRASE, type Scenario } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { SCENARIOS } from '../testing/scenarios';
import { Connecting } from './connecting';
import { Page } from './page';
import { SettingUp } from './setting-up';

let background: FakeBackground;

async function show(name: string): Promise<void> {
  background = new FakeBackground(installFakeBrowser(), structuredClone(SCENARIOS[name]) as Scenario);
  const situation = new Situation();
  const link = new BackgroundLink((event) => situation.apply(event));
  const models = { setup: new SettingUp(link, situation), connecting: new Connecting(link, situation) };
  render(<Page {...models} situation={situation} link={link} />, document.body);
  await settle();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(100);
const one = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.body.querySelector(`[data-testid="${id}"]`) as E;
const title = () => document.activeElement?.textContent;

async function click(id: string): Promise<void> {
  one(id).click();
  await settle();
}

async function submit(): Promise<void> {
  document.body
    .querySelector('form')
    ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await settle();
}

test('each step begins at its heading, for the keyboard and for the screen reader', async () => {
  await show('set-up');
  expect(title()).toMatch(/^What Sotto protects/);
  await click('next');
  expect(title()).toBe('New, or from a backup?');
  await click('kind-new');
  expect(title()).toBe('A passphrase for this computer');
  await click('back');
  expect(title()).toBe('New, or from a backup?');
  await click('kind-restore');
  expect(title()).toBe('Restore a backup');
});

test('where the user is on the way is told in words, and not by colour alone', async () => {
  await show('set-up');
  await click('next');
  expect(document.querySelector('nav')?.getAttribute('aria-label')).toBe('Step 2 of 5');
  expect(document.querySelector('[aria-current="step"]')?.textContent).toBe('New or restored');
});

test('to go without a passphrase takes reading what it means', async () => {
  await show('set-up');
  await click('next');
  await click('kind-new');
  await click('skip');
  expect(one('skip-do').parentElement?.textContent).toMatch(/can read everything/);
  expect(document.activeElement).toBe(one('skip-do'));
  await click('skip-do');
  expect(title()).toBe('Which network, and how much cover?');
});

test('from the first step to the own address', async () => {
  await show('set-up');
  background.state.address = 'a.b@c';
  for (const id of ['next', 'kind-new', 'skip', 'skip-do']) await click(id);
  await submit();
  expect(one('welcome').dataset['step']).toBe('connect');
  expect(title()).toBe('Connecting');
  background.change({ state: 'online', gateway: 'c', problem: null });
  await settle();
  expect(one('done').textContent).toContain('a.b@c');
  expect(one('qr').dataset['value']).toBe('a.b@c');
  expect(title()).toBe('Your address');
  expect(one<HTMLAnchorElement>('open-chat').getAttribute('href')).toBe('../popup/popup.html');
});

test('a packet that does not come back is told, and keeps nobody from the chat', async () => {
  await show('connecting');
  background.refuse('probe', { code: 'probe.lost', fault: 'gateway', message: 'It did not come back.' });
  background.change({ state: 'online', gateway: 'c', problem: null });
  await settle();
  expect(one('welcome').textContent).toContain('It did not come back.');
  expect(one('open-chat')).not.toBeNull();
  background.accept('probe');
  document.querySelector<HTMLElement>('.honest .link')?.click();
  await settle();
  expect(one('welcome').textContent).not.toContain('It did not come back.');
  expect(title()).toBe('Your address');
});

test('a backup leads to the connection at once', async () => {
  await show('set-up');
  await click('next');
  await click('kind-restore');
  const file = one<HTMLInputElement>('restore-file');
  Object.defineProperty(file, 'files', { value: [new File(['x'], 'sotto.backup')] });
  file.dispatchEvent(new Event('change', { bubbles: true }));
  const field = one<HTMLInputElement>('passphrase-current');
  field.value = PASSPHRASE;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await submit();
  await vi.waitFor(() => expect(one('welcome').dataset['step']).toBe('connect'));
});

test.each(['locked', 'lost', 'not-ready'])('at %s the tab shows the gate', async (scenario) => {
  await show(scenario);
  expect(one('gate')).not.toBeNull();
  expect(one('welcome')).toBeNull();
});
