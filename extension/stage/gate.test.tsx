import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { Chat } from '../popup/chat';
import { FakeBackground, PASSPHRASE, type Scenario } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { SCENARIOS } from '../testing/scenarios';
import { Gate } from './gate';

let background: FakeBackground;
let chat: Chat;

/** Shows the gate in a scenario, with a page behind it. */
async function show(name: string, inPopup = false): Promise<void> {
  render(null, document.body);
  const browser = installFakeBrowser();
  if (inPopup) browser.popupViews = [window];
  background = new FakeBackground(browser, structuredClone(SCENARIOS[name]) as Scenario);
  chat = new Chat();
  const link = new BackgroundLink((event) => chat.apply(event));
  const Page = () => (
    <Gate stage={chat.stage.value} connection={chat.connection.value} link={link}>
      <main id="content">Secret</main>
    </Gate>
  );
  render(<Page />, document.body);
  await settle();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(50);
const one = <E extends HTMLElement = HTMLElement>(selector: string) =>
  document.body.querySelector(selector) as E;
const stage = () => one('[data-testid="gate"]')?.dataset['stage'];
const requests = (type: string) => background.requests.filter((request) => request.type === type);
const FIELD = '[data-testid="passphrase-current"]';
const ERROR = '[data-testid="passphrase-error"]';

async function click(selector: string): Promise<void> {
  one(selector).click();
  await settle();
}

async function fill(selector: string, text: string): Promise<void> {
  const field = one<HTMLInputElement>(selector);
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await settle();
}

async function submit(): Promise<void> {
  one('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await settle();
}

/** Chooses a file in the field, as the browser's window for it would. */
async function choose(selector: string, file: File): Promise<void> {
  Object.defineProperty(one(selector), 'files', { value: [file] });
  one(selector).dispatchEvent(new Event('change', { bubbles: true }));
  await settle();
}

test.each([
  ['not-ready', 'starting'],
  ['set-up', 'new'],
  ['locked', 'locked'],
  ['lost', 'lost'],
])('at %s nothing of the page is there', async (scenario, name) => {
  await show(scenario);
  expect(stage()).toBe(name);
  expect(one('#content')).toBeNull();
});

test('an open vault shows the page, and one that is locked later takes it away', async () => {
  await show('empty');
  expect(one('#content')).not.toBeNull();
  expect(stage()).toBeUndefined();
  background.enter({ name: 'locked' });
  await settle();
  expect(one('#content')).toBeNull();
});

test('a background that cannot start says why instead of an endless wait', async () => {
  await show('cannot-start');
  expect(one('[data-testid="gate-problem"]').textContent).toMatch(/could not start/);
});

test('a new installation leads to the tab where it is set up', async () => {
  await show('set-up');
  const link = one<HTMLAnchorElement>('[data-testid="set-up"]');
  expect([link.getAttribute('href'), link.target]).toEqual(['../welcome/welcome.html', '_blank']);
});

test('the passphrase opens the vault', async () => {
  await show('locked');
  expect(document.activeElement).toBe(one(FIELD));
  await fill(FIELD, PASSPHRASE);
  await submit();
  expect(requests('unlock')).toEqual([{ type: 'unlock', passphrase: PASSPHRASE }]);
  expect(one('#content')).not.toBeNull();
});

test('a wrong passphrase is said kindly, and can be corrected', async () => {
  await show('locked');
  await fill(FIELD, 'wrong');
  await submit();
  expect(one(ERROR).textContent).toMatch(/^That is not the passphrase\. Look at/);
  expect(one<HTMLInputElement>(FIELD).value).toBe('wrong');
  expect(one('#content')).toBeNull();
  await fill(FIELD, PASSPHRASE);
  await submit();
  expect(one('#content')).not.toBeNull();
});

test('what is no fault of the passphrase is not called one', async () => {
  await show('locked');
  background.refuse('unlock', { code: 'storage.failed', fault: 'storage', message: 'The disk is full.' });
  await fill(FIELD, PASSPHRASE);
  await submit();
  expect(one(ERROR).textContent).toBe('The disk is full.');
});

test('while the vault is being opened the button says so, and nothing is asked twice', async () => {
  await show('locked');
  background.silent = true;
  await fill(FIELD, PASSPHRASE);
  await submit();
  await submit();
  expect(one('[data-testid="unlock"]').textContent).toBe('Unlocking');
  expect(requests('unlock')).toHaveLength(1);
});

test('an empty passphrase is not tried', async () => {
  await show('locked');
  await submit();
  expect(requests('unlock')).toEqual([]);
});

test('the passphrase can be looked at, and a locked capitals key is told', async () => {
  await show('locked');
  expect(one<HTMLInputElement>(FIELD).type).toBe('password');
  await click('.passphrase .link');
  expect(one<HTMLInputElement>(FIELD).type).toBe('text');
  const key = new KeyboardEvent('keydown', { key: 'A', bubbles: true });
  Object.assign(key, { getModifierState: (name: string) => name === 'CapsLock' });
  one(FIELD).dispatchEvent(key);
  await settle();
  expect(one('.passphrase .hint').textContent).toBe('The capitals key is locked.');
});

test('a lost vault says what happened and takes a backup', async () => {
  await show('lost');
  expect(one('[data-testid="recovery-problem"]').dataset['code']).toBe('vault.damaged');
  const backup = new Uint8Array(600_000).fill(7);
  await choose('[data-testid="restore-file"]', new File([backup], 'sotto.backup'));
  await fill(FIELD, PASSPHRASE);
  await submit();
  await expect.poll(() => one('#content')).not.toBeNull();
  expect(requests('uploadPart')).toHaveLength(2);
});

test('a backup that does not open says why, and leaves nothing behind in the background', async () => {
  await show('lost');
  await choose('[data-testid="restore-file"]', new File(['backup'], 'sotto.backup'));
  await fill(FIELD, 'wrong');
  await submit();
  await expect
    .poll(() => one('[data-testid="restore-error"]').textContent)
    .toMatch(/^That is not the passphrase/);
  expect(requests('dropUpload')).toHaveLength(1);
});

test('a vault of a later version is not lost: the extension has to be updated, and nothing be deleted', async () => {
  await show('newer');
  expect(one('[data-testid="recovery-problem"]').textContent).toMatch(/Update the extension/);
  expect(one('[data-testid="anew"]')).toBeNull();
  expect(one('[data-testid="restore-file"]')).toBeNull();
});

test('in the popup, which closes when a file is chosen, the backup is restored in a tab', async () => {
  await show('lost');
  expect(one('[data-testid="restore-in-tab"]')).toBeNull();
  await show('lost', true);
  expect(one('[data-testid="restore-file"]')).toBeNull();
  expect(one<HTMLAnchorElement>('[data-testid="restore-in-tab"]').target).toBe('_blank');
});

test('starting anew takes two steps, and the second one a promise to have read it', async () => {
  await show('lost');
  await click('[data-testid="anew"]');
  expect(one('[data-testid="forget-confirm"]').textContent).toMatch(/lost for good/);
  await click('[data-testid="forget-do"]');
  expect(requests('forgetEverything')).toEqual([]);
  await click('[data-testid="forget-agree"]');
  await click('[data-testid="forget-do"]');
  expect(requests('forgetEverything')).toHaveLength(1);
  expect(stage()).toBe('new');
});
