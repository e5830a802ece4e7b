import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { FakeBackground, PASSPHRASE, type Scenario } from '../testing/fake-background';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { SCENARIOS } from '../testing/scenarios';
import { prompt } from '../testing/site-scenarios';
import { Page } from './page';
import { Questions } from './questions';

let browser: FakeBrowser;
let background: FakeBackground;

const BOOK = prompt('https://guestbook.example');
const NEWS = prompt('https://news.example', { id: 2, asked: ['send'] });

async function show(change: Partial<Scenario>): Promise<void> {
  browser = installFakeBrowser();
  await chrome.tabs.create({ url: 'chrome-extension://fake/approve/approve.html' });
  background = new FakeBackground(browser, { ...structuredClone(SCENARIOS['empty']), ...change } as Scenario);
  const [situation, questions] = [new Situation(), new Questions()];
  const link = new BackgroundLink((event) => {
    situation.apply(event);
    questions.apply(event, link);
  });
  render(<Page situation={situation} questions={questions} link={link} />, document.body);
  await settle(50);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

const settle = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const one = <E extends HTMLElement = HTMLElement>(id: string) =>
  document.body.querySelector<E>(`[data-testid="${id}"]`) as E;
const words = (id: string) => one(id)?.textContent;
const armed = () => !one<HTMLButtonElement>('refuse').disabled;
const answers = () => background.requests.filter(({ type }) => type === 'answerPrompt');

async function click(id: string): Promise<void> {
  one(id).click();
  await settle(20);
}

async function key(name: string): Promise<void> {
  one('question').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
  await settle(20);
}

test('the site is named as the browser gave it, with all that it asks', async () => {
  await show({ prompts: [prompt('https://xn--bcher-kva.example:8443')] });
  expect(words('origin')).toBe('https://xn--bcher-kva.example:8443');
  expect(document.querySelector('.origin strong')?.textContent).toBe('xn--bcher-kva.example');
  for (const one of ['send', 'receive', 'reply']) expect(words(`permission-${one}`)).toBe('');
  expect(document.activeElement?.tagName).toBe('H1');
});

test('neither answer can be clicked or typed before the question has been there for half a second', async () => {
  await show({ prompts: [BOOK] });
  await settle(400);
  await click('allow');
  await click('refuse');
  await key('Escape');
  expect(answers()).toEqual([]);
  await settle(100);
  await click('allow');
  const permissions = ['send', 'receive', 'reply'];
  expect(answers()).toEqual([{ type: 'answerPrompt', prompt: 1, permissions }]);
});

test('a window that comes forward has to be looked at for half a second again', async () => {
  await show({ prompts: [BOOK] });
  await settle(600);
  expect(armed()).toBe(true);
  dispatchEvent(new Event('focus'));
  await settle(400);
  expect(armed()).toBe(false);
  await settle(200);
  expect(armed()).toBe(true);
  document.dispatchEvent(new Event('visibilitychange'));
  await settle(10);
  expect(armed()).toBe(false);
});

test('what is unticked is not allowed, and nothing at all cannot be allowed', async () => {
  await show({ prompts: [BOOK] });
  await settle(600);
  await click('permission-receive');
  await click('permission-reply');
  await click('permission-send');
  expect(one<HTMLButtonElement>('allow').disabled).toBe(true);
  await click('permission-send');
  await click('allow');
  expect(answers()).toEqual([{ type: 'answerPrompt', prompt: 1, permissions: ['send'] }]);
});

test.each(['button', 'Escape'])('no is said by the %s, and the window closes', async (how) => {
  await show({ prompts: [BOOK] });
  await settle(600);
  await (how === 'button' ? click('refuse') : key('Escape'));
  expect(answers()).toEqual([{ type: 'answerPrompt', prompt: 1, permissions: [] }]);
  await settle(50);
  expect(browser.closedTabs).toEqual([1]);
});

test('the next question has nothing of the one before: all is ticked, and nothing can be clicked yet', async () => {
  await show({ prompts: [BOOK, { ...BOOK, id: 2, origin: 'https://news.example' }] });
  expect(words('waiting')).toMatch(/^Another site/);
  await settle(600);
  await click('permission-send');
  await click('allow');
  expect(words('origin')).toBe('https://news.example');
  expect(one<HTMLInputElement>('permission-send').checked).toBe(true);
  expect(armed()).toBe(false);
  expect(browser.closedTabs).toEqual([]);
});

test('a question that comes while one is open waits, and changes nothing of it', async () => {
  await show({ prompts: [BOOK] });
  await settle(600);
  await click('permission-send');
  background.showSites({ prompts: [BOOK, NEWS, { ...NEWS, id: 3 }] });
  await settle(10);
  expect(words('origin')).toBe('https://guestbook.example');
  expect(one<HTMLInputElement>('permission-send').checked).toBe(false);
  expect(words('waiting')).toMatch(/^2 other sites/);
});

test('a site that closed while the user was reading is said to have, and then the window closes', async () => {
  await show({ prompts: [BOOK] });
  await settle(600);
  background.showSites({ prompts: [] });
  await settle(10);
  expect(words('closed')).toMatch(/^https:\/\/guestbook\.example asks no more/);
  expect(browser.closedTabs).toEqual([]);
  await settle(4_000);
  expect(browser.closedTabs).toEqual([1]);
});

test('a window without a question closes at once', async () => {
  await show({});
  expect(browser.closedTabs).toEqual([1]);
});

test('a refusal of the background is said, and the question can be answered again', async () => {
  await show({ prompts: [BOOK] });
  background.refuse('answerPrompt', {
    code: 'storage.failed',
    fault: 'storage',
    message: 'The disk is full.',
  });
  await settle(600);
  await click('allow');
  expect(words('approve-error')).toBe('The disk is full.');
  expect(armed()).toBe(true);
});

test('a locked vault is unlocked first, and then the question is there', async () => {
  await show({ stage: { name: 'locked' }, prompts: [BOOK] });
  expect(one('question')).toBeNull();
  const field = one<HTMLInputElement>('passphrase-current');
  field.value = PASSPHRASE;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  one('gate')
    .querySelector('form')
    ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await settle(50);
  expect(words('origin')).toBe('https://guestbook.example');
  expect(armed()).toBe(false);
});

test('after the background was started anew the questions are asked for again', async () => {
  await show({ prompts: [BOOK] });
  background.die();
  await settle(200);
  background.showSites({ prompts: [NEWS] });
  await settle(10);
  expect(background.requests.filter(({ type }) => type === 'sites')).toHaveLength(2);
  expect(words('origin')).toBe('https://news.example');
});
