/** The name of the port between a page of the extension and the background. */
export const PORT_NAME = 'sotto';

/** Opens a port to the background, and starts the background if it sleeps. */
export function connectToBackground(): chrome.runtime.Port {
  return chrome.runtime.connect({ name: PORT_NAME });
}

/** Tells the browser that the background is in use: it puts off the end of an idle one by 30 s. */
export async function stayAwake(): Promise<void> {
  await chrome.runtime.getPlatformInfo();
}

/** The full address of a file of the extension. */
export function extensionUrl(path: string): string {
  return chrome.runtime.getURL(path);
}

/** Whether this page is the small window under the toolbar button, rather than a tab. */
export function isPopup(): boolean {
  return chrome.extension.getViews({ type: 'popup' }).includes(window);
}

/** Calls `connected` for each page that opens a port to this background. */
export function onPageConnect(connected: (port: chrome.runtime.Port) => void): void {
  chrome.runtime.onConnect.addListener((port) => {
    if (port.name === PORT_NAME) connected(port);
  });
}

/** Calls `started` when the browser starts, and when the extension is installed or updated. */
export function onStart(started: () => void): void {
  chrome.runtime.onStartup.addListener(started);
  chrome.runtime.onInstalled.addListener(started);
}

/** What Firefox tells besides: it installs an unpacked extension anew at each start. */
type Installed = chrome.runtime.InstalledDetails & { temporary?: boolean };

/** Calls `installed` when the extension is installed for good, and not when it is updated. */
export function onInstall(installed: () => void): void {
  chrome.runtime.onInstalled.addListener((details) => {
    const { reason, temporary } = details as Installed;
    if (reason === 'install' && !temporary) installed();
  });
}
