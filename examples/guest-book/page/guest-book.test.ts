import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Message, Permission } from 'sotto-client';
import { createTestPair, type TestNym, type TestNymOptions } from 'sotto-client/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GuestBook } from './guest-book';
import { listen, show } from './view';

const PAGE = readFileSync(join(import.meta.dirname, 'index.html'), 'utf8');
const BOTH: Permission[] = ['send', 'receive'];

const text = (id: string) => document.getElementById(id)!.textContent;
const isShown = (id: string) => !document.getElementById(id)!.hidden;
const own = () => [...document.querySelectorAll<HTMLElement>('#own li')];

beforeEach(() => {
  // Without what a browser would load.
  document.documentElement.innerHTML = PAGE.replace(/<(link|script|meta)[^>]*>/g, '');
  localStorage.clear();
});
afterEach(() => vi.restoreAllMocks());

interface World {
  book: GuestBook;
  visitor: TestNym;
  owner: TestNym;
  /** What the owner's program got, in order. */
  got: Message[];
}

async function open(
  options: TestNymOptions = {},
  pair = createTestPair(options, { granted: ['receive', 'reply'] }),
): Promise<World> {
  const [visitor, owner] = pair;
  const got: Message[] = [];
  owner.on('message', (message) => got.push(message));
  await owner.connect({ permissions: ['receive'] });
  const book: GuestBook = new GuestBook(owner.ownAddress, localStorage, () => show(book));
  listen(book);
  show(book);
  await book.start(visitor);
  return { book, visitor, owner, got };
}

/** Types into the page and presses the button. */
async function write(words: string): Promise<void> {
  document.querySelector<HTMLTextAreaElement>('#text')!.value = words;
  document.querySelector<HTMLButtonElement>('#send')!.click();
}

async function until(check: () => void): Promise<void> {
  await vi.waitFor(check, { interval: 1 });
}

/** The service says something to whoever wrote last. */
async function say({ owner, got }: World, response: Json): Promise<void> {
  await (
    await owner.reply(got.at(-1)!.tag!, response)
  ).done;
}

test('without the extension the page says what is missing', async () => {
  const book: GuestBook = new GuestBook('address', localStorage, () => show(book));
  await book.start(undefined);
  expect(text('status-text')).toContain('needs the extension');
  expect([isShown('connect'), isShown('form')]).toEqual([false, false]);
});

test('nobody is asked before they press the button', async () => {
  const { visitor } = await open();
  expect(visitor.user.asked).toEqual([]);
  expect([isShown('connect'), isShown('form')]).toEqual([true, false]);
  document.getElementById('connect')!.click();
  await until(() => expect(isShown('form')).toBe(true));
  expect(visitor.user.asked).toEqual([BOTH]);
});

test('while the user is asked the page says so, and takes a refusal well', async () => {
  const { visitor } = await open();
  visitor.user.next.push(() => {
    expect(text('status-text')).toContain('asking you');
    return 'refuse';
  });
  document.getElementById('connect')!.click();
  await until(() => expect(text('status-hint')).toContain('You said no'));
  expect([isShown('connect'), isShown('form')]).toEqual([true, false]);
});

test('half a permission is not enough', async () => {
  const { visitor } = await open({ answer: ['send'] });
  document.getElementById('connect')!.click();
  await until(() => expect(text('status-hint')).toContain('needs both'));
  expect(visitor.sent).toEqual([]);
});

test('who allowed it before is connected at once, and sees what is in the book', async () => {
  const world = await open({ granted: BOTH, answer: 'refuse' });
  expect(world.visitor.user.asked).toEqual([]);
  await until(() => expect(world.got.map(({ data }) => data)).toEqual([{ type: 'latest' }]));
  const latest = [{ number: 1, text: '<b>hi</b>', answer: 'welcome', writtenAt: 0 }];
  await say(world, { type: 'latest', latest });
  await until(() => expect(text('book')).toContain('<b>hi</b>'));
  expect(text('book')).toContain('The keeper answeredwelcome');
  expect(document.querySelectorAll('#book p b')).toHaveLength(0);
});

