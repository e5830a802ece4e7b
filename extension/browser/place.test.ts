import { expect, test } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { loadPlace, savePlace } from './place';

test('a popup that opens again knows which conversation was open, or that none was', async () => {
  installFakeBrowser();
  expect(await loadPlace()).toBeUndefined();
  await savePlace('tag');
  expect(await loadPlace()).toBe('tag');
  await savePlace('');
  expect(await loadPlace()).toBe('');
  await savePlace(undefined);
  expect(await loadPlace()).toBeUndefined();
});
