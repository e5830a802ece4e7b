import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { onWake, wakeEveryMinute } from './alarm';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('the background is woken each minute, whatever other alarms there are', async () => {
  const wake = vi.fn();
  onWake(wake);
  await wakeEveryMinute();
  expect(browser.alarms).toEqual([{ name: 'wake', periodInMinutes: 1 }]);
  browser.fireAlarm('other');
  expect(wake).not.toHaveBeenCalled();
  browser.fireAlarm('wake');
  expect(wake).toHaveBeenCalledOnce();
});