test('an entry is followed from its writing to its answer, and anonymous', async () => {
  const world = await open({ granted: BOTH });
  await write('Hello!');
  await until(() => expect(own()[0]?.dataset.state).toBe('atGateway'));
  expect(document.querySelector<HTMLTextAreaElement>('#text')!.value).toBe('');
  const { data, from, tag } = world.got.at(-1)!;
  const { reference } = data as { reference: string };
  expect(data).toEqual({ type: 'entry', text: 'Hello!', reference });
  expect([from, tag]).toEqual([null, expect.any(String)]);
  await say(world, { type: 'thanks', number: 7, reference, latest: [] });
  await until(() => expect(own()[0]?.textContent).toContain('no. 7'));
  await say(world, { type: 'answer', number: 7, text: 'Thank you' });
  await until(() => expect(own()[0]?.textContent).toContain('Thank you'));
  expect(own()[0]?.dataset.state).toBe('answered');
});

test('what was written is there at the next visit, and its answer comes then', async () => {
  const pair = createTestPair({ granted: BOTH }, { granted: ['receive', 'reply'] });
  const world = await open({}, pair);
  await write('Hello!');
  await until(() => expect(own()[0]?.dataset.state).toBe('atGateway'));
  const { reference } = world.got.at(-1)!.data as { reference: string };
  await say(world, { type: 'thanks', number: 7, reference, latest: [] });
  const again: GuestBook = new GuestBook(world.owner.ownAddress, localStorage, () => show(again));
  await again.start(world.visitor);
  await say(world, { type: 'answer', number: 7, text: 'Still here' });
  await until(() => expect(again.own[0]?.answer).toBe('Still here'));
});

test('an answer that found no way back is read in the book', async () => {
  const world = await open({ granted: BOTH });
  await write('Hello!');
  await until(() => expect(own()[0]?.dataset.state).toBe('atGateway'));
  const { reference } = world.got.at(-1)!.data as { reference: string };
  await say(world, { type: 'thanks', number: 7, reference, latest: [] });
  const latest = [{ number: 7, text: 'Hello!', answer: 'Too late for a reply', writtenAt: 0 }];
  await say(world, { type: 'latest', latest });
  await until(() => expect(own()[0]?.textContent).toContain('Too late for a reply'));
});

test('what cannot be sent stays in the field, with the reason', async () => {
  const { visitor } = await open({ granted: BOTH });
  visitor.refuseNext('queue.full');
  await write('Hello!');
  await until(() => expect(text('error')).not.toBe(''));
  expect(document.querySelector<HTMLTextAreaElement>('#text')!.value).toBe('Hello!');
  expect(own()).toHaveLength(0);
});

test('what gets lost, or is refused by the book, says so', async () => {
  const world = await open({ granted: BOTH });
  world.visitor.failNext('message.expired');
  await write('Lost');
  await until(() => expect(own()[0]?.textContent).toContain('Not written: The book could not be reached'));
  await write('Rude');
  await until(() => expect(own()[0]?.dataset.state).toBe('atGateway'));
  const { reference } = world.got.at(-1)!.data as { reference: string };
  await say(world, { type: 'refused', message: 'Be kind.', reference });
  await until(() => expect(own()[0]?.textContent).toContain('Be kind.'));
});

test('nobody but the book is believed', async () => {
  const { visitor, book } = await open({ granted: BOTH });
  const latest = [{ number: 1, text: 'forged', answer: null, writtenAt: 0 }];
  for (const from of [null, 'somebody@else']) visitor.receive({ from, data: { type: 'latest', latest } });
  expect(book.latest).toEqual([]);
  visitor.receive({ from: book['service'].replace(/@.*/, '@moved'), data: { type: 'latest', latest } });
  expect(book.latest).toHaveLength(1);
});

test('a revoked permission takes the form away', async () => {
  const { visitor } = await open({ granted: BOTH });
  expect(isShown('form')).toBe(true);
  visitor.setPermissions(['send']);
  expect([isShown('form'), isShown('connect')]).toEqual([false, true]);
});
