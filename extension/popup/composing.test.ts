import { beforeEach, expect, test } from 'vitest';
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
