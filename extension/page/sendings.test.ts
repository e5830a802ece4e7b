// @vitest-environment node
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { DeliveryState, Sending } from '../../packages/client/src/types';
import { pageScript, PageWorld } from '../testing/page-world';

let script: string;
let world: PageWorld;
beforeAll(async () => void (script = await pageScript()));
beforeEach(() => {
  vi.useFakeTimers();
  world = new PageWorld(script);
  world.answer = ({ type }) => (type === 'cancel' ? { type: 'ok' } : { type: 'accepted', id: 'm' });
});
afterEach(() => void vi.useRealTimers());

const send = (): Promise<Sending> => world.nym.send('x', 'hi');
const tell = (state: DeliveryState, reason: string | null = null, id = 'm') =>
  world.tell({ type: 'status', id, state, reason });
const status = (state: DeliveryState) => ({ id: 'm', state, reason: null });

test('a message that was accepted is queued, and its listeners hear of every step', async () => {
  const sending = await send();
  const heard: unknown[] = [];
  expect([sending.id, sending.status]).toEqual(['m', status('queued')]);
  sending.on('status', ({ state }) => heard.push(state));
  tell('sending');
  tell('sent');
  expect(heard).toEqual(['queued', 'sending', 'sent']);
  expect(sending.status).toEqual(status('sent'));
});

test('what was told before the handle was there is not lost', async () => {
  tell('atGateway');
  expect((await send()).status).toEqual(status('atGateway'));
});

test('the page hears of the steps of all its messages', async () => {
  const heard = vi.fn();
  world.nym.on('status', heard);
  tell('sent', null, 'of an earlier load');
  expect(heard).toHaveBeenCalledWith({ id: 'of an earlier load', state: 'sent', reason: null });
});

test.each(['atGateway', 'delivered'] as const)('it is done when it is %s', async (state) => {
  const { done } = await send();
  tell('sent');
  tell(state);
  expect(await done).toEqual(status(state));
});

test('whoever asks late whether it is done is told as well', async () => {
  const sending = await send();
  tell('atGateway');
  expect(await sending.done).toEqual(status('atGateway'));
});

test('it is done with an error if it failed, and nobody who does not ask is bothered', async () => {
  const sending = await send();
  const bothered = vi.fn();
  process.on('unhandledRejection', bothered);
  tell('failed', 'No packet was confirmed for a day.');
  await vi.advanceTimersByTimeAsync(1);
  process.off('unhandledRejection', bothered);
  expect(bothered).not.toHaveBeenCalled();
  await expect(sending.done).rejects.toMatchObject({
    code: -32603,
    reason: 'message.failed',
    message: 'No packet was confirmed for a day.',
  });
});

test('it is settled also if nothing is ever told, or the extension goes away', async () => {
  const { done } = await send();
  const late = expect(done).rejects.toMatchObject({ reason: 'request.timed-out' });
  await vi.advanceTimersByTimeAsync(48 * 3_600_000);
  await late;
  const sending = await send();
  world.say({ gone: true });
  await expect(sending.done).rejects.toMatchObject({ reason: 'extension.gone' });
});

test('it can be cancelled', async () => {
  const sending = await send();
  await sending.cancel();
  expect(world.asked.at(-1)).toEqual({ type: 'cancel', id: 'm' });
});

test('a message that the user has paused waits, as far as the site is told', async () => {
  const sending = await send();
  world.tell({ type: 'status', id: 'm', state: 'paused', reason: null });
  expect(sending.status.state).toBe('queued');
});
