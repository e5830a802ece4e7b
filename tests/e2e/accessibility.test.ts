import axe, { type Result } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCENARIOS } from '../../extension/testing/scenarios';
import { Previews, type View } from './harness/preview';

declare const globalThis: { axe: typeof axe };

let previews: Previews;
beforeAll(async () => void (previews = await Previews.launch(axe.source)));
afterAll(() => previews.close());

const PLACES = [
  { page: 'popup', tab: false },
  { page: 'popup', tab: true },
  { page: 'welcome', tab: true },
  { page: 'settings', tab: true },
  { page: 'diagnostics', tab: true },
  { page: 'approve', tab: true },
] as const;
const THEMES = ['light', 'dark'] as const;

for (const place of PLACES) {
  const where = `${place.page} page in a ${place.tab ? 'tab' : 'popup'}`;
  test(`axe finds nothing wrong with the ${where} in any state and theme`, async () => {
    const found: string[] = [];
    for (const scenario of statesOf(place.page)) {
      found.push(...(await violations({ ...place, scenario })));
    }
    expect(found).toEqual([]);
  });
}

test('axe does find what is wrong', async () => {
  const view = { page: 'settings', tab: true, scenario: 'empty' } as const;
  const found = await previews.show(view, async (page) => {
    await page.evaluate('document.querySelector("[data-testid=directory]").removeAttribute("aria-label")');
    await page.addStyleTag({ content: '.back { color: #777 !important }' });
    return check(page, 'light');
  });
  expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(['color-contrast', 'label']));
});

/** All states, without those that only another page comes to. */
function statesOf(page: View['page']): string[] {
  const all = Object.entries(SCENARIOS);
  return all.filter(([, { steps }]) => !steps || steps.page === page).map(([name]) => name);
}

async function violations(view: View): Promise<string[]> {
  const found: string[] = [];
  await previews.show(view, async (page) => {
    for (const theme of THEMES) {
      const where = `${view.scenario}, ${theme}`;
      found.push(...(await check(page, theme)).flatMap((result) => lines(where, result)));
    }
  });
  return found;
}

async function check(page: Page, theme: (typeof THEMES)[number]): Promise<Result[]> {
  await page.emulateMedia({ colorScheme: theme });
  return (await page.evaluate(() => globalThis.axe.run())).violations;
}

function lines(where: string, { id, nodes }: Result): string[] {
  return nodes.map(({ html, failureSummary }) => `${where}: ${id}: ${html}: ${failureSummary}`);
}
