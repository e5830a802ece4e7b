import type { Payload } from 'sotto-wasm';
import type { NymError, ReceivedData } from '../../packages/client/src/types';
import { fromBase64, toBase64 } from './base64';
import { badData, tooLarge } from './error';
import { checkText, MOST_BYTES, quoted, writeJson } from './json';
import {
  arrayBuffer,
  arrayLength,
  arrayOffset,
  bufferLength,
  Bytes,
  isView,
  parse,
  typedArrayName,
  viewBuffer,
  viewLength,
  viewOffset,
} from './primordials';

/** What data becomes on its way: the JSON text of a `Payload`. Throws for what cannot be sent. */
export function writePayload(data: unknown): string {
  const stretch = stretchOf(data);
  if (stretch) return payload('bytes', base64Of(stretch));
  if (typeof data !== 'string') return payload('json', writeJson(data));
  checkText(data);
  return payload('text', data);
}

/** What came, as it was sent. */
export function readPayload({ kind, content }: Payload): ReceivedData {
  switch (kind) {
    case 'text':
      return content;
    case 'json':
      return parse(content) as ReceivedData;
    case 'bytes':
      return fromBase64(content);
  }
}

function payload(kind: Payload['kind'], content: string): string {
  return `{"kind":"${kind}","content":${quoted(content)}}`;
}

/** A stretch of memory. */
interface Stretch {
  buffer: ArrayBuffer;
  offset: number;
  length: number;
}

/** The bytes that data is; nothing if it is something else. */
function stretchOf(data: unknown): Stretch | undefined {
  if (isView(data)) return typedArrayName(data) === undefined ? ofView(data) : ofArray(data);
  const length = lengthOfBuffer(data);
  return length === undefined ? undefined : { buffer: data as ArrayBuffer, offset: 0, length };
}

function ofArray(array: ArrayBufferView): Stretch {
  return { buffer: arrayBuffer(array), offset: arrayOffset(array), length: arrayLength(array) };
}

function ofView(view: ArrayBufferView): Stretch {
  try {
    return { buffer: viewBuffer(view), offset: viewOffset(view), length: viewLength(view) };
  } catch {
    throw detached();
  }
}

/** Nothing for what is no buffer: the getter tells, also for one of another frame. */
function lengthOfBuffer(data: unknown): number | undefined {
  try {
    return bufferLength(data);
  } catch {
    return undefined;
  }
}

function base64Of({ buffer, offset, length }: Stretch): string {
  if (length > MOST_BYTES) throw tooLarge();
  return toBase64(bytesOf(buffer, offset, length), length);
}

function bytesOf(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
  try {
    return new Bytes(buffer, offset, length);
  } catch {
    throw detached();
  }
}

function detached(): NymError {
  return badData('The bytes are no longer there: their buffer was handed over to somebody else.');
}
