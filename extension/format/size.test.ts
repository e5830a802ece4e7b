import { expect, test } from 'vitest';
import { byteLength, size } from './size';

test.each([
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1 kB'],
  [12_345, '12 kB'],
  [1_500_000, '1.5 MB'],
])('%i is shown as %s', (bytes, shown) => {
  expect(size(bytes)).toBe(shown);
});

test('a text is measured in bytes, not in characters', () => {
  expect(byteLength('ż🐢')).toBe(6);
});
