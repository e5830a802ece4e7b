import type { Announcement, Nym, Unsubscribe } from './types.js';

declare global {
  interface Window {
    /** The first provider that came, if the page had nothing there. */
    nym?: Nym;
  }
  interface WindowEventMap {
    'nym:announce': CustomEvent<Announcement>;
  }
}

const REQUEST = 'nym:request';
const ANNOUNCE = 'nym:announce';

/** What a provider must have to count as one. */
const METHODS = ['connect', 'permissions', 'disconnect', 'address', 'send', 'reply', 'on'] as const;

export interface DetectOptions {
  /**
   * How long to wait for an answer, in milliseconds. An extension that is there answers at once, so
   * this is how long its absence takes to be sure of. Default 500.
   */
  timeout?: number | undefined;
}

const TIMEOUT = 500;

/** The first provider that answers, or `window.nym`; `undefined` if there is none. */
export async function detect({ timeout = TIMEOUT }: DetectOptions = {}): Promise<Nym | undefined> {
  const [first] = await collect(timeout, 1);
  return first?.nym;
}

/** All providers that answer within the time: for letting the user choose. */
export function detectAll({ timeout = TIMEOUT }: DetectOptions = {}): Promise<Announcement[]> {
  return collect(timeout, Number.POSITIVE_INFINITY);
}

/** Calls `listener` once for each provider there is, now or later. */
export function onAnnounce(listener: (announcement: Announcement) => void): Unsubscribe {
  if (typeof window === 'undefined') return () => undefined;
  const seen = new Set<Nym>();
  const take = (event: Event) => {
    const announcement = read(event);
    if (!announcement || seen.has(announcement.nym)) return;
    seen.add(announcement.nym);
    listener(announcement);
  };
  window.addEventListener(ANNOUNCE, take);
  window.dispatchEvent(new Event(REQUEST));
  return () => window.removeEventListener(ANNOUNCE, take);
}

function collect(timeout: number, enough: number): Promise<Announcement[]> {
  return new Promise((resolve) => {
    const found: Announcement[] = [];
    const end = () => {
      unsubscribe();
      clearTimeout(timer);
      resolve(withGlobal(found));
    };
    const timer = setTimeout(end, timeout);
    // A provider answers while it is asked, before there is anything to unsubscribe.
    let unsubscribe: Unsubscribe = () => undefined;
    unsubscribe = onAnnounce((announcement) => {
      found.push(announcement);
      if (found.length >= enough) queueMicrotask(end);
    });
    if (found.length === 0 && enough === 1 && globalNym()) end();
  });
}

/** Adds what a provider left in `window.nym` without announcing it. */
function withGlobal(found: Announcement[]): Announcement[] {
  const nym = globalNym();
  if (!nym || found.some((one) => one.nym === nym)) return found;
  return [...found, { name: 'window.nym', nym }];
}

function globalNym(): Nym | undefined {
  if (typeof window === 'undefined') return undefined;
  return isNym(window.nym) ? window.nym : undefined;
}

function read(event: Event): Announcement | undefined {
  const detail: unknown = (event as CustomEvent<unknown>).detail;
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { name, nym } = detail as Partial<Announcement>;
  return typeof name === 'string' && isNym(nym) ? { name, nym } : undefined;
}

function isNym(value: unknown): value is Nym {
  if (typeof value !== 'object' || value === null) return false;
  return METHODS.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}
