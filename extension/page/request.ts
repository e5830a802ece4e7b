import type {
  Cancellable,
  ConnectOptions,
  Data,
  ReplyOptions,
  SendOptions,
} from '../../packages/client/src/types';
import { badParameter, nymError } from './error';
import { quoted } from './json';
import { writePayload } from './payload';
import { hasOwn, isArray, isInteger } from './primordials';

/*
 * The JSON texts of the requests. They are put together from what was checked piece by piece, as what
 * `JSON.stringify` makes of an object depends on what its prototype says.
 */

/** The longest address or tag that is looked at; a Nym address has at most 134 characters. */
const LONGEST_NAME = 256;
/** Recipients keep ten for asking for more: an answer through ten would take one more round trip. */
const SURBS = 20;
const MOST_SURBS = 50;

/** To connect. */
export function connecting(options: ConnectOptions): string {
  return `{"type":"connect","permissions":${writePermissions(option(options, 'permissions'))}}`;
}

/** To send data to an address. */
export function sending(to: string, data: Data, options: SendOptions | undefined): string {
  const anonymous = flag(options, 'anonymous', true);
  const surbs = surbCount(option(options, 'surbs'));
  const plain = flag(options, 'plain', false);
  const how = `"anonymous":${anonymous},"surbs":${surbs},"plain":${plain}`;
  return `{"type":"send","to":${writeName(to, 'address')},"data":${writePayload(data)},${how}}`;
}

/** To answer whoever has this tag. */
export function replying(tag: string, data: Data, options: ReplyOptions | undefined): string {
  const plain = flag(options, 'plain', false);
  return `{"type":"reply","tag":${writeName(tag, 'tag')},"data":${writePayload(data)},"plain":${plain}}`;
}

/** To send no more of a message. */
export function cancelling(id: string): string {
  return `{"type":"cancel","id":${quoted(id)}}`;
}

/** To say that a message arrived. */
export function received(id: string): string {
  return `{"type":"received","id":${quoted(id)}}`;
}

/** The signal among options. */
export function signalOf(options: Cancellable | undefined): AbortSignal | undefined {
  return option(options, 'signal');
}

/** An option of the page, if it is set: not one of a prototype, which may be anybody's. */
function option<Options extends object, Name extends keyof Options>(
  options: Options | undefined,
  name: Name,
): Options[Name] | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) throw badParameter('The options must be an object.');
  return hasOwn(options, name) ? (options[name] ?? undefined) : undefined;
}

function flag<Name extends string>(
  options: { [key in Name]?: boolean | undefined } | undefined,
  name: Name,
  unset: boolean,
): string {
  const value: unknown = option(options, name) ?? unset;
  if (typeof value !== 'boolean') throw badParameter(`The option ${name} must be true or false.`);
  return `${value}`;
}

function surbCount(surbs: unknown = SURBS): string {
  if (!isInteger(surbs) || (surbs as number) < 1)
    throw badParameter('The option surbs must be a whole number.');
  if ((surbs as number) <= MOST_SURBS) return `${surbs as number}`;
  throw nymError(-32602, 'surbs.too-many', `A message can have at most ${MOST_SURBS} reply blocks.`);
}

function writeName(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= LONGEST_NAME) return quoted(value);
  throw badParameter(`The ${what} must be a text of at most ${LONGEST_NAME} characters.`);
}

function writePermissions(value: unknown): string {
  if (!isArray(value) || value.length === 0 || value.length > 16) throw badPermissions();
  let json = '';
  for (let at = 0; at < value.length; at++) {
    json += `${at === 0 ? '' : ','}${writePermission(value[at])}`;
  }
  return `[${json}]`;
}

function writePermission(value: unknown): string {
  if (value === 'send' || value === 'receive' || value === 'reply') return `"${value}"`;
  throw badPermissions();
}

function badPermissions() {
  return badParameter(
    'The option permissions must be an array of "send", "receive" and "reply", of at least one.',
  );
}
