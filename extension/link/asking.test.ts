import { expect, test } from 'vitest';
import { Asking } from './asking';
import { RequestError } from './background-link';

const REFUSED = { code: 'no', fault: 'you', message: 'No.' } as const;

test('while something is under way, it is not begun again', async () => {
  const asking = new Asking();
  let finish: (value: string) => void = () => undefined;
  const first = asking.run(() => new Promise<string>((resolve) => (finish = resolve)));
  expect(asking.busy.value).toBe(true);
  expect(await asking.run(async () => 'second')).toBeUndefined();
  finish('first');
  expect(await first).toBe('first');
  expect(asking.busy.value).toBe(false);
});

test('a refusal is kept until the next attempt', async () => {
  const asking = new Asking();
  await asking.run(() => Promise.reject(new RequestError(REFUSED)));
  expect(asking.error.value).toEqual(REFUSED);
  expect(await asking.run(async () => 1)).toBe(1);
  expect(asking.error.value).toBeNull();
});

test('a mistake of the page is no refusal', async () => {
  const asking = new Asking();
  await expect(asking.run(() => Promise.reject(new TypeError('oops')))).rejects.toThrow('oops');
  expect(asking.busy.value).toBe(false);
});
