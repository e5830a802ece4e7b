import { beforeEach, expect, test, vi } from 'vitest';
import manifest from '../manifest.json';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { onCommand } from './commands';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('each command does what is its own, and one of a later version nothing', () => {
  const commands = { 'open-tab': vi.fn(), 'lock-now': vi.fn() };
  onCommand(commands);
  browser.onCommand.fire('lock-now');
  browser.onCommand.fire('toString');
  browser.onCommand.fire('later');
  expect(commands['lock-now']).toHaveBeenCalledOnce();
  expect(commands['open-tab']).not.toHaveBeenCalled();
});

test('no key is suggested twice, and no more keys than browsers take', () => {
  const keys = Object.values(manifest.commands).map(({ suggested_key }) => suggested_key.default);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeLessThanOrEqual(4);
});
