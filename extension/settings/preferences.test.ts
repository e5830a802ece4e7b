import { beforeEach, expect, test } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground, SETTINGS } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { Preferences } from './preferences';

const LOCAL = SETTINGS;
let background: FakeBackground;
let preferences: Preferences;

beforeEach(() => {
  background = new FakeBackground(installFakeBrowser());
  preferences = new Preferences(new BackgroundLink(() => undefined));
  preferences.stored(LOCAL);
});

test('what is saved is what was edited, and the page says so until the next edit', async () => {
  preferences.edit({ traffic: 'protected' });
  expect(preferences.changed.value).toBe(true);
  background.state.settings = { ...LOCAL, traffic: 'protected' };
  await preferences.save();
  expect(background.requests).toContainEqual({
    type: 'setSettings',
    settings: { ...LOCAL, traffic: 'protected' },
  });
  expect(preferences.saved.value).toBe(true);
  preferences.edit({ traffic: 'direct' });
  expect(preferences.saved.value).toBe(false);
});

test('refused settings stay on the page with the reason', async () => {
  background.refuse('setSettings', { code: 'bad_directory', fault: 'you', message: 'No address.' });
  preferences.edit({ directory: 'nonsense' });
  await preferences.save();
  expect(preferences.error.value?.message).toBe('No address.');
  expect(preferences.edited.value?.directory).toBe('nonsense');
  expect(preferences.saved.value).toBe(false);
});

test('a reconnecting background does not overwrite what the user is typing', () => {
  preferences.edit({ directory: 'https://half.exam' });
  preferences.stored(LOCAL);
  expect(preferences.edited.value?.directory).toBe('https://half.exam');
});

test('what another page has saved meanwhile is not undone by what is edited here', async () => {
  preferences.edit({ receipts: false });
  preferences.stored({ ...LOCAL, keepDays: 7 });
  expect(preferences.unsaved.value).toEqual(['receipts']);
  await preferences.save();
  const settings = { ...LOCAL, keepDays: 7, receipts: false };
  expect(background.requests).toContainEqual({ type: 'setSettings', settings });
});

test('an edit that is taken back is none, and all of them can be discarded', () => {
  preferences.edit({ receipts: false, traffic: 'fast' });
  preferences.edit({ receipts: true });
  expect(preferences.unsaved.value).toEqual(['traffic']);
  preferences.discard();
  expect(preferences.changed.value).toBe(false);
  expect(preferences.edited.value).toEqual(LOCAL);
});
