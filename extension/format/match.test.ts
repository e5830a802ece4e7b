import { expect, test } from 'vitest';
import { has, match } from './match';

test('a match is shown with what is around it, in one line', () => {
  const text = `${'x'.repeat(100)}\n see the  Key under the mat ${'y'.repeat(300)}`;
  const { before, found, after } = match(text, 'key UNDER');
  expect(found).toBe('Key under');
  expect(before).toMatch(/^…x+ see the $/);
  expect(after).toMatch(/^ the mat y+$/);
  expect((before + found + after).length).toBeLessThan(170);
});

test('what is not in the text leaves its beginning', () => {
  expect(match('hello', 'nowhere')).toEqual({ before: 'hello', found: '', after: '' });
});

test.each([
  ['1+1=2 (really?)', '1+1=2 (R', '1+1=2 (r'],
  ['İstanbul is far', 'IS', 'is'],
  ['Große Straße', 'STRA', 'Stra'],
  ['a-b [c] {d} \\ / ^$|', '[c] {d} \\ / ^$|', '[c] {d} \\ / ^$|'],
])('in %j the place of %j is %j', (text, wanted, found) => {
  expect(match(text, wanted).found).toBe(found);
});

test('nothing is not found anywhere', () => {
  expect(has('hello', ' ')).toBe(false);
});
