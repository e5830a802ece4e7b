/** How hard a passphrase is to guess. */
export type Strength = 'short' | 'weak' | 'fair' | 'strong';

/** What the vault takes as a new passphrase, in characters. */
const SHORTEST = 8;

/** From how many bits on a passphrase is fair, and strong: each guess costs a tenth of a second. */
const FAIR = 28;
const STRONG = 45;

/** Bits of what is easy to remember: a letter of a word, a digit of a year, a sign at the end. */
const BITS: readonly [RegExp, number][] = [
  [/\p{Ll}/u, 2.2],
  [/\p{Lu}/u, 2.7],
  [/\p{L}/u, 3],
  [/\d/, 2.5],
  [/\s/, 1],
];
const OTHER_BITS = 3;
/** Of a character that goes on as the ones before: `aaa`, `123`, `qwe`. */
const EXPECTED_BITS = 0.3;

const ROWS = 'qwertyuiop asdfghjkl zxcvbnm qwertzuiopü asdfghjklöä yxcvbnm';
/** What is tried first by whoever guesses. */
const USUAL = /passwor[dt]|passphrase|geheim|letmein|hallo|willkommen|welcome|iloveyou|admin|sotto/giu;

/**
 * A careful guess, not a promise: it thinks of words, rows of keys and usual passwords, and knows
 * no dictionary.
 */
export function strength(passphrase: string): Strength {
  if ([...passphrase].length < SHORTEST) return 'short';
  const bits = guessBits(passphrase);
  return bits < FAIR ? 'weak' : bits < STRONG ? 'fair' : 'strong';
}

function guessBits(passphrase: string): number {
  // A usual word is as good as one letter.
  const characters = [...passphrase.replaceAll(USUAL, 'x')];
  const bits = characters.map((character, index) =>
    isExpected(characters, index) ? EXPECTED_BITS : bitsOf(character),
  );
  return bits.reduce((sum, one) => sum + one, 0);
}

function bitsOf(character: string): number {
  return BITS.find(([kind]) => kind.test(character))?.[1] ?? OTHER_BITS;
}

/** Whether a character is the one before again, goes on as two before it, or was there before with them. */
function isExpected(characters: string[], index: number): boolean {
  const [first, before, now] = [index - 2, index - 1, index].map((at) => characters[at]?.toLowerCase() ?? '');
  if (now === before) return true;
  if (!first || !before || !now) return false;
  const isStep =
    code(now) - code(before) === code(before) - code(first) && Math.abs(code(now) - code(before)) === 1;
  return isStep || ROWS.includes(first + before + now) || repeats(characters, index);
}

const code = (character: string) => character.codePointAt(0) ?? 0;

/** Whether this and the two before were there before, as in `abcabc`. */
function repeats(characters: string[], index: number): boolean {
  const end = characters.slice(index - 2, index + 1).join('');
  return characters
    .slice(0, index - 2)
    .join('')
    .includes(end);
}
