import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import {
  connectToBackground,
  extensionUrl,
  isPopup,
  onInstall,
  onPageConnect,
  onStart,
  stayAwake,
} from './runtime';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('a page reaches the background through a port of the agreed name', () => {
  connectToBackground();
  expect(browser.ports.map((port) => port.name)).toEqual(['sotto']);
});

test('staying awake asks for the platform, which resets the idle timer in both browsers', async () => {
  await stayAwake();
  expect(browser.platformInfoCalls).toBe(1);
});

test('a file of the extension has an address of the extension', () => {
  expect(extensionUrl('wasm/a.wasm')).toBe('chrome-extension://fake/wasm/a.wasm');
});

test('a page knows whether it is the popup', () => {
  expect(isPopup()).toBe(false);
  browser.popupViews = [window];
  expect(isPopup()).toBe(true);
});

test('only ports of the agreed name reach the background', () => {
  const connected = vi.fn();
  onPageConnect(connected);
  browser.runtime.connect({ name: 'other' });
  expect(connected).not.toHaveBeenCalled();
  connectToBackground();
  expect(connected).toHaveBeenCalledOnce();
});

test('the background starts with the browser and after an installation', () => {
  const started = vi.fn();
  onStart(started);
  browser.onStartup.fire();
  browser.onInstalled.fire({ reason: 'update' });
  expect(started).toHaveBeenCalledTimes(2);
});

test('an installation is told from an update, and from a developer who tries something out', () => {
  const installed = vi.fn();
  onInstall(installed);
  browser.onInstalled.fire({ reason: 'update' });
  browser.onInstalled.fire({ reason: 'chrome_update' });
  browser.onInstalled.fire({ reason: 'install', temporary: true });
  expect(installed).not.toHaveBeenCalled();
  browser.onInstalled.fire({ reason: 'install', temporary: false });
  expect(installed).toHaveBeenCalledOnce();
});
