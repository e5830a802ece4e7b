import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { hasSidePanel, openSidePanel } from './side-panel';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('Chrome opens its side panel in the window of the page that asks', async () => {
  const open = vi.fn(async () => undefined);
  Object.assign(browser.api, { sidePanel: { open } });
  expect(hasSidePanel()).toBe(true);
  await openSidePanel();
  expect(open).toHaveBeenCalledWith({ windowId: browser.api.windows.WINDOW_ID_CURRENT });
});

test('Firefox opens its sidebar, at once, as it only does in answer to a click', () => {
  const open = vi.fn(async () => undefined);
  Object.assign(browser.api, { sidebarAction: { open } });
  expect(hasSidePanel()).toBe(true);
  void openSidePanel();
  expect(open).toHaveBeenCalledOnce();
});

test('a browser that has neither is known', () => {
  expect(hasSidePanel()).toBe(false);
});
