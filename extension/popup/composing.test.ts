import { beforeEach, expect, test } from 'vitest';
import { loadDraft } from '../browser/draft';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { Composing } from './composing';

let background: FakeBackground;
let composing: Composing;

beforeEach(() => {
  background = new FakeBackground(installFakeBrowser());
  composing = new Composing(new BackgroundLink(() => undefined));
});

const sends = () => background.requests.filter(({ type }) => type === 'send');

test('an accepted message leaves the field empty and the recipient in place', async () => {
  composing.write({ to: ' a.b@c ', text: 'hello ' });
  await composing.send();
  expect(sends()).toEqual([{ type: 'send', to: 'a.b@c', text: 'hello ' }]);
  expect([composing.to.value, composing.text.value]).toEqual([' a.b@c ', '']);
});

test('a refused message stays in the field, with the reason beside it until something changes', async () => {
  background.refuse('send', { code: 'bad_address', fault: 'you', message: 'No address.' });
  composing.write({ to: 'x', text: 'hello' });
  await composing.send();
  expect(composing.text.value).toBe('hello');
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

test('a message is sent once, however often Enter is pressed', async () => {
  composing.write({ to: 'a.b@c', text: 'hello' });
  await Promise.all([composing.send(), composing.send()]);
  expect(sends()).toHaveLength(1);
});

test('what is written while a message is being accepted is not lost', async () => {
  composing.write({ to: 'a.b@c', text: 'one' });
  const sending = composing.send();
  composing.write({ text: 'two' });
  await sending;
  expect(composing.text.value).toBe('two');
});

test('a draft is there again when the popup opens, and gone once it is sent', async () => {
  composing.write({ to: 'a.b@c', text: 'half' });
  const reopened = new Composing(new BackgroundLink(() => undefined));
  await reopened.restore();
  expect([reopened.to.value, reopened.text.value]).toEqual(['a.b@c', 'half']);
  await reopened.send();
  expect(await loadDraft()).toEqual({ to: 'a.b@c', text: '' });
});
