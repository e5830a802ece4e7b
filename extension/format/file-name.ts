/** What could make a name look like another one: control characters, and those that steer direction or width. */
const DECEIVING = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** What file systems do not take in a name. */
const RESERVED = /[/\\:*?"<>|]/g;
/** An ending of at most so many characters is always shown. */
const LONGEST_ENDING = 12;

/** A file's name in two parts, so that the ending, which tells what it is, is never cut off. */
export interface FileName {
  stem: string;
  /** With its dot; empty if there is none. */
  ending: string;
}

/** A file's name without what could deceive whoever reads it. */
export function plainName(name: string): string {
  return name.replaceAll(DECEIVING, '').trim();
}

/** A file's name in its two parts, for showing. */
export function fileName(name: string): FileName {
  const plain = plainName(name);
  const dot = plain.lastIndexOf('.');
  if (dot < 1 || plain.length - dot > LONGEST_ENDING) return { stem: plain, ending: '' };
  return { stem: plain.slice(0, dot), ending: plain.slice(dot) };
}

/** A name under which a file can be saved anywhere. */
export function savedName(name: string): string {
  return plainName(name).replaceAll(RESERVED, '_').replace(/^\.+/, '') || 'file';
}
