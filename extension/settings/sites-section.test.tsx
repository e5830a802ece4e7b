import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SiteView } from 'sotto-wasm';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground, type Scenario } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { SCENARIOS } from '../testing/scenarios';
import { site } from '../testing/site-scenarios';
import { Sites } from './sites';
import { SitesSection } from './sites-section';

let background: FakeBackground;

async function show(sites: SiteView[]): Promise<void> {
  const scenario = { ...structuredClone(SCENARIOS['empty']), sites } as Scenario;
  background = new FakeBackground(installFakeBrowser(), scenario);
  const link = new BackgroundLink((event) => models.apply(event));
  const models = new Sites(link);
  render(<SitesSection sites={models} />, document.body);
  await settle();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(100);
const all = (id: string) => [...document.body.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
const one = (id: string) => all(id)[0] as HTMLInputElement;
const shown = () => all('site').map(({ dataset }) => dataset['origin']);
const requests = (type: string) => background.requests.filter((request) => request.type === type);

async function click(id: string): Promise<void> {
  one(id).click();
  await settle();
}

const A = site('https://a.example', { permissions: ['send'] });
const MANY = ['a', 'b', 'c', 'shop', 'd'].map((name) => site(`https://${name}.example`));

test('each site is listed with what it may do and when it was used', async () => {
  await show([A, site('https://b.example', { connected: true, tabs: 1, permissions: ['receive', 'reply'] })]);
  expect(shown()).toEqual(['https://a.example', 'https://b.example']);
  const ticked = (name: string) => all(`site-${name}`).map((box) => (box as HTMLInputElement).checked);
  expect([ticked('send'), ticked('receive'), ticked('reply')]).toEqual([
    [true, false],
    [false, true],
    [false, true],
  ]);
  expect(all('site')[0]?.textContent).toMatch(/Last used/);
  expect(all('site-connected').map(({ textContent }) => textContent?.trim())).toEqual(['Connected']);
});

test('without sites it is said how one comes here', async () => {
  await show([]);
  expect(one('no-sites').textContent).toMatch(/^No site may use the mixnet/);
  expect(one('sites-search')).toBeUndefined();
});

test('many sites can be searched by their names', async () => {
  await show(MANY);
  const field = one('sites-search');
  for (const [wanted, found] of [
    ['SHOP', ['https://shop.example']],
    ['nothing', []],
  ] as const) {
    field.value = wanted;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await settle();
    expect(shown()).toEqual(found);
  }
  expect(one('no-sites').textContent).toMatch(/^No site has this/);
});

test('what a site may do is changed at once', async () => {
  await show([A]);
  await click('site-reply');
  await click('site-send');
  expect(requests('setSitePermissions')).toEqual([
    { type: 'setSitePermissions', origin: 'https://a.example', permissions: ['send', 'reply'] },
    { type: 'setSitePermissions', origin: 'https://a.example', permissions: ['reply'] },
  ]);
});

test('a change that was refused is said, and the box shows what is in force', async () => {
  await show([A]);
  const message = 'The disk is full.';
  background.refuse('setSitePermissions', { code: 'storage.failed', fault: 'storage', message });
  await click('site-send');
  expect(one('sites-error').textContent).toBe(message);
  expect(one('site-send').checked).toBe(true);
});

test('forgetting a site says what is lost, and takes two steps', async () => {
  await show([A]);
  await click('forget-site');
  expect(requests('forgetSite')).toEqual([]);
  expect(one('forget-site-confirm').textContent).toMatch(/are deleted/);
  await click('forget-site-do');
  expect(requests('forgetSite')).toEqual([{ type: 'forgetSite', origin: 'https://a.example' }]);
  expect(shown()).toEqual([]);
});

test('what happens to sites meanwhile is shown', async () => {
  await show([A]);
  background.showSites({ sites: [{ ...A, connected: true, tabs: 1 }] });
  await settle();
  expect(all('site-connected')).toHaveLength(1);
});

test('a background that was started anew is asked again', async () => {
  await show([A]);
  background.die();
  await settle();
  expect(requests('sites').length).toBeGreaterThan(1);
});
