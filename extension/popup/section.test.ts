import { expect, test } from 'vitest';
import { message } from '../testing/scenarios';
import {
  atRest,
  MOST,
  type Section,
  withMessage,
  withNewer,
  withNewest,
  withOlder,
  withoutMessage,
} from './section';

/** Messages whose ids and times are these numbers. */
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => message({ id: `${from + n}`, at: from + n }));
const section = (from: number, to: number, older = false, newer = false): Section => ({
  messages: range(from, to),
  older,
  newer,
});
const ends = ({ messages, older, newer }: Section) => [messages[0]?.id, messages.at(-1)?.id, older, newer];

test('a new message comes at the end, and one that changed keeps its place', () => {
  const longer = withMessage(section(0, 3), message({ id: '3', at: 3 }));
  expect(longer.messages.map(({ id }) => id)).toEqual(['0', '1', '2', '3']);
  const changed = withMessage(longer, message({ id: '1', at: 1, text: 'changed' }));
  expect(changed.messages.map(({ text }) => text)).toEqual(['hello', 'changed', 'hello', 'hello']);
});

test('a message from outside of the section does not come into it', () => {
  const past = section(10, 20, true, true);
  expect(withMessage(past, message({ id: '5', at: 5 }))).toBe(past);
  expect(withMessage(past, message({ id: '25', at: 25 }))).toBe(past);
});

test('a message that was missed comes where it belongs', () => {
  const holed = { ...section(0, 3), messages: [...range(0, 1), ...range(2, 3)] };
  expect(withMessage(holed, message({ id: '1', at: 1 })).messages.map(({ id }) => id)).toEqual([
    '0',
    '1',
    '2',
  ]);
});

test('a message that is gone leaves no trace, and one that is not there changes nothing', () => {
  const some = section(0, 3);
  expect(withoutMessage(some, '1').messages.map(({ id }) => id)).toEqual(['0', '2']);
  expect(withoutMessage(some, 'x')).toBe(some);
});

test('going back far lets go of the newest, and coming forward of the oldest: what is kept is bounded', () => {
  let known = section(900, 1_000, true);
  for (let from = 850; from >= 0; from -= 50) {
    known = withOlder(known, { messages: range(from, from + 50), more: from > 0 });
    expect(known.messages.length).toBeLessThanOrEqual(MOST);
  }
  expect(ends(known)).toEqual(['0', `${MOST - 1}`, false, true]);
  for (let from = MOST; from < 1_000; from += 60) {
    const to = Math.min(from + 60, 1_000);
    known = withNewer(known, { messages: range(from, to), more: to < 1_000 });
    expect(known.messages.length).toBeLessThanOrEqual(MOST);
  }
  expect(ends(known)).toEqual([`${1_000 - MOST}`, '999', true, false]);
});

test('no message is shown twice, whatever pages overlap', () => {
  const known = withOlder(section(10, 20, true), { messages: range(5, 15), more: true });
  expect(known.messages.map(({ at }) => at)).toEqual(range(5, 20).map(({ at }) => at));
});

test('the newest messages follow what is known if they meet it, and take its place if not', () => {
  expect(ends(withNewest(section(0, 50), { messages: range(40, 60), more: true }))).toEqual([
    '0',
    '59',
    false,
    false,
  ]);
  expect(ends(withNewest(section(0, 10), { messages: range(40, 60), more: true }))).toEqual([
    '40',
    '59',
    true,
    false,
  ]);
  expect(ends(withNewest(section(0, 60, true, true), { messages: range(40, 60), more: true }))).toEqual([
    '40',
    '59',
    true,
    false,
  ]);
  expect(ends(withNewest(undefined, { messages: [], more: false }))).toEqual([
    undefined,
    undefined,
    false,
    false,
  ]);
});

test('what was deleted meanwhile is not there any more after the newest were asked for', () => {
  const answer = { messages: [...range(40, 45), ...range(46, 50)], more: true };
  expect(withNewest(section(0, 50), answer).messages.some(({ id }) => id === '45')).toBe(false);
});

test('of a conversation that is not in view the end is kept, and nothing of its past', () => {
  expect(ends(atRest(section(0, 100)) as Section)).toEqual(['60', '99', true, false]);
  expect(atRest(section(0, 100, true, true))).toBeUndefined();
});
