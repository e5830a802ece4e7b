import { beforeEach, expect, test, vi } from 'vitest';
import { loadDrafts } from '../browser/draft';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { BOB, conversation, message, SOMEBODY, UNKNOWN } from '../testing/scenarios';
import { Chat, NEW } from './chat';
import { Composing } from './composing';

let background: FakeBackground;
let chat: Chat;
let composing: Composing;

beforeEach(() => {
  background = new FakeBackground(installFakeBrowser());
  chat = new Chat();
  chat.place.value = NEW;
  composing = new Composing(new BackgroundLink(() => undefined), chat);
});

const sends = () => background.requests.filter(({ type }) => type === 'send' || type === 'reply');
const draft = () => composing.draft.value;

/** Opens a conversation in which something was said, the last time anonymously or not. */
function open(id: string, anonymous = false): void {
  const talk = conversation([message({ conversation: id, anonymous })]);
  chat.apply({ type: 'conversation', conversation: talk });
  chat.place.value = id;
}

test('an accepted message opens its conversation and leaves nothing behind', async () => {
  composing.write({ to: ' a.b@c ', text: 'hello ' });
  await composing.send();
  expect(sends()).toEqual([{ type: 'send', to: 'a.b@c', text: 'hello ', anonymous: true }]);
  expect(chat.place.value).toBe('a.b@c');
  chat.place.value = NEW;
  expect([draft().to, draft().text]).toEqual(['', '']);
});

test('a refused message stays in the field, with the reason beside it until something changes', async () => {
  background.refuse('send', { code: 'bad_address', fault: 'you', message: 'No address.' });
  composing.write({ to: 'x', text: 'hello' });
  await composing.send();
  expect(draft().text).toBe('hello');
  expect(composing.error.value?.message).toBe('No address.');
  composing.write({ to: 'xy' });
  expect(composing.error.value).toBeNull();
});

test.each([
  ['', 'hello'],
  ['a.b@c', ''],
  ['a.b@c', ' \n'],
])('nothing is sent to %j with text %j', async (to, text) => {
  composing.write({ to, text });
  await composing.send();
  expect(sends()).toEqual([]);
});

test('an anonymous correspondent is answered by tag, and nobody who is unknown', async () => {
  open(SOMEBODY);
  composing.write({ text: 'who?' });
  await composing.send();
  open(UNKNOWN);
  composing.write({ text: 'and who?' });
  await composing.send();
  expect(sends()).toEqual([{ type: 'reply', to: SOMEBODY, text: 'who?' }]);
});

test('a conversation goes on as it was, anonymously or not, until the user wants otherwise', async () => {
  const anonymous = () => composing.anonymous.value;
  expect(anonymous()).toBe(true);
  open(BOB, false);
  expect(anonymous()).toBe(false);
  open(BOB, true);
  expect(anonymous()).toBe(true);
  composing.write({ anonymous: false, text: 'it is me' });
  await composing.send();
  expect(sends()).toEqual([{ type: 'send', to: BOB, text: 'it is me', anonymous: false }]);
});

test('a message is sent once, however often Enter is pressed', async () => {
  composing.write({ to: 'a.b@c', text: 'hello' });
  await Promise.all([composing.send(), composing.send()]);
  expect(sends()).toHaveLength(1);
});

test('what is written while a message is being accepted is not lost', async () => {
  open(BOB);
  composing.write({ text: 'one' });
  const sending = composing.send();
  composing.write({ text: 'two' });
  await sending;
  expect(draft().text).toBe('two');
});

test('who went elsewhere while a message was being accepted is left there', async () => {
  composing.write({ to: 'a.b@c', text: 'one' });
  const sending = composing.send();
  chat.place.value = undefined;
  await sending;
  expect(chat.place.value).toBeUndefined();
});

test('each conversation has a draft of its own, there again when the popup opens and gone once sent', async () => {
  composing.write({ to: 'a.b@c', text: 'half' });
  open(SOMEBODY);
  composing.write({ text: 'dear' });
  const reopened = new Composing(new BackgroundLink(() => undefined), chat);
  await reopened.restore();
  expect(reopened.draft.value.text).toBe('dear');
  await reopened.send();
  chat.place.value = NEW;
  expect(reopened.draft.value).toMatchObject({ to: 'a.b@c', text: 'half' });
  expect([...(await loadDrafts()).keys()]).toEqual([NEW]);
});

