import { expect, test } from 'vitest';
import manifest from '../manifest.json';

const SCRIPTS: Record<string, unknown>[] = manifest.content_scripts;

test('the bridge and the script of the page come together, and before any script of the page', () => {
  expect(SCRIPTS.map(({ js }) => js)).toEqual([['content/content.js'], ['page/page.js']]);
  expect(SCRIPTS.map(({ world = 'ISOLATED' }) => world)).toEqual(['ISOLATED', 'MAIN']);
  expect(SCRIPTS[0]?.['matches']).toEqual(SCRIPTS[1]?.['matches']);
  expect(SCRIPTS.map((script) => script['run_at'])).toEqual(['document_start', 'document_start']);
});

test('only pages of tabs get them, over https or of this computer: no frame, and no page without a host', () => {
  for (const script of SCRIPTS) {
    expect(Object.keys(script).filter((key) => /frame|about|origin/.test(key))).toEqual([]);
    const hosts = (script['matches'] as string[]).map((pattern) => pattern.replace(/\/\*$/, ''));
    expect(hosts).toEqual([
      'https://*',
      'http://localhost',
      'http://*.localhost',
      'http://127.0.0.1',
      'http://[::1]',
    ]);
  }
});

test('no page can load anything of the extension, nor speak to it by another way', () => {
  expect(manifest.web_accessible_resources).toEqual([]);
  expect(manifest).not.toHaveProperty('externally_connectable');
  expect(manifest).not.toHaveProperty('host_permissions');
});
