import { beforeEach, expect, test } from 'vitest';
import type { DeliveryView, MessageView, Snapshot } from 'sotto-wasm';
import { STARTING } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { BOB, conversation, message, SOMEBODY } from '../testing/scenarios';
import { Chat, deliveryText } from './chat';

let chat: Chat;
beforeEach(() => {
  installFakeBrowser();
  chat = new Chat();
});

const ids = () => chat.section.value?.messages.map(({ id }) => id);
const tell = (known: Partial<Snapshot>) =>
  chat.apply({ type: 'snapshot', snapshot: { ...STARTING, ...known } });
const show = (shown: MessageView) => chat.apply({ type: 'message', message: shown });
const list = () => chat.conversations.value.map(({ id }) => id);

test('a snapshot replaces all that was known', () => {
  chat.apply({ type: 'conversation', conversation: conversation([message({ conversation: 'old' })]) });
  const settings = { ...STARTING.settings, receipts: false };
  tell({ address: 'a.b@c', settings, conversations: [conversation([message({})])] });
  expect(list()).toEqual([BOB]);
  expect(chat.address.value).toBe('a.b@c');
  expect(chat.settings.value?.receipts).toBe(false);
});

test('a message is shown once, however often it is told, and keeps its place', () => {
  chat.place.value = BOB;
  tell({ messages: [message({ id: '1' })] });
  show(message({ id: '2' }));
  show(message({ id: '1', delivery: { state: 'sent' } }));
  expect(ids()).toEqual(['1', '2']);
  expect(chat.section.value?.messages[0]?.delivery?.state).toBe('sent');
  chat.apply({ type: 'removed', id: '1' });
  expect(ids()).toEqual(['2']);
});

test('a locked vault leaves nothing of what was read', () => {
  chat.place.value = BOB;
  tell({ messages: [message({ id: '1' })] });
  tell({ stage: { name: 'locked' } });
  expect(ids()).toBeUndefined();
  expect(chat.isUnlocked.value).toBe(false);
});

test('what is in view stays in view over a snapshot that does not tell of it', () => {
  chat.place.value = BOB;
  tell({ messages: [message({ id: '1' })] });
  tell({ messages: [message({ id: 'x', conversation: SOMEBODY })] });
  expect(ids()).toEqual(['1']);
});

test('of conversations that are not open the end is kept, and not of all', () => {
  const many = (conversation: string) =>
    Array.from({ length: 100 }, (_, n) => message({ id: `${conversation}-${n}`, conversation, at: n }));
  for (let n = 0; n < 20; n++) {
    chat.setSection(`c${n}`, { messages: many(`c${n}`), older: false, newer: false });
  }
  const kept = [...chat.sections.value];
  expect(kept.map(([id]) => id)).toEqual(['c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19']);
  const rest = chat.sections.value.get('c11');
  expect([rest?.messages.length, rest?.messages.at(-1)?.id, rest?.older]).toEqual([40, 'c11-99', true]);
});

test('the conversation that was active last is the first, and one that is gone is not listed', () => {
  const old = conversation([message({ conversation: 'old', at: 1 })]);
  const middle = conversation([message({ conversation: 'middle', at: 2 })]);
  for (const one of [middle, old]) chat.apply({ type: 'conversation', conversation: one });
  expect(list()).toEqual(['middle', 'old']);
  const active = conversation([message({ conversation: 'old', at: 3 })]);
  chat.apply({ type: 'conversation', conversation: active });
  expect(list()).toEqual(['old', 'middle']);
  chat.apply({ type: 'conversationRemoved', id: 'old' });
  expect(list()).toEqual(['middle']);
});

test('a conversation that is gone gives way to the list, and one that is not known yet does not', () => {
  chat.place.value = SOMEBODY;
  expect(chat.isOpen.value).toBe(true);
  chat.apply({ type: 'snapshot', snapshot: STARTING });
  expect(chat.isOpen.value).toBe(false);
  chat.apply({ type: 'conversation', conversation: conversation([message({ conversation: SOMEBODY })]) });
  expect(chat.isOpen.value).toBe(true);
  chat.place.value = undefined;
  expect(chat.isOpen.value).toBe(false);
});

