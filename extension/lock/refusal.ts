import type { ErrorView } from 'sotto-wasm';
import { text } from '../browser/strings';

/** The codes of a passphrase that is not the one. */
const WRONG = ['vault.wrong-passphrase', 'backup.wrong-passphrase'];

/** Why something with a passphrase was refused. A wrong one is nobody's fault, and has usual causes. */
export function refusalText(error: ErrorView | null): string | null {
  if (error === null) return null;
  return WRONG.includes(error.code) ? text('lockWrong') : error.message;
}
