/** What Chrome has for a page beside the one that the user looks at, and what Firefox has for it. */
interface Panels {
  sidePanel?: Pick<typeof chrome.sidePanel, 'open'>;
  sidebarAction?: { open: () => Promise<void> };
}

/** Taken out by name, as a linter that knows one of the browsers warns of what the other one has. */
function panels(): Panels {
  return chrome as Panels;
}

/** Whether this browser can show the chat beside the page that the user looks at. */
export function hasSidePanel(): boolean {
  const { sidePanel, sidebarAction } = panels();
  return sidePanel !== undefined || sidebarAction !== undefined;
}

/**
 * Shows the chat beside the page: in Chrome's side panel, in Firefox's sidebar. Browsers allow it at
 * a click or a key only, so it is to be called before anything is waited for.
 */
export async function openSidePanel(): Promise<void> {
  const { sidePanel, sidebarAction } = panels();
  await (sidebarAction?.open() ?? sidePanel?.open({ windowId: chrome.windows.WINDOW_ID_CURRENT }));
}
