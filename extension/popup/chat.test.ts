import { beforeEach, expect, test } from 'vitest';
import type { DeliveryView, MessageView } from 'sotto-wasm';
import { STARTING } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { message } from '../testing/scenarios';
import { Chat, deliveryText } from './chat';

let chat: Chat;
beforeEach(() => {
  installFakeBrowser();
  chat = new Chat();
});

const ids = () => chat.messages.value.map(({ id }) => id);
const show = (shown: MessageView) => chat.apply({ type: 'message', message: shown });

test('a snapshot replaces all that was known', () => {
  show(message({ id: 'old' }));
  chat.apply({
    type: 'snapshot',
    snapshot: { ...STARTING, address: 'a.b@c', messages: [message({ id: 'new' })] },
  });
  expect(ids()).toEqual(['new']);
  expect(chat.address.value).toBe('a.b@c');
});

test('a message is shown once, however often it is told, and keeps its place', () => {
  show(message({ id: '1' }));
  show(message({ id: '2' }));
  show(message({ id: '1', delivery: { state: 'sent' } }));
  expect(ids()).toEqual(['1', '2']);
  expect(chat.messages.value[0]?.delivery?.state).toBe('sent');
  chat.apply({ type: 'removed', id: '1' });
  expect(ids()).toEqual(['2']);
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
  [null, ''],
])('%j reads as %j', (delivery, shown) => {
  expect(deliveryText(delivery)).toBe(shown);
});
