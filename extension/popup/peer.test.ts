import { beforeEach, expect, test } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { fullName, hue, peerName } from './peer';
import type { PeerView } from 'sotto-wasm';

beforeEach(() => void installFakeBrowser());

const LEVEL = { available: 20, bytes: 15_950 };
const address: PeerView = {
  kind: 'address',
  address: `${'a'.repeat(44)}.${'b'.repeat(44)}@${'c'.repeat(44)}`,
};
const anonymous: PeerView = { kind: 'anonymous', tag: '7QxkT4vNqWcRz2YbMnHdUe', level: LEVEL };

test('each kind of correspondent has a name that fits a line and one that is whole', () => {
  expect([peerName(address), fullName(address)]).toEqual(['aaaaaaaaaa…cccccccccc', address.address]);
  expect([peerName(anonymous), fullName(anonymous)]).toEqual(['Anonymous 7Qxk', '7QxkT4vNqWcRz2YbMnHdUe']);
  expect(peerName({ kind: 'unknown' })).toBe('Unknown senders');
});

test('a correspondent keeps its colour whatever its level, and others mostly have another', () => {
  expect(hue({ ...anonymous, level: { available: 0, bytes: 0 } })).toBe(hue(anonymous));
  const hues = Array.from({ length: 100 }, (_, n) => hue({ ...anonymous, tag: `tag${n}` }));
  expect(new Set(hues).size).toBe(8);
});
