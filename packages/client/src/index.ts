/**
 * `window.nym` for web pages: a mixnet that the user's extension lets a page use, with an identity of its
 * own. docs/page-api.md in the repository tells every method, error and event.
 */
export { address, connect, disconnect, on, permissions, provider, reply, send, use } from './calls.js';
export { detect, detectAll, type DetectOptions, onAnnounce } from './detect.js';
export { isNymError } from './error.js';
export { CODES, type Reason } from './reason.js';
export type * from './types.js';
