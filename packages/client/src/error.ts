import { CODES, type Reason } from './reason.js';
import type { NymError } from './types.js';

/** What every error of the API is, as a class, so that stack traces name it. */
class NymErrorClass extends Error implements NymError {
  override readonly name = 'NymError';

  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An error as `window.nym` gives it. The number is that of the reason, or -32602 for one that is not known. */
export function nymError(reason: Reason | (string & {}), message: string, cause?: unknown): NymError {
  const code = Object.hasOwn(CODES, reason) ? CODES[reason as Reason] : -32602;
  return new NymErrorClass(code, reason, message, cause === undefined ? undefined : { cause });
}

/** What every call of this package is rejected with where there is no extension. */
export function extensionMissing(): NymError {
  return nymError(
    'extension.missing',
    'There is no Sotto in this browser. Install the extension and load this page again.',
  );
}

/** Whether a value that was caught is an error of the API, and if asked, for that reason. */
export function isNymError(value: unknown, reason?: Reason | (string & {})): value is NymError {
  if (!(value instanceof Error) || value.name !== 'NymError') return false;
  const { code, reason: own } = value as Partial<NymError>;
  return typeof code === 'number' && typeof own === 'string' && (reason === undefined || own === reason);
}
