import axe from 'axe-core';
import { build } from 'esbuild';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ARTEFACTS, CHROMIUM } from './harness/programs';

declare const globalThis: { axe: typeof axe };

const FOLDER = 'examples/guest-book/page';
const ORIGIN = 'http://localhost';

let browser: Browser;
let scripts: { page: string; fake: string };

beforeAll(async () => {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser = await chromium.launch({ executablePath: CHROMIUM, args });
  const [page, fake] = await Promise.all([
    bundle(join(FOLDER, 'main.ts')),
    bundle('tests/e2e/harness/guest-book-fake.ts'),
  ]);
  scripts = { page, fake };
  await mkdir(ARTEFACTS, { recursive: true });
});
afterAll(() => browser?.close());

async function bundle(entry: string): Promise<string> {
  const alias = { 'sotto-client': './packages/client/src/index.ts' };
  const built = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', alias });
  return built.outputFiles[0]!.text;
}

/** The page, where the user says that. */
async function open(user: string, width = 720): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  await context.addInitScript({ content: scripts.fake });
  await context.addInitScript({ content: axe.source });
  await context.route(`${ORIGIN}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1) || 'index.html';
    if (name === 'main.js') return route.fulfill({ contentType: 'text/javascript', body: scripts.page });
    if (name === 'service.json') return route.fulfill({ json: { address: 'keeper@gateway' } });
    const type = name.endsWith('.css') ? 'text/css' : 'text/html';
    return route.fulfill({ contentType: type, body: await readFile(join(FOLDER, name)) });
  });
  const page = await context.newPage();
  await page.goto(`${ORIGIN}/#${user}`);
  return page;
}

const untilStage = (page: Page, stage: string) => page.waitForSelector(`[data-state="${stage}"]`);

/** What leads to each state that the page can be in. */
const STATES: Record<string, (width?: number) => Promise<Page>> = {
  'no extension': async (width) => {
    const page = await open('none', width);
    await untilStage(page, 'noExtension');
    return page;
  },
  'not connected': async (width) => {
    const page = await open('allow', width);
    await untilStage(page, 'notConnected');
    return page;
  },
  asking: async (width) => {
    const page = await open('silent', width);
    await page.click('#connect');
    await untilStage(page, 'asking');
    return page;
  },
  refused: async (width) => {
    const page = await open('refuse', width);
    await page.click('#connect');
    await page.waitForFunction('document.getElementById("status-hint").textContent.includes("You said no")');
    return page;
  },
  answered: async (width) => {
    const page = await open('allow', width);
    await page.click('#connect');
    await page.fill('#text', 'Hello from nobody in particular.');
    await page.click('#send');
    await untilStage(page, 'answered');
    return page;
  },
};

for (const [name, lead] of Object.entries(STATES))
  test(`axe finds nothing wrong with the guest book in either theme: ${name}`, async () => {
    const page = await lead();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: join(ARTEFACTS, `guest-book-${name.replace(' ', '-')}-${colorScheme}.png`),
      });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
    }
    await page.context().close();
  });

test('nothing of the guest book is wider than a small telephone', async () => {
  for (const lead of Object.values(STATES)) {
    const page = await lead(320);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.context().close();
  }
});

test('an entry is written with the keyboard alone', async () => {
  const page = await open('allow');
  await untilStage(page, 'notConnected');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await untilStage(page, 'connected');
  await page.focus('#text');
  await page.keyboard.type('By hand');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await untilStage(page, 'answered');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('text');
  await page.context().close();
});
