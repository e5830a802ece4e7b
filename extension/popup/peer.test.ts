import { beforeEach, expect, test } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { description, fullName, hue, peerName } from './peer';
import type { PeerView } from 'sotto-wasm';

beforeEach(() => void installFakeBrowser());

const LEVEL = { available: 20, bytes: 15_950 };
const address: PeerView = {
  kind: 'address',
  address: `${'a'.repeat(44)}.${'b'.repeat(44)}@${'c'.repeat(44)}`,
};
const anonymous: PeerView = { kind: 'anonymous', tag: '7QxkT4vNqWcRz2YbMnHdUe', level: LEVEL };
const nameless = (peer: PeerView) => peerName({ name: null, peer });

test('each kind of correspondent has a name that fits a line and one that is whole', () => {
  expect([nameless(address), fullName(address)]).toEqual(['aaaaaaaaaa…cccccccccc', address.address]);
  expect([nameless(anonymous), fullName(anonymous)]).toEqual(['Anonymous 7Qxk', '7QxkT4vNqWcRz2YbMnHdUe']);
  expect(nameless({ kind: 'unknown' })).toBe('Unknown senders');
});

test('whoever has a name is called by it', () => {
  expect(peerName({ name: 'Bob', peer: address })).toBe('Bob');
});

test('what is known of somebody is said in words', () => {
  expect(description({ peer: address, trust: 'none' })).toBe('Known by their address');
  expect(description({ peer: address, trust: 'signed' })).toMatch(/^Signed/);
  expect(description({ peer: address, trust: 'verified' })).toMatch(/^Verified/);
});

test('a correspondent keeps its colour whatever its level, and others mostly have another', () => {
  expect(hue({ ...anonymous, level: { available: 0, bytes: 0 } })).toBe(hue(anonymous));
  const hues = Array.from({ length: 100 }, (_, n) => hue({ ...anonymous, tag: `tag${n}` }));
  expect(new Set(hues).size).toBe(8);
});
