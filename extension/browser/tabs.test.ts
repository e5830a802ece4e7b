import { beforeEach, expect, test } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { openInTab } from './tabs';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

const CHAT = 'chrome-extension://fake/popup/popup.html';

test('a page opens in a tab of its own', async () => {
  await openInTab('popup/popup.html');
  expect(browser.tabs).toEqual([{ id: 1, windowId: 1, url: CHAT, active: true }]);
});

test('a page that is open in a tab is brought forward, and told where to go', async () => {
  await openInTab('settings/settings.html');
  await openInTab('popup/popup.html');
  await openInTab('settings/settings.html');
  await openInTab('popup/popup.html#conversation=a%40b');
  expect(browser.tabs.map(({ url }) => url)).toEqual([
    'chrome-extension://fake/settings/settings.html',
    `${CHAT}#conversation=a%40b`,
  ]);
  expect(browser.tabs.map(({ active }) => active)).toEqual([false, true]);
  expect(browser.focusedWindow).toBe(1);
});

test('without a place to go to, an open page stays where it is', async () => {
  await openInTab('popup/popup.html#conversation=a');
  await openInTab('popup/popup.html');
  expect(browser.tabs.map(({ url }) => url)).toEqual([`${CHAT}#conversation=a`]);
});
