import type { Payload, Permission, SiteRequest } from 'sotto-wasm';
import type { PageRequest } from './wire';
import type { Refusal } from './refusal';

/** As `MAX_SITE_REQUEST_BYTES` of the background, which counts again in bytes. */
const LONGEST = 2 * (1 << 20) + 4_096;

/** A request as a page sent it, or why it is none; nothing if it cannot even be answered. */
export type Read = { id: number } & ({ request: SiteRequest } | { refused: Refusal });

/** What a page said, copied field by field: nothing that is not known gets any further. */
export function read(detail: unknown): Read | undefined {
  if (typeof detail !== 'string') return undefined;
  if (detail.length > LONGEST) return tooLong(detail);
  const said = parsed(detail);
  const id = said?.['id'];
  if (!said || !isNumber(id)) return undefined;
  const request = keysOf(said) === 'id,request' ? requestOf(said['request']) : undefined;
  return request ? { id, request } : { id, refused: 'request.unknown' };
}

/** Its number comes first, so that a request can be refused that is too long to be read. */
function tooLong(detail: string): Read | undefined {
  const id = Number(/^\{"id":(\d{1,16}),/.exec(detail.slice(0, 24))?.[1] ?? NaN);
  return isNumber(id) ? { id, refused: 'data.too-large' } : undefined;
}

type Fields = Record<string, unknown>;
type Check<Field> = (value: unknown) => value is Field;

/** What each request has, besides its type. */
const FIELDS: { [Type in SiteRequest['type']]: Shape<Omit<Extract<SiteRequest, { type: Type }>, 'type'>> } = {
  connect: { permissions: arePermissions },
  permissions: {},
  disconnect: {},
  address: {},
  send: { to: isText, data: isPayload, anonymous: isBoolean, surbs: isNumber, plain: isBoolean },
  reply: { tag: isText, data: isPayload, plain: isBoolean },
  cancel: { id: isText },
  received: { id: isText },
};
type Shape<Request> = { [Name in keyof Request]-?: Check<Request[Name]> };

function requestOf(said: unknown): SiteRequest | undefined {
  if (!isObject(said)) return undefined;
  const type = said['type'];
  if (!isText(type) || !Object.hasOwn(FIELDS, type)) return undefined;
  const shape = Object.entries<Check<unknown>>(FIELDS[type as SiteRequest['type']]);
  if (Object.keys(said).length !== shape.length + 1) return undefined;
  if (!shape.every(([name, check]) => Object.hasOwn(said, name) && check(said[name]))) return undefined;
  return Object.fromEntries([['type', type], ...shape.map(([name]) => [name, said[name]])]) as SiteRequest;
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const keysOf = (fields: Fields) => Object.keys(fields).toSorted().join();

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isNumber(value: unknown): value is PageRequest['id'] {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const PERMISSIONS: readonly unknown[] = ['send', 'receive', 'reply'] satisfies Permission[];

function arePermissions(value: unknown): value is Permission[] {
  return Array.isArray(value) && value.length <= 16 && value.every((one) => PERMISSIONS.includes(one));
}

const KINDS: readonly unknown[] = ['text', 'json', 'bytes'] satisfies Payload['kind'][];

function isPayload(value: unknown): value is Payload {
  if (!isObject(value) || keysOf(value) !== 'content,kind') return false;
  return KINDS.includes(value['kind']) && isText(value['content']);
}
