// @vitest-environment node
import { beforeAll, expect, test } from 'vitest';
import { type PageOptions, pageScript, PageWorld } from '../testing/page-world';

let script: string;
beforeAll(async () => void (script = await pageScript()));
const page = (options?: PageOptions) => new PageWorld(script, options);

test('a page has `window.nym` before its own scripts run, and cannot change what is in it', () => {
  const { nym, window } = page();
  expect(nym.version).toBe(1);
  expect(Object.isFrozen(nym)).toBe(true);
  expect(Object.keys(window)).not.toContain('nym');
});

test('a page may have a variable of its own of this name', () => {
  const { window } = page();
  window['nym'] = 'mine';
  expect(window['nym']).toBe('mine');
});

test('what another provider has put there stays there, and Sotto is announced all the same', () => {
  const other = { version: 7 };
  const { window, announced } = page({ nym: other });
  expect(window['nym']).toBe(other);
  expect(announced.map(({ name, nym }) => [name, nym.version])).toEqual([['Sotto', 1]]);
});

test('it is announced at the start and whenever somebody asks, always the same', () => {
  const { window, announced, nym } = page();
  window.dispatchEvent(new Event('nym:request'));
  expect(announced).toHaveLength(2);
  expect(announced[0]).toBe(announced[1]);
  expect(announced[0]?.nym).toBe(nym);
  expect(Object.isFrozen(announced[0])).toBe(true);
});

test.each([
  ['without a secure context', { secure: false }],
  ['in a frame of another page', { framed: true }],
  ['in a sandbox', { sandboxed: true }],
])('%s there is nothing', (_, options) => {
  const { window, announced } = page(options);
  expect('nym' in window).toBe(false);
  expect(announced).toEqual([]);
});

test('a page that gets the script twice has one provider', () => {
  const world = page();
  const { nym } = world;
  world.inject();
  expect(world.nym).toBe(nym);
  expect(world.announced).toHaveLength(1);
});

test('a page that never uses it costs the bridge nothing', () => {
  expect(page().asked).toEqual([]);
});
