import { expect, test } from 'vitest';
import { clock, day, secondsUntil, when } from './time';

test.each([
  [10_000, 0, 10],
  [10_000, 9_001, 1],
  [10_000, 10_000, 0],
  [10_000, 20_000, 0],
])('until %i from %i are %i seconds', (then, now, seconds) => {
  expect(secondsUntil(then, now)).toBe(seconds);
});

test('a list shows the time of what is of today, and the date of what is older', () => {
  const noon = new Date(2026, 2, 3, 12).getTime();
  expect(when(noon, noon + 3_600_000)).toBe(clock(noon));
  expect(when(noon, noon + 86_400_000)).toMatch(/3/);
  expect(when(noon, noon + 86_400_000)).not.toMatch(/:/);
});

test('two moments of one day have the same heading', () => {
  const noon = new Date(2026, 2, 3, 12).getTime();
  expect(day(noon)).toBe(day(noon + 3_600_000));
  expect(day(noon)).not.toBe(day(noon + 86_400_000));
});
