import { beforeEach, expect, test } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { Badge } from './badge';

let browser: FakeBrowser;
let badge: Badge;
beforeEach(async () => {
  browser = installFakeBrowser();
  badge = new Badge();
  for (const url of ['https://one.example/', 'https://two.example/']) await chrome.tabs.create({ url });
});

const shown = (tab: number) => browser.tabBadges.get(tab);

test.each([
  [0, ''],
  [1, '1'],
  [99, '99'],
  [100, '99+'],
])('%i unread messages are shown as %j', async (unread, shown) => {
  await badge.setUnread(unread);
  expect(browser.badge).toBe(shown);
});

test('a dot is shown in the tab whose site uses the mixnet, and in no other', async () => {
  await badge.setSite(2, true);
  expect(shown(2)).toEqual({ text: '•', title: 'This site is using the mixnet' });
  expect(shown(1)).toBeUndefined();
  await badge.setSite(2, false);
  expect(shown(2)).toEqual({ text: null, title: 'Sotto' });
});

test('the dot of a tab does not hide how many messages are unread', async () => {
  await badge.setSite(2, true);
  await badge.setUnread(3);
  expect(shown(2)).toEqual({ text: null, title: 'This site is using the mixnet' });
  await badge.setUnread(0);
  expect(shown(2)?.text).toBe('•');
});

test('a tab that is gone is forgotten', async () => {
  await badge.setSite(9, true);
  await badge.setUnread(1);
  expect(shown(9)).toBeUndefined();
});

test('what an earlier background left in the tabs is taken away', async () => {
  await badge.setSite(1, true);
  await new Badge().clear();
  expect(shown(1)).toEqual({ text: null, title: 'Sotto' });
});
