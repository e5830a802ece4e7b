import { extensionUrl } from './runtime';

const PAGE = 'approve/approve.html';
/** In pixels, with the frame of the window. */
const SIZE = { width: 420, height: 560 };

let opening: Promise<void> = Promise.resolve();

/** Shows the window in which the user answers sites: the one there is, or a new one. */
export function openApproval(): Promise<void> {
  opening = opening.then(show).catch(() => undefined);
  return opening;
}

/** Closes the window in which this page is. */
export async function closeApproval(): Promise<void> {
  const tab = await chrome.tabs.getCurrent();
  if (tab?.id !== undefined) await chrome.tabs.remove(tab.id);
}

async function show(): Promise<void> {
  const url = extensionUrl(PAGE);
  const [tab] = await chrome.tabs.query({ url: `${url}*` });
  if (tab) await chrome.windows.update(tab.windowId, { focused: true, drawAttention: true });
  else await chrome.windows.create({ url, type: 'popup', focused: true, ...SIZE });
}
