// Takes pictures of the pages in every scenario, in both themes and all sizes:
//   node extension/testing/pictures.mjs [--kept] [folder] [en|de] [page or scenario ...]
// With --kept as they are kept in docs/screenshots: the popup as popup, other pages as tabs, and small.
import { build } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const kept = process.argv.includes('--kept');
const [to = 'target/pictures', language, ...wanted] = process.argv
  .slice(2)
  .filter((option) => option !== '--kept');
const folder = resolve(to);
const german = language === 'de' ? '&de' : '';
const pages = resolve('target/extension');
const PICTURES = [
  ...[
    'starting',
    'connecting',
    'empty',
    'list',
    'new',
    'conversation',
    'answering',
    'waiting',
    'given-up',
    'unknown',
    'delivery',
    'offline',
    'offline-open',
    'full',
    'long',
    'old-map',
    'not-ready',
    'set-up',
    'locked',
    'locked-wrong',
    'lost',
    'lost-anew',
    'cannot-start',
    'verified',
    'signed',
    'files',
    'picture',
    'machine',
    'states',
    'history',
    'contact-only',
    'menu',
    'menu-delete',
    'attached',
    'too-large',
    'details',
    'details-signed',
    'details-anonymous',
    'details-delete',
    'share',
    'new-qr',
    'search',
    'search-nothing',
    'long-names',
  ].map((name) => ['popup', name]),
  ...[
    'set-up',
    'welcome-kind',
    'welcome-restore',
    'welcome-passphrase',
    'welcome-skip',
    'welcome-network',
    'connecting',
    'offline',
    'empty',
  ].map((name) => ['welcome', name]),
  ...[
    'empty',
    'gateways',
    'moving',
    'settings-lock',
    'settings-change',
    'settings-device',
    'settings-privacy',
    'settings-backup',
    'settings-sites',
    'settings-sites-none',
    'settings-sites-forget',
    'settings-delete',
    'locked',
  ].map((name) => ['settings', name]),
  ...['asked', 'asked-more', 'asked-part', 'asked-long', 'asked-closed', 'locked'].map((name) => [
    'approve',
    name,
  ]),
  ...['starting', 'list', 'old-map', 'gateways', 'moving', 'full'].map((name) => ['diagnostics', name]),
];

await mkdir(folder, { recursive: true });
const preview = await build({
  entryPoints: ['extension/testing/preview.ts'],
  bundle: true,
  write: false,
  format: 'iife',
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const colorScheme of ['light', 'dark']) {
  for (const [size, query, viewport] of [
    ['popup', '?', { width: 400, height: 600 }],
    ['tab', '?tab', { width: 1000, height: 720 }],
    // As a side panel can be.
    ['narrow', '?tab', { width: 320, height: 640 }],
  ]) {
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: kept ? 1 : 2 });
    await context.addInitScript({ content: preview.outputFiles[0].text });
    await context.route('http://preview/**', (route) => {
      const path = new URL(route.request().url()).pathname;
      return route.fulfill({ path: pages + path });
    });
    for (const [name, scenario] of PICTURES) {
      if (wanted.length > 0 && ![name, scenario].some((one) => wanted.includes(one))) continue;
      if (kept && size !== (name === 'popup' || name === 'approve' ? 'popup' : 'tab')) continue;
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(name, scenario, error));
      await page.goto(`http://preview/${name}/${name}.html${query}${german}#${scenario}`);
      await page.waitForFunction(() => document.querySelector('[data-ready] main > *'));
      if (kept && name !== 'popup' && name !== 'approve') await showWhole(page);
      const picture = `${name}-${scenario}-${colorScheme}${kept ? '' : `-${size}`}`;
      await page.screenshot({ path: `${folder}/${picture}.png` });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
console.log(`Pictures are in ${folder}`);

/** Makes the window as high as what is in it. */
async function showWhole(page) {
  const height = await page.evaluate(() => {
    const header = document.querySelector('body > header');
    return document.querySelector('main').scrollHeight + (header?.offsetHeight ?? 0);
  });
  const { width } = page.viewportSize();
  await page.setViewportSize({ width, height: Math.max(480, height) });
}
