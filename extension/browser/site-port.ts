import type { PortSender } from 'sotto-wasm';

/** The name of the port between a web page's content script and the background. */
export const SITE_PORT_NAME = 'sotto-site';

/** Opens a port to the background for a web page. Calls `closed` when the background closes it. */
export function connectSite(closed: () => void): chrome.runtime.Port {
  const port = chrome.runtime.connect({ name: SITE_PORT_NAME });
  port.onDisconnect.addListener(() => {
    // Why it closed. Chrome writes what nobody has looked at into the page's console.
    void chrome.runtime.lastError;
    closed();
  });
  return port;
}

/** Calls `connected` for each web page that opens a port to this background. */
export function onSiteConnect(connected: (port: chrome.runtime.Port) => void): void {
  chrome.runtime.onConnect.addListener((port) => {
    if (port.name === SITE_PORT_NAME) connected(port);
  });
}

/** Whether the extension that put this script into the page is still there: not updated, reloaded or removed. */
export function isExtensionThere(): boolean {
  return chrome.runtime?.id !== undefined;
}

/** Who is at the other end: the browser's word alone. */
export function senderOf(port: chrome.runtime.Port): PortSender {
  const { url = '', origin, frameId, tab } = port.sender ?? {};
  return { url, origin, frame: frameId, tab: tab?.id };
}

/** The extension's background, where it asks something itself. */
export function extensionItself(): PortSender {
  return { url: chrome.runtime.getURL('background'), origin: undefined, frame: undefined, tab: undefined };
}
