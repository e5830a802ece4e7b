import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Event } from 'sotto-wasm';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground, STARTING } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { BOB, conversation, message, SOMEBODY } from '../testing/scenarios';
import { Chat } from './chat';
import { History } from './history';
import { MOST } from './section';

const ALL = Array.from({ length: 1_000 }, (_, at) => message({ id: `${at}`, at }));

let background: FakeBackground;
let chat: Chat;
let history: History;
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  background = new FakeBackground(installFakeBrowser(), {
    ...structuredClone(STARTING),
    conversations: [conversation(ALL), conversation([message({ id: 'x', conversation: SOMEBODY })])],
  });
  chat = new Chat();
  const link = new BackgroundLink((event: Event) => chat.apply(event));
  history = new History(link, chat);
  stop = history.follow();
  await settle();
  background.state.messages = [...ALL];
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(50);
const ids = () => chat.section.value?.messages.map(({ id }) => Number(id)) ?? [];
const asked = () => background.requests.filter(({ type }) => type === 'messages');
/** Whether these are numbers in a row, each once. */
const inARow = (numbers: number[]) => numbers.every((number, at) => number === (numbers[0] ?? 0) + at);

async function open(place: string): Promise<void> {
  chat.place.value = place;
  await settle();
}

test('a conversation that opens asks for its newest messages', async () => {
  expect(asked()).toEqual([]);
  await open(BOB);
  expect(asked()).toEqual([{ type: 'messages', conversation: BOB, before: undefined, after: undefined }]);
  expect([ids()[0], ids().at(-1)]).toEqual([950, 999]);
});

test('all of ten times as much as is kept can be read, back to the beginning and forward again', async () => {
  await open(BOB);
  while (chat.section.value?.older) {
    await history.older();
    expect(inARow(ids())).toBe(true);
    expect(ids().length).toBeLessThanOrEqual(MOST);
  }
  expect(ids()[0]).toBe(0);
  while (chat.section.value?.newer) {
    await history.newer();
    expect(inARow(ids())).toBe(true);
    expect(ids().length).toBeLessThanOrEqual(MOST);
  }
  expect(ids().at(-1)).toBe(999);
});

test('the same page is not asked for twice at once', async () => {
  await open(BOB);
  await Promise.all([history.older(), history.older()]);
  expect(asked()).toHaveLength(2);
  expect(ids()[0]).toBe(900);
});

test('a message that comes while the newest are fetched is there once, as it was told last', async () => {
  chat.place.value = BOB;
  await Promise.resolve();
  chat.apply({ type: 'message', message: message({ id: '1000', at: 1_000, text: 'early' }) });
  chat.apply({ type: 'message', message: message({ id: '999', at: 999, text: 'changed' }) });
  chat.apply({ type: 'removed', id: '998' });
  await settle();
  expect(ids().slice(-3)).toEqual([997, 999, 1_000]);
  expect(chat.section.value?.messages.slice(-2).map(({ text }) => text)).toEqual(['changed', 'early']);
});

test('what somebody reads in the past is not pushed away by what is new', async () => {
  await open(BOB);
  for (let n = 0; n < 5; n++) await history.older();
  const before = ids();
  chat.apply({ type: 'message', message: message({ id: '1000', at: 1_000 }) });
  expect(ids()).toEqual(before);
  background.state.messages.push(message({ id: '1000', at: 1_000 }));
  await history.newest();
  expect(ids().at(-1)).toBe(1_000);
});

test('a found message is opened with what was said around it, and leads back to the newest', async () => {
  await history.goTo(ALL[300] as (typeof ALL)[0]);
  await settle();
  expect(history.target.value).toBe('300');
  expect([ids()[0], ids().at(-1)]).toEqual([250, 350]);
  await history.newest();
  expect(ids().at(-1)).toBe(999);
  expect(history.target.value).toBeUndefined();
});

test('a found message that is in view already needs no asking', async () => {
  await open(BOB);
  const before = asked().length;
  await history.goTo(ALL[960] as (typeof ALL)[0]);
  expect(history.target.value).toBe('960');
  expect(asked()).toHaveLength(before);
});

test('an answer for a conversation that was left does not get into another', async () => {
  chat.place.value = BOB;
  await Promise.resolve();
  chat.place.value = SOMEBODY;
  await settle();
  expect(ids()).toEqual([]);
  expect(chat.sections.value.get(BOB)?.messages.length ?? 0).toBe(0);
});

test('what could not be fetched is said, and can be tried again', async () => {
  await open(BOB);
  background.refuse('messages', { code: 'storage.failed', fault: 'storage', message: 'The disk failed.' });
  await history.older();
  expect(history.problem.value).toMatchObject({ side: 'older', error: { message: 'The disk failed.' } });
  background.allow('messages');
  await history.again();
  expect(history.problem.value).toBeNull();
  expect(ids()[0]).toBe(900);
});

test('a background that was started anew is asked again, and what is in view stays', async () => {
  await open(BOB);
  await history.older();
  background.die();
  await vi.advanceTimersByTimeAsync(500);
  expect([ids()[0], ids().at(-1)]).toEqual([900, 999]);
  expect(asked()).toHaveLength(3);
});
