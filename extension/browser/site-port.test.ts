import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { connectToBackground } from './runtime';
import { connectSite, isExtensionThere, onSiteConnect, senderOf } from './site-port';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

const port = (sender?: object) => ({ sender }) as unknown as chrome.runtime.Port;

test('a web page reaches the background through a port of another name than a page of the extension', () => {
  const connected = vi.fn();
  onSiteConnect(connected);
  connectToBackground();
  expect(connected).not.toHaveBeenCalled();
  connectSite(() => undefined);
  expect(connected).toHaveBeenCalledOnce();
});

test('a page is told when the background closes its port', () => {
  const closed = vi.fn();
  let background: chrome.runtime.Port | undefined;
  onSiteConnect((port) => (background = port));
  connectSite(closed);
  expect(closed).not.toHaveBeenCalled();
  background?.disconnect();
  expect(closed).toHaveBeenCalledOnce();
});

test('who asks is what the browser says, and nothing is made up where it says nothing', () => {
  const sender = { url: 'https://a.example/x', origin: 'https://a.example', frameId: 0, tab: { id: 4 } };
  expect(senderOf(port(sender))).toEqual({
    url: 'https://a.example/x',
    origin: 'https://a.example',
    frame: 0,
    tab: 4,
  });
  const nobody = { url: '', origin: undefined, frame: undefined, tab: undefined };
  expect(senderOf(port({}))).toEqual(nobody);
  expect(senderOf(port())).toEqual(nobody);
});

test('a script whose extension was reloaded knows it', () => {
  expect(isExtensionThere()).toBe(true);
  browser.runtime.id = undefined;
  expect(isExtensionThere()).toBe(false);
});
