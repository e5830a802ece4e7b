/** What Firefox has instead of Chrome's side panel. */
interface Sidebar {
  open: () => Promise<void>;
}

function sidebar(): Sidebar | undefined {
  return (chrome as { sidebarAction?: Sidebar }).sidebarAction;
}

/** Whether this browser can show the chat beside the page that the user looks at. */
export function hasSidePanel(): boolean {
  return sidebar() !== undefined || (chrome.sidePanel as unknown) !== undefined;
}

/**
 * Shows the chat beside the page: in Chrome's side panel, in Firefox's sidebar. Browsers allow it at
 * a click or a key only, so it is to be called before anything is waited for.
 */
export async function openSidePanel(): Promise<void> {
  await (sidebar()?.open() ?? chrome.sidePanel.open({ windowId: chrome.windows.WINDOW_ID_CURRENT }));
}
