import { expect, test } from 'vitest';
import { day, secondsUntil } from './time';

test.each([
  [10_000, 0, 10],
  [10_000, 9_001, 1],
  [10_000, 10_000, 0],
  [10_000, 20_000, 0],
])('until %i from %i are %i seconds', (then, now, seconds) => {
  expect(secondsUntil(then, now)).toBe(seconds);
});

test('two moments of one day have the same heading', () => {
  const noon = new Date(2026, 2, 3, 12).getTime();
  expect(day(noon)).toBe(day(noon + 3_600_000));
  expect(day(noon)).not.toBe(day(noon + 86_400_000));
});
