import { expect, test } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { setBadge } from './badge';

test.each([
  [0, ''],
  [1, '1'],
  [99, '99'],
  [100, '99+'],
])('%i unread messages are shown as %j', async (unread, shown) => {
  const browser = installFakeBrowser();
  await setBadge(unread);
  expect(browser.badge).toBe(shown);
});
