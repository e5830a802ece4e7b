import { bare, Bytes, charCodeAt } from './primordials';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const VALUES: Record<number, number> = bare({});
for (let value = 0; value < 64; value++) VALUES[charCodeAt(DIGITS, value)] = value;

const digit = (bits: number) => DIGITS[bits & 63] as string;

/** Base64 with padding. */
export function toBase64(bytes: Uint8Array, length: number): string {
  let text = '';
  let at = 0;
  for (; at + 2 < length; at += 3) {
    const bits = (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2);
    text += digit(bits >> 18) + digit(bits >> 12) + digit(bits >> 6) + digit(bits);
  }
  if (at + 1 === length) text += `${digit(byte(bytes, at) >> 2)}${digit(byte(bytes, at) << 4)}==`;
  if (at + 2 === length) {
    const bits = (byte(bytes, at) << 8) | byte(bytes, at + 1);
    text += `${digit(bits >> 10)}${digit(bits >> 4)}${digit(bits << 2)}=`;
  }
  return text;
}

/** The bytes of base64 with padding. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text[text.length - 1] !== '=' ? 0 : text[text.length - 2] !== '=' ? 1 : 2;
  const bytes = new Bytes((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const bits =
      (value(text, at) << 18) |
      (value(text, at + 1) << 12) |
      (value(text, at + 2) << 6) |
      value(text, at + 3);
    // What is past the end is padding, and not written.
    bytes[to] = bits >> 16;
    bytes[to + 1] = bits >> 8;
    bytes[to + 2] = bits;
  }
  return bytes;
}

const byte = (bytes: Uint8Array, at: number) => bytes[at] as number;
const value = (text: string, at: number) => VALUES[charCodeAt(text, at)] ?? 0;
