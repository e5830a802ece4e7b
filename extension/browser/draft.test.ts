import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { loadDraft, saveDraft } from './draft';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

test('a draft outlives the popup', async () => {
  expect(await loadDraft()).toEqual({ to: '', text: '' });
  await saveDraft({ to: 'a.b@c', text: 'half a sen' });
  expect(await loadDraft()).toEqual({ to: 'a.b@c', text: 'half a sen' });
});

test('a draft that the browser refuses is dropped, not an older one shown again', async () => {
  await saveDraft({ to: 'a', text: 'old' });
  vi.spyOn(browser.session, 'set').mockRejectedValueOnce(new Error('quota exceeded'));
  await saveDraft({ to: 'a', text: 'too long' });
  expect(await loadDraft()).toEqual({ to: '', text: '' });
});
