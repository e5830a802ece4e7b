import type { NymError } from '../../packages/client/src/types';
import { bare, defineProperty, keys, SafeError } from './primordials';

/** Its fields are its own, as the prototypes that it comes from are the page's too. */
class Refused extends SafeError {
  constructor(fields: object) {
    super();
    own(this, fields);
  }
}
own(Refused.prototype, { name: 'NymError' });

function own(owner: object, fields: object): void {
  const names = keys(fields);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const value: unknown = (fields as Record<string, unknown>)[name];
    defineProperty(owner, name, bare({ value, configurable: true, writable: true }));
  }
}

/** An error of the API, as the extension words it. */
export function nymError(code: number, reason: string, message: string): NymError {
  return new Refused({ code, reason, message }) as unknown as NymError;
}

/** An argument is not what it should be. */
export function badParameter(message: string): NymError {
  return nymError(-32602, 'parameter.malformed', message);
}

/** Data cannot be sent as it is. */
export function badData(message: string): NymError {
  return nymError(-32602, 'data.malformed', message);
}

/** Data is too long. */
export function tooLarge(): NymError {
  return nymError(-32602, 'data.too-large', 'This is too long. Send at most 1024 KB at a time.');
}

/** The extension went away under this page. */
export function extensionGone(): NymError {
  return nymError(4900, 'extension.gone', 'Sotto was updated or removed. Load this page again.');
}

/** The extension has not answered within the deadline. */
export function timedOut(): NymError {
  return nymError(4900, 'request.timed-out', 'Sotto did not answer in time. Try again.');
}

/** The page's own signal ended the wait. Why is in `cause`. */
export function aborted(cause: unknown): NymError {
  const error = nymError(4001, 'request.aborted', 'The page gave up waiting.');
  own(error, { cause });
  return error;
}