test('an open conversation shows its own messages alone', () => {
  chat.place.value = SOMEBODY;
  tell({ messages: [message({ id: '1', conversation: SOMEBODY })] });
  show(message({ id: '2', conversation: BOB }));
  expect(ids()).toEqual(['1']);
});

test('each conversation opens with its messages', () => {
  chat.place.value = SOMEBODY;
  chat.details.value = true;
  chat.place.value = BOB;
  expect(chat.details.value).toBe(false);
});

test('the newest message counts as unseen while its open conversation has something unread', () => {
  const asked = message({ id: '1', conversation: SOMEBODY, direction: 'received' });
  tell({ messages: [asked] });
  chat.apply({ type: 'conversation', conversation: conversation([asked], 1) });
  expect(chat.unseen.value).toBeUndefined();
  chat.place.value = SOMEBODY;
  expect(chat.unseen.value).toBe('1');
  const past = { messages: [asked], older: true, newer: true };
  chat.setSection(SOMEBODY, past);
  expect(chat.unseen.value).toBeUndefined();
  chat.setSection(SOMEBODY, { ...past, newer: false });
  chat.apply({ type: 'conversation', conversation: conversation([asked], 0) });
  expect(chat.unseen.value).toBeUndefined();
});

test('the level of an anonymous correspondent follows what is told of it, and no other does', () => {
  for (const id of [SOMEBODY, BOB]) {
    chat.apply({ type: 'conversation', conversation: conversation([message({ conversation: id })]) });
  }
  const level = { available: 11, bytes: 1_595 };
  chat.apply({ type: 'surbs', conversation: SOMEBODY, level });
  chat.apply({ type: 'surbs', conversation: BOB, level });
  expect(chat.conversations.value.map(({ peer }) => peer)).toEqual(
    expect.arrayContaining([
      { kind: 'anonymous', tag: SOMEBODY, level },
      { kind: 'address', address: BOB },
    ]),
  );
});

test('an answer that waits says whether more reply blocks could be asked for', () => {
  const waits: DeliveryView = { state: 'waitingForReplyBlocks' };
  expect(deliveryText(waits, { available: 10, bytes: 0 })).toMatch(/has asked for more/);
  expect(deliveryText(waits, { available: 0, bytes: 0 })).toMatch(/no reply block is left/);
});

test('a screen reader hears new messages and new states, and no progress', () => {
  show(message({ id: 'in', direction: 'received', text: 'hello', delivery: null }));
  expect(chat.announcement.value).toBe('New message: hello');
  show(message({ id: 'out', delivery: { state: 'atGateway' } }));
  expect(chat.announcement.value).toBe('Arrived at their gateway');
  show(message({ id: 'big', delivery: { state: 'sending', acked: 1, total: 9 } }));
  expect(chat.announcement.value).toBe('Arrived at their gateway');
});

test.each<[DeliveryView | null, string]>([
  [{ state: 'queued' }, 'Waiting to be sent'],
  [
    { state: 'queued', problem: { code: 'x', message: 'Their gateway is gone.', canRetry: true } },
    'Their gateway is gone.',
  ],
  [{ state: 'sending', acked: 3, total: 10 }, 'Sending 3 of 10'],
  [{ state: 'sent' }, 'Sent, on its way'],
  [{ state: 'atGateway' }, 'Arrived at their gateway'],
  [{ state: 'failed', problem: { code: 'x', message: 'Too old.', canRetry: false } }, 'Too old.'],
  [{ state: 'delivered' }, 'Delivered'],
  [{ state: 'paused', acked: 3, total: 10 }, 'Paused'],
  [null, ''],
])('%j reads as %j', (delivery, shown) => {
  expect(deliveryText(delivery)).toBe(shown);
});
