import { beforeEach, expect, test } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { openApproval } from './approval-window';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('the user is asked in a small window of its own, in front of the others', async () => {
  await openApproval();
  expect(browser.windows).toEqual([{ type: 'popup', focused: true, width: 420, height: 560 }]);
  expect(browser.tabs.map(({ url }) => url)).toEqual(['chrome-extension://fake/approve/approve.html']);
});

test('there is one window, however often and however quickly it is asked for', async () => {
  await Promise.all([openApproval(), openApproval(), openApproval()]);
  expect(browser.windows).toHaveLength(1);
  expect(browser.focusedWindow).toBe(2);
});

test('a window that could not be opened does not keep the next one from opening', async () => {
  const { create } = chrome.windows;
  chrome.windows.create = () => Promise.reject(new Error('No window.'));
  await openApproval();
  chrome.windows.create = create;
  await openApproval();
  expect(browser.windows).toHaveLength(1);
});
