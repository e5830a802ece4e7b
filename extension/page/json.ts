import { badData, tooLarge } from './error';
import {
  charCodeAt,
  getPrototypeOf,
  hasOwn,
  isArray,
  isFinite,
  isWellFormed,
  keys,
  stringify,
} from './primordials';

/** The most bytes of one message. */
export const MOST_BYTES = 1 << 20;
/** How deep a value may be nested; a circle is deeper. */
const DEEPEST = 100;

/** A string as JSON. */
export function quoted(text: string): string {
  return stringify(text);
}

/** Throws if a text is no Unicode, which would arrive as another one, or too long. */
export function checkText(text: string): void {
  if (text.length > MOST_BYTES || utf8Length(text) > MOST_BYTES) throw tooLarge();
  if (!isWellFormed(text)) throw badData('A text has half a character (a lone surrogate) in it.');
}

/** A value as JSON. Throws for what JSON cannot write, or would write as something else. */
export function writeJson(value: unknown): string {
  const json = write(value, 0, { left: MOST_BYTES });
  if (utf8Length(json) > MOST_BYTES) throw tooLarge();
  return json;
}

/** How many characters may still come. A value that stands in many places is written in each. */
interface Room {
  left: number;
}

function write(value: unknown, depth: number, room: Room): string {
  switch (typeof value) {
    case 'string':
      return writeText(value, room);
    case 'number':
      if (!isFinite(value)) throw badData('NaN and the infinities cannot be written as JSON.');
      return spend(`${value}`, room);
    case 'boolean':
      return spend(`${value}`, room);
    case 'object':
      if (value === null) return spend('null', room);
      if (depth === DEEPEST) throw badData('The data is nested too deeply, or in a circle.');
      return isArray(value) ? writeArray(value, depth + 1, room) : writeObject(value, depth + 1, room);
    default:
      throw badData(`Data of the type ${typeof value} cannot be written as JSON.`);
  }
}

function writeText(text: string, room: Room): string {
  if (text.length > room.left) throw tooLarge();
  checkText(text);
  return spend(quoted(text), room);
}

function writeArray(array: unknown[], depth: number, room: Room): string {
  let json = '';
  for (let at = 0; at < array.length; at++) {
    if (!hasOwn(array, at)) throw badData('An array has a hole.');
    json += `${at === 0 ? '' : ','}${write(array[at], depth, room)}`;
    spend(',', room);
  }
  return `[${json}]`;
}

function writeObject(object: object, depth: number, room: Room): string {
  if (!isPlain(object)) throw badData('Only plain objects, arrays and bytes can be sent.');
  const names = keys(object);
  let json = '';
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const member = (object as Record<string, unknown>)[name];
    json += `${at === 0 ? '' : ','}${writeText(name, room)}:${write(member, depth, room)}`;
  }
  spend('{}', room);
  return `{${json}}`;
}

/** Whether an object is nothing more than its members: no class, and of whatever frame. */
function isPlain(object: object): boolean {
  const prototype = getPrototypeOf(object) as object | null;
  return prototype === null || getPrototypeOf(prototype) === null;
}

function spend(json: string, room: Room): string {
  room.left -= json.length;
  if (room.left < 0) throw tooLarge();
  return json;
}

/** How long a text is in UTF-8, in bytes. */
function utf8Length(text: string): number {
  if (text.length * 3 <= MOST_BYTES) return text.length;
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = charCodeAt(text, at);
    // Each half of a pair counts for two of its four.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  return bytes;
}
