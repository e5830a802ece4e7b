import { beforeEach, expect, test } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { notify, openNotifications } from './notifications';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

const ALICE = 'a.b@c';
const said = (body: string, conversation = ALICE) => notify({ conversation, title: 'Alice', body });
const shown = () => [...browser.notifications.values()];

test('a notification has the words it was given and the icon of the extension', async () => {
  await said('hello');
  expect(shown()).toEqual([
    {
      type: 'basic',
      iconUrl: 'chrome-extension://fake/icons/128.png',
      title: 'Alice',
      message: 'hello',
    },
  ]);
});

test('each conversation has one notification, the newest', async () => {
  await said('one');
  await said('two');
  await said('three', 'tag');
  expect(shown().map(({ message }) => message)).toEqual(['two', 'three']);
});

test('a click opens the chat at the conversation, and takes the notification away', async () => {
  openNotifications();
  await said('hello');
  browser.clickNotification(`conversation=${ALICE}`);
  await expect
    .poll(() => browser.tabs.map(({ url }) => url))
    .toEqual(['chrome-extension://fake/popup/popup.html#conversation=a.b%40c']);
  expect(shown()).toEqual([]);
});

test('a click on what is not ours opens nothing', async () => {
  openNotifications();
  browser.clickNotification('other');
  await Promise.resolve();
  expect(browser.tabs).toEqual([]);
});
