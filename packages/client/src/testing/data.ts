import { nymError } from '../error.js';
import type { Data, Json, ReceivedData } from '../types.js';

/** The most bytes of one message. */
const MAX_BYTES = 1 << 20;

const encoder = new TextEncoder();

/**
 * What arrives of what is sent: a copy.
 *
 * @throws NymError for what cannot be sent.
 */
export function arriving(data: Data, plain: boolean): ReceivedData {
  const copy = isBytes(data) ? bytesOf(data) : copied(data);
  const bytes = written(copy);
  if (bytes.length > MAX_BYTES) throw nymError('data.too-large', 'This is too long.');
  return plain ? asPlain(bytes) : copy;
}

function isBytes(data: Data): data is ArrayBuffer | ArrayBufferView {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  const view = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return view.slice();
}

function copied(data: Json): Json {
  const text = json(data);
  if (text === undefined) throw nymError('data.malformed', 'This cannot be written as JSON.');
  return JSON.parse(text) as Json;
}

function json(data: Json): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    // A cycle, or a bigint.
    return undefined;
  }
}

function written(data: ReceivedData): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return encoder.encode(typeof data === 'string' ? data : JSON.stringify(data));
}

/** What comes of bytes with nothing around them: text if they are some. */
function asPlain(bytes: Uint8Array): ReceivedData {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