test('what the user writes before the stored drafts are read stays', async () => {
  composing.write({ to: 'a.b@c', text: 'old' });
  const reopened = new Composing(new BackgroundLink(() => undefined), chat);
  reopened.write({ text: 'new' });
  await reopened.restore();
  expect(reopened.draft.value.text).toBe('new');
});

const file = (name: string, bytes: number) => new File([new Uint8Array(bytes)], name, { type: 'text/plain' });
const names = () => composing.attachments.value.map(({ file }) => file.name);

test('a file is handed over and sent after the text, by its name and type', async () => {
  open(BOB);
  composing.attach([file('notes.txt', 700_000)]);
  composing.write({ text: 'here' });
  await composing.send();
  const types = background.requests.map(({ type }) => type).filter((type) => type !== 'subscribe');
  expect(types).toEqual(['send', 'uploadPart', 'uploadPart', 'sendFile']);
  expect(background.requests.at(-1)).toMatchObject({
    conversation: BOB,
    name: 'notes.txt',
    mediaType: 'text/plain',
    anonymous: false,
  });
  expect(names()).toEqual([]);
});

test('a file goes without a text, also to somebody anonymous and to a new address', async () => {
  open(SOMEBODY);
  composing.attach([file('a.txt', 10)]);
  await composing.send();
  chat.place.value = NEW;
  composing.write({ to: 'a.b@c' });
  composing.attach([file('b.txt', 10)]);
  await composing.send();
  const sent = background.requests.filter((request) => request.type === 'sendFile');
  expect(sent.map(({ conversation }) => conversation)).toEqual([SOMEBODY, 'a.b@c']);
  expect(chat.place.value).toBe('a.b@c');
});

test('a file of more than 5 MB is refused before anything is sent, and the others stay', () => {
  open(BOB);
  composing.attach([file('small.txt', 10), file('Film \u202E.mov', 5 * 1024 * 1024 + 1)]);
  expect(composing.error.value?.message).toMatch(/^Film \.mov is too large: it has 5\.2 MB/);
  expect(names()).toEqual(['small.txt']);
  composing.attach([file('just.bin', 5 * 1024 * 1024)]);
  expect(names()).toEqual(['small.txt', 'just.bin']);
});

test('a file that is refused stays, with the reason, and what was sent does not', async () => {
  open(BOB);
  background.refuse('sendFile', { code: 'x', fault: 'you', message: 'Too many files wait.' });
  composing.write({ text: 'here' });
  composing.attach([file('a.txt', 10)]);
  await composing.send();
  expect([draft().text, names()]).toEqual(['', ['a.txt']]);
  expect(composing.error.value?.message).toBe('Too many files wait.');
});

test('a file can be left out again, and stays with its conversation', () => {
  open(BOB);
  const one = file('a.txt', 1);
  composing.attach([one, file('b.txt', 1)]);
  composing.detach(one);
  open(SOMEBODY);
  expect(names()).toEqual([]);
  open(BOB);
  expect(names()).toEqual(['b.txt']);
});

test('a new contact gets its name before its first message', async () => {
  composing.write({ to: 'a.b@c', name: ' Bob ', text: 'hello' });
  await composing.send();
  expect(background.requests.slice(-2)).toEqual([
    { type: 'addContact', address: 'a.b@c', name: 'Bob' },
    { type: 'send', to: 'a.b@c', text: 'hello', anonymous: true },
  ]);
});

test('a contact can be added without writing', async () => {
  composing.write({ to: 'a.b@c', name: 'Bob' });
  await composing.addContact();
  expect(chat.place.value).toBe('a.b@c');
  chat.place.value = NEW;
  expect([draft().to, draft().name]).toEqual(['', '']);
});

test('what was written is forgotten when the vault is locked, in the page and in the browser', async () => {
  const stop = composing.forgetWhenLocked();
  open(BOB);
  chat.stage.value = { name: 'open', protection: 'passphrase' };
  composing.write({ text: 'secret' });
  composing.attach([file('a.txt', 1)]);
  expect((await loadDrafts()).size).toBe(1);
  chat.stage.value = { name: 'locked' };
  await vi.waitFor(async () => expect((await loadDrafts()).size).toBe(0));
  expect([draft().text, names()]).toEqual(['', []]);
  stop();
});
