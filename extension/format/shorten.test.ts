import { expect, test } from 'vitest';
import { shorten } from './shorten';

test.each([
  ['short', 5, 'short'],
  ['abcdefgh', 5, 'ab…gh'],
  ['abcdefgh', 6, 'abc…gh'],
  ['', 5, ''],
])('%j in %i characters is %j', (name, length, shown) => {
  expect(shorten(name, length)).toBe(shown);
});
