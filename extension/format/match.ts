/** A text around the first place where something was found. */
export interface Match {
  before: string;
  /** Empty if it is not in the text. */
  found: string;
  after: string;
}

/** So many characters before the place are shown. */
const BEFORE = 32;
/** So many characters of the text are shown. */
const SHOWN = 160;

/** The part of a text in which something is found, whatever the case, in one line. */
export function match(text: string, wanted: string): Match {
  const line = text.replaceAll(/\s+/g, ' ');
  const place = find(line, wanted.trim().replaceAll(/\s+/g, ' '));
  if (!place) return { before: line.slice(0, SHOWN), found: '', after: '' };
  const [from, to] = place;
  const start = from > BEFORE ? from - BEFORE : 0;
  const before = `${start > 0 ? '…' : ''}${line.slice(start, from)}`;
  return { before, found: line.slice(from, to), after: line.slice(to, start + SHOWN) };
}

/** Whether something is in a text, whatever the case. */
export function has(text: string, wanted: string): boolean {
  return find(text, wanted.trim()) !== undefined;
}

/** By the rules for case that keep places in the text, which lower case does not. */
function find(text: string, wanted: string): [number, number] | undefined {
  const pattern = new RegExp(wanted.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'iu');
  const found = wanted === '' ? null : pattern.exec(text);
  return found ? [found.index, found.index + found[0].length] : undefined;
}
