import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Previews } from './harness/preview';

/** More than these are never in the page: see `extension/popup/section.ts`. */
const MOST = 160;

let previews: Previews;
beforeAll(async () => void (previews = await Previews.launch()));
afterAll(() => previews.close());

/** Shows the chat with 10,000 messages in one conversation. */
const show = (tab: boolean, look: (page: Page) => Promise<void>) =>
  previews.show({ page: 'popup', scenario: 'past-10000', tab }, look);

/** A message that is in view, and how far from the upper edge it is. */
interface Seen {
  id: string;
  top: number;
}

/** The messages in view, from above. */
function seen(page: Page): Promise<Seen[]> {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLElement>('.message')];
    const view = document.querySelector('.conversation')?.getBoundingClientRect() ?? new DOMRect();
    const places = all.map((one) => ({ one, box: one.getBoundingClientRect() }));
    return places
      .filter(({ box }) => box.bottom > view.top && box.top < view.bottom)
      .map(({ one, box }) => ({ id: one.dataset['id'] ?? '', top: box.top - view.top }));
  });
}

const count = (page: Page) => page.$$eval('.message', (all) => all.length);
const first = (page: Page) => page.$eval('.message', (one) => (one as HTMLElement).dataset['id']);
const scroll = (page: Page, top: number) =>
  page.$eval('.conversation', (view, top) => void (view.scrollTop += top), top);

for (const tab of [false, true]) {
  const where = tab ? 'tab' : 'popup';

  test(`in a ${where}, of 10,000 messages few are in the page, and the newest in view`, () =>
    show(tab, async (page) => {
      expect(await count(page)).toBeLessThanOrEqual(MOST);
      expect((await seen(page)).at(-1)?.id).toBe('past-9999');
    }));

  test(`in a ${where}, what is in view stays in its place while older messages come`, () =>
    show(tab, async (page) => {
      for (let turn = 0; turn < 6; turn++) {
        const oldest = await first(page);
        // To where older ones are fetched, and not yet: what is in view there has to stay.
        await page.$eval('.conversation', (view) => void (view.scrollTop = 401));
        await scroll(page, -2);
        // Not the first, of which no more than a hair may be in view.
        const before = (await seen(page))[1];
        const element = await page.$(`[data-id="${before?.id}"]`);
        await page.waitForFunction(
          (id) => !document.querySelector('.message')?.matches(`[data-id="${id}"]`),
          oldest,
        );
        const after = (await seen(page)).find(({ id }) => id === before?.id);
        expect(Math.abs((after?.top ?? Infinity) - (before?.top ?? 0))).toBeLessThan(2);
        expect(await element?.evaluate((one) => one.isConnected)).toBe(true);
        expect(await count(page)).toBeLessThanOrEqual(MOST);
      }
      await page.click('[data-testid="to-newest"]');
      await page.waitForSelector('[data-id="past-9999"]');
      expect((await seen(page)).at(-1)?.id).toBe('past-9999');
    }));

  test(`in a ${where}, a message that was found is in view, with what was said around it`, () =>
    show(tab, async (page) => {
      if (!tab) await page.click('[data-testid="back"]');
      await page.fill('[data-testid="search"]', 'line 5003');
      await page.click('[data-testid="hit"]');
      await page.waitForSelector('[data-id="past-5000"]');
      await page.waitForSelector('[data-id="past-5006"]');
      expect((await seen(page)).map(({ id }) => id)).toContain('past-5003');
      expect(await page.$eval('.found', (one) => (one as HTMLElement).dataset['id'])).toBe('past-5003');
    }));
}
