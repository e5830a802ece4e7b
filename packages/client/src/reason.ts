/** The number that goes with each reason: what a program can find in {@link NymError.reason}. */
export const CODES = {
  'user.rejected': 4001,
  'user.asked-too-soon': 4001,
  'user.unanswered': 4001,
  'request.aborted': 4001,
  'site.unauthorised': 4100,
  'site.insecure': 4100,
  'request.unknown': 4200,
  'extension.missing': 4900,
  'extension.gone': 4900,
  'connection.offline': 4900,
  'connection.lost': 4900,
  'request.timed-out': 4900,
  'user.being-asked': -32002,
  'request.too-frequent': -32005,
  'queue.full': -32005,
  'site.too-many-tabs': -32005,
  'parameter.malformed': -32602,
  'data.malformed': -32602,
  'data.too-large': -32602,
  'surbs.too-many': -32602,
  'message.unknown': -32602,
  'message.failed': -32603,
  'storage.failed': -32603,
} as const;

/** Why a promise can be rejected, as far as this version knows. */
export type Reason = keyof typeof CODES;
