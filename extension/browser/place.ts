const KEY = 'place';

/** The conversation that was open when the popup closed; undefined for the list. */
export async function loadPlace(): Promise<string | undefined> {
  const stored: Record<string, unknown> = await chrome.storage.session.get(KEY).catch(() => ({}));
  return typeof stored[KEY] === 'string' ? stored[KEY] : undefined;
}

/** Remembers which conversation is open, until the browser closes. */
export async function savePlace(place: string | undefined): Promise<void> {
  const saved =
    place === undefined ? chrome.storage.session.remove(KEY) : chrome.storage.session.set({ [KEY]: place });
  await saved.catch(() => undefined);
}
