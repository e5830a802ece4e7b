import { setTimeout as pause } from 'node:timers/promises';

/** How long a condition may take, in milliseconds. Ends a run that waits for ever; no test is about time. */
const PATIENCE = 90_000;
const EVERY = 40;

/** Looks until `look` finds something, and returns it. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false | 0 | ''>,
): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await pause(EVERY);
  }
}
