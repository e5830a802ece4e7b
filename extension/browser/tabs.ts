import { extensionUrl } from './runtime';

/**
 * Shows a page of the extension in a tab: in the one that has it already, if there is one. What
 * follows the # of the path is told to it in either case.
 */
export async function openInTab(path: string): Promise<void> {
  const url = extensionUrl(path);
  const found = await chrome.tabs.query({ url: `${url.split('#')[0]}*` });
  // Without its address a tab could be any of another page.
  const tab = found.find((tab) => tab.url?.startsWith(url.split('#')[0] ?? url));
  if (tab?.id === undefined) {
    await chrome.tabs.create({ url });
    return;
  }
  await chrome.tabs.update(tab.id, { active: true, ...(url.includes('#') ? { url } : {}) });
  await chrome.windows.update(tab.windowId, { focused: true });
}
