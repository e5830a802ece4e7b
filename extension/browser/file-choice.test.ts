import { afterEach, expect, test, vi } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { filesHaveToBeChosenElsewhere } from './file-choice';

afterEach(() => void vi.restoreAllMocks());

test.each([
  ['Firefox/142.0', true, true],
  ['Firefox/142.0', false, false],
  ['Chrome/120.0', true, false],
])('in %s, popup %s: files have to be chosen elsewhere: %s', (agent, popup, elsewhere) => {
  vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue(`Mozilla/5.0 ${agent}`);
  installFakeBrowser().popupViews = popup ? [window] : [];
  expect(filesHaveToBeChosenElsewhere()).toBe(elsewhere);
});
