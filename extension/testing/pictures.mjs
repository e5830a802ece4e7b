// Takes pictures of the pages in every scenario: node extension/testing/pictures.mjs [folder] [de]
import { build } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const folder = resolve(process.argv[2] ?? 'target/pictures');
const german = process.argv[3] === 'de' ? '&de' : '';
/** Only these scenarios, if any are named. */
const wanted = process.argv.slice(4);
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
    'settings-delete',
    'locked',
  ].map((name) => ['settings', name]),
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
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: 2 });
    await context.addInitScript({ content: preview.outputFiles[0].text });
    await context.route('http://preview/**', (route) => {
      const path = new URL(route.request().url()).pathname;
      return route.fulfill({ path: pages + path });
    });
    for (const [name, scenario] of PICTURES) {
      if (wanted.length > 0 && !wanted.includes(scenario)) continue;
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(name, scenario, error));
      await page.goto(`http://preview/${name}/${name}.html${query}${german}#${scenario}`);
      await page.waitForFunction(() => document.querySelector('[data-ready] main > *'));
      await page.screenshot({ path: `${folder}/${name}-${scenario}-${colorScheme}-${size}.png` });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
console.log(`Pictures are in ${folder}`);
