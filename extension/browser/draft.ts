/** What the user has written and not sent. */
export interface Draft {
  /** The recipient of a new conversation. */
  to: string;
  /** What the recipient of a new conversation is to be called. */
  name: string;
  text: string;
  /** Whether to send it anonymously; undefined until the user chose. */
  anonymous: boolean | undefined;
}

export const NO_DRAFT: Draft = { to: '', name: '', text: '', anonymous: undefined };

const PREFIX = 'draft:';

/**
 * All drafts, by their place. A popup closes when it loses focus; a draft in memory outlives it and
 * never reaches the disk.
 */
export async function loadDrafts(): Promise<Map<string, Draft>> {
  const stored: Record<string, unknown> = await chrome.storage.session.get(null).catch(() => ({}));
  const drafts = Object.entries(stored).filter(([key]) => key.startsWith(PREFIX));
  return new Map(
    drafts.map(([key, draft]) => [key.slice(PREFIX.length), { ...NO_DRAFT, ...(draft as Partial<Draft>) }]),
  );
}

/** Keeps a draft until the browser closes. One too large for the browser's memory area is not kept. */
export async function saveDraft(place: string, draft: Draft): Promise<void> {
  const key = PREFIX + place;
  try {
    if (isEmpty(draft)) await chrome.storage.session.remove(key);
    else await chrome.storage.session.set({ [key]: draft });
  } catch {
    await chrome.storage.session.remove(key).catch(() => undefined);
  }
}

/** Forgets all drafts. */
export async function clearDrafts(): Promise<void> {
  const drafts = await loadDrafts();
  await chrome.storage.session.remove([...drafts.keys()].map((place) => PREFIX + place));
}

function isEmpty({ to, name, text, anonymous }: Draft): boolean {
  return to === '' && name === '' && text === '' && anonymous === undefined;
}
