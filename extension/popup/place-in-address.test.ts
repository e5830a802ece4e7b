import { afterEach, expect, test, vi } from 'vitest';
import { BOB } from '../testing/scenarios';
import { NEW } from './chat';
import { onPlaceInAddress, placeInAddress } from './place-in-address';

afterEach(() => void (location.hash = ''));

test.each([
  [`#conversation=${encodeURIComponent(BOB)}`, BOB],
  ['#conversation=tag', 'tag'],
  ['#new', NEW],
  ['', undefined],
  ['#list', undefined],
  ['#conversation=%', undefined],
])('the address %j opens %j', (hash, place) => {
  location.hash = hash;
  expect(placeInAddress()).toBe(place);
});

test('a page that is open goes where its address is changed to', () => {
  const open = vi.fn();
  onPlaceInAddress(open);
  location.hash = '#conversation=tag';
  dispatchEvent(new Event('hashchange'));
  expect(open).toHaveBeenCalledWith('tag');
});
