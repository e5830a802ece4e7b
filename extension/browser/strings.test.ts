import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import messages from '../_locales/en/messages.json';
import manifest from '../manifest.json';
import { installFakeBrowser } from '../testing/fake-browser';
import { text } from './strings';

beforeEach(() => void installFakeBrowser());

test('placeholders are filled in order', () => {
  expect(text('progressSending', 3, 10)).toBe('Sending 3 of 10');
});

test('every string in the locale is used, and every manifest string exists', () => {
  const sources = readdirSync('extension', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(tsx?|html)$/.test(path) && !path.includes('.test.'))
    .map((path) => readFileSync(join('extension', path), 'utf8'))
    .join('\n');
  const wanted = JSON.stringify(manifest) + sources;
  const unused = Object.keys(messages).filter((name) => !wanted.includes(name));
  expect(unused).toEqual([]);
  for (const [, name] of JSON.stringify(manifest).matchAll(/__MSG_(\w+)__/g)) {
    expect(messages).toHaveProperty(name ?? '');
  }
});
