import { NEW } from './chat';

const CONVERSATION = '#conversation=';

/** The conversation that the page's own address names, as a notification does; or a new one. */
export function placeInAddress(): string | undefined {
  const { hash } = location;
  if (hash === '#new') return NEW;
  if (!hash.startsWith(CONVERSATION)) return undefined;
  try {
    return decodeURIComponent(hash.slice(CONVERSATION.length));
  } catch {
    return undefined; // Not written by Sotto.
  }
}

/** Hears when the page's own address is changed to name another conversation. */
export function onPlaceInAddress(open: (place: string) => void): void {
  addEventListener('hashchange', () => {
    const place = placeInAddress();
    if (place !== undefined) open(place);
  });
}
