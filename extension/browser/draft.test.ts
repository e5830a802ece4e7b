import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeBrowser, installFakeBrowser } from '../testing/fake-browser';
import { clearDrafts, type Draft, loadDrafts, NO_DRAFT, saveDraft } from './draft';

let browser: FakeBrowser;
beforeEach(() => {
  browser = installFakeBrowser();
});

const HALF: Draft = { to: 'a.b@c', name: 'C', text: 'half a sen', anonymous: undefined };

test('drafts outlive the popup, each in its place', async () => {
  expect(await loadDrafts()).toEqual(new Map());
  await saveDraft('', HALF);
  await saveDraft('tag', { ...NO_DRAFT, text: 'dear', anonymous: false });
  await browser.session.set({ something: 'else' });
  expect(await loadDrafts()).toEqual(
    new Map([
      ['', HALF],
      ['tag', { to: '', name: '', text: 'dear', anonymous: false }],
    ]),
  );
});

test('an empty draft leaves nothing behind', async () => {
  await saveDraft('', HALF);
  await saveDraft('', NO_DRAFT);
  expect(await browser.session.get(null)).toEqual({});
});

test('drafts are forgotten, and nothing else is', async () => {
  await saveDraft('', HALF);
  await saveDraft('tag', HALF);
  await browser.session.set({ something: 'else' });
  await clearDrafts();
  expect(await browser.session.get(null)).toEqual({ something: 'else' });
});

test('a draft that the browser refuses is dropped, not an older one shown again', async () => {
  await saveDraft('', { ...HALF, text: 'old' });
  vi.spyOn(browser.session, 'set').mockRejectedValueOnce(new Error('quota exceeded'));
  await saveDraft('', { ...HALF, text: 'too long' });
  expect(await loadDrafts()).toEqual(new Map());
});
