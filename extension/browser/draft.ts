/** What the user has written and not sent. */
export interface Draft {
  to: string;
  text: string;
}

const KEY = 'draft';
const EMPTY: Draft = { to: '', text: '' };

/** A popup closes when it loses focus; a draft in memory outlives it and never reaches the disk. */
export async function loadDraft(): Promise<Draft> {
  try {
    const stored = await chrome.storage.session.get(KEY);
    return { ...EMPTY, ...(stored[KEY] as Partial<Draft> | undefined) };
  } catch {
    return EMPTY;
  }
}

/** Keeps a draft until the browser closes. One too large for the browser's memory area is not kept. */
export async function saveDraft(draft: Draft): Promise<void> {
  try {
    await chrome.storage.session.set({ [KEY]: draft });
  } catch {
    await chrome.storage.session.remove(KEY).catch(() => undefined);
  }
}
