import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatPage } from '../testing/chat-page';
import type { FakeBackground } from '../testing/fake-background';
import { BOB, conversation, message, SOMEBODY } from '../testing/scenarios';
import { type Chat, NEW } from './chat';

let page: ChatPage;
let background: FakeBackground;
let chat: Chat;

/** Shows the page in a scenario. */
async function show(name: string): Promise<void> {
  page = await ChatPage.show(name);
  ({ background, chat } = page);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  page.close();
  vi.useRealTimers();
});

const settle = () => page.settle();
const all = (selector: string) => page.all(selector);
const one = (selector: string) => page.one(selector);
const requests = (type: string) => page.requests(type);
const click = (selector: string) => page.click(selector);
const write = (selector: string, text: string) => page.write(selector, text);
const press = (selector: string, key: string) => page.press(selector, key);

const ROW = '[data-testid="conversation"]';
const TEXT = '[data-testid="message-text"]';
const REPLY_BLOCKS = '[data-testid="reply-blocks"]';
const SWITCH = '[data-testid="anonymous"]';

test('the list names each correspondent, what was said last, and how much is unread', async () => {
  await show('list');
  expect(all(ROW).map((row) => row.dataset['kind'])).toEqual([
    'address',
    'anonymous',
    'anonymous',
    'unknown',
    'address',
  ]);
  expect(all(`${ROW} .name`).map((name) => name.textContent)).toContain('Anonymous 7Qxk');
  expect(all('[data-testid="unread"]').map((count) => count.textContent)).toEqual([
    '11 unread',
    '1212 unread',
  ]);
  expect(one(`${ROW} .last`).textContent).toMatch(/^You: Good\. Take your time/);
});

test('opening a conversation tells that it was seen, once, and only while the page is in view', async () => {
  await show('list');
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  await click(`${ROW}[data-id="unknown"]`);
  expect(requests('seen')).toEqual([]);
  hidden.mockRestore();
  document.dispatchEvent(new Event('visibilitychange'));
  await settle();
  expect(requests('seen')).toEqual([{ type: 'seen', id: 'unknown-1' }]);
  expect(all('[data-testid="unread"]')).toHaveLength(1);
  expect(all(TEXT)).toEqual([]);
});

test('what was seen is told again if the background did not hear it', async () => {
  await show('list');
  background.refuse('seen', { code: 'too_frequent', fault: 'you', message: 'Wait.' });
  await click(`${ROW}[data-id="unknown"]`);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(requests('seen').length).toBeGreaterThan(1);
  expect(requests('seen').length).toBeLessThan(5);
});

test('an answer is sent by tag, and its box says what it can be answered with', async () => {
  await show('answering');
  expect(one(REPLY_BLOCKS).textContent).toBe('20 reply blocks on hand');
  expect(all(SWITCH)).toEqual([]);
  await write(TEXT, 'x'.repeat(16_000));
  expect(one(REPLY_BLOCKS).textContent).toMatch(/^20 reply blocks on hand, too few for this text/);
  await write(TEXT, 'Until Thursday.');
  await press(TEXT, 'Enter');
  expect(requests('reply')).toEqual([{ type: 'reply', to: SOMEBODY, text: 'Until Thursday.' }]);
  expect((one(TEXT) as HTMLTextAreaElement).value).toBe('');
});

test('an answer that has to wait says so before it is written and after it was sent', async () => {
  await show('waiting');
  expect(one(REPLY_BLOCKS).className).toMatch(/waits/);
  expect(one(REPLY_BLOCKS).textContent).toMatch(/^10 reply blocks left.*will wait/);
  const state = all('[data-testid="delivery"]').at(-1);
  expect(state?.dataset['state']).toBe('waitingForReplyBlocks');
  expect(state?.textContent).toBe('Your answer waits for reply blocks; Sotto has asked for more');
  await click('.message:last-child .link:last-child');
  expect(requests('cancel')).toHaveLength(1);
});

test('the level in view is the one told last', async () => {
  await show('answering');
  background.push({ type: 'surbs', conversation: SOMEBODY, level: { available: 0, bytes: 0 } });
  await settle();
  expect(one(REPLY_BLOCKS).textContent).toMatch(/^No reply block left/);
  expect(one(REPLY_BLOCKS).dataset['available']).toBe('0');
});

test('an answer that got no reply blocks can be tried again', async () => {
  await show('given-up');
  await click('.message:last-child .link');
  expect(requests('retry')).toEqual([{ type: 'retry', id: 'answer-4' }]);
});

test('a new conversation is anonymous unless the user wants otherwise', async () => {
  await show('empty');
  await click('[data-testid="new-conversation"]');
  expect((one(SWITCH) as HTMLInputElement).checked).toBe(true);
  await click(SWITCH);
  await write('[data-testid="recipient"]', BOB);
  await write(TEXT, 'It is me.');
  await click('button.send');
  expect(requests('send')).toEqual([{ type: 'send', to: BOB, text: 'It is me.', anonymous: false }]);
  expect(chat.place.value).toBe(BOB);
  expect(one('[data-testid="peer"]').title).toBe(BOB);
});

test('Escape and the arrow lead back to the list, and the keyboard to where it was', async () => {
  await show('list');
  await click(`${ROW}[data-kind="anonymous"]`);
  expect(document.activeElement).toBe(one(TEXT));
  await press(TEXT, 'Escape');
  expect(chat.place.value).toBeUndefined();
  expect(document.activeElement).toBe(one(`${ROW}[data-kind="anonymous"]`));
  await click('[data-testid="new-conversation"]');
  expect(document.activeElement).toBe(one('[data-testid="recipient"]'));
  await click('[data-testid="back"]');
  expect(document.activeElement).toBe(one('[data-testid="new-conversation"]'));
});

test('the arrow keys go from one conversation to the next', async () => {
  await show('list');
  one(ROW).focus();
  await press(ROW, 'ArrowDown');
  expect(document.activeElement).toBe(all(ROW)[1]);
  await press(`${ROW}[data-id="${SOMEBODY}"]`, 'ArrowUp');
  expect(document.activeElement).toBe(one(ROW));
  await press(ROW, 'ArrowUp');
  expect(document.activeElement).toBe(one(ROW));
});

test('markup in a message and in the list is text', async () => {
  await show('empty');
  const text = '<img src=x onerror=alert(1)><b>bold</b>';
  const hostile = message({ id: 'h', direction: 'received', conversation: SOMEBODY, text });
  background.show(hostile);
  background.showConversation(conversation([hostile]));
  await settle();
  await click(ROW);
  expect(one('[data-testid="text"]').textContent).toBe(text);
  expect(one(`${ROW} .last`).textContent).toBe(text);
  expect(all('img, b')).toEqual([]);
});

test('a draft stays with its conversation', async () => {
  await show('list');
  await click(`${ROW}[data-id="${SOMEBODY}"]`);
  await write(TEXT, 'half a');
  await click(`${ROW}[data-id="${BOB}"]`);
  expect((one(TEXT) as HTMLTextAreaElement).value).toBe('');
  await click(`${ROW}[data-id="${SOMEBODY}"]`);
  expect((one(TEXT) as HTMLTextAreaElement).value).toBe('half a');
  chat.place.value = NEW;
  await settle();
  expect((one(TEXT) as HTMLTextAreaElement).value).toBe('');
});
