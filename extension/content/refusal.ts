import type { SiteErrorView, SiteReply } from 'sotto-wasm';

/** What the bridge refuses by itself: the codes are those of the background. */
const REFUSALS = {
  'request.unknown': [4200, 'Sotto does not know this request. It may be of a later version.'],
  'data.too-large': [-32602, 'This is too long. Send at most 1024 KB at a time.'],
  'request.too-frequent': [-32005, 'These were too many requests at once. Wait a moment and try again.'],
  'connection.lost': [4900, 'The extension stopped before it answered. Try again.'],
  'extension.gone': [4900, 'Sotto was updated or removed. Load this page again.'],
} as const satisfies Record<string, readonly [SiteErrorView['code'], SiteErrorView['message']]>;

/** Why the bridge refuses a request. */
export type Refusal = keyof typeof REFUSALS;

/** The answer to a request that the bridge refuses. */
export function refusal(reason: Refusal): Extract<SiteReply, { type: 'error' }> {
  const [code, message] = REFUSALS[reason];
  return { type: 'error', error: { code, reason, message } };
}
