import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground, STARTING } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { BOB, conversation, message, SOMEBODY } from '../testing/scenarios';
import { Chat } from './chat';
import { Search } from './search';

const BOBS = Array.from({ length: 50 }, (_, at) =>
  message({ id: `bob-${at}`, at, text: `Key number ${at}` }),
);
const THEIRS = message({ id: 'theirs', at: 48.5, conversation: SOMEBODY, text: 'no KEY here' });

let background: FakeBackground;
let search: Search;
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  background = new FakeBackground(installFakeBrowser(), {
    ...structuredClone(STARTING),
    conversations: [{ ...conversation(BOBS), name: 'Keynes' }, conversation([THEIRS])],
    messages: [...BOBS, THEIRS].toSorted((one, other) => one.at - other.at),
  });
  const chat = new Chat();
  const link = new BackgroundLink((event) => chat.apply(event));
  search = new Search(link, chat);
  stop = search.follow();
  await vi.advanceTimersByTimeAsync(10);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const asked = () => background.requests.filter(({ type }) => type === 'search');
async function look(text: string): Promise<void> {
  search.text.value = text;
  await vi.advanceTimersByTimeAsync(300);
}
const found = () => search.groups.value.flatMap(({ messages }) => messages.map(({ id }) => id));

test('messages are found by conversation, the newest first, whatever the case', async () => {
  await look('key');
  expect(search.groups.value.map(({ id }) => id)).toEqual([BOB, SOMEBODY]);
  expect(found().slice(0, 2)).toEqual(['bob-49', 'bob-48']);
  expect(search.people.value.map(({ name }) => name)).toEqual(['Keynes']);
});

test('more is looked for on request, until there is no more, and nothing is found twice', async () => {
  await look('key');
  expect(found()).toHaveLength(20);
  await search.next();
  await search.next();
  expect(search.done.value).toBe(true);
  expect(new Set(found()).size).toBe(51);
  await search.next();
  expect(asked()).toHaveLength(3);
});

test('whoever types is not asked for at every letter', async () => {
  for (const text of ['k', 'ke', 'key']) {
    search.text.value = text;
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked()).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked()).toMatchObject([{ text: 'key' }]);
});

test('one letter finds contacts, and no messages', async () => {
  await look('k');
  expect(search.people.value.length).toBeGreaterThan(0);
  expect(asked()).toEqual([]);
});

test('what was found for something else is gone at once', async () => {
  await look('key');
  search.text.value = 'nowhere';
  expect(found()).toEqual([]);
  await vi.advanceTimersByTimeAsync(300);
  expect([found(), search.done.value]).toEqual([[], true]);
});

test('an answer to what was looked for before is not shown', async () => {
  search.text.value = 'key';
  await vi.advanceTimersByTimeAsync(199);
  const going = search.next();
  search.text.value = 'here';
  await going;
  expect(found()).toEqual([]);
  await vi.advanceTimersByTimeAsync(300);
  expect(found()).toEqual(['theirs']);
});

test('a search that fails says so, and can be tried again', async () => {
  background.refuse('search', { code: 'storage.failed', fault: 'storage', message: 'The disk failed.' });
  await look('key');
  expect([search.problem.value?.message, search.looking.value]).toEqual(['The disk failed.', false]);
  background.allow('search');
  await search.next();
  expect([search.problem.value, found().length]).toEqual([null, 20]);
});
