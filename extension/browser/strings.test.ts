import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import manifest from '../manifest.json';
import { installFakeBrowser, type Locale, LOCALES } from '../testing/fake-browser';
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
  const unused = Object.keys(LOCALES.en).filter((name) => !wanted.includes(name));
  expect(unused).toEqual([]);
  for (const [, name] of JSON.stringify(manifest).matchAll(/__MSG_(\w+)__/g)) {
    expect(LOCALES.en).toHaveProperty(name ?? '');
  }
});

test('every folder of a language is known to the tests', () => {
  expect(readdirSync('extension/_locales').toSorted()).toEqual(Object.keys(LOCALES));
});

test.each(Object.entries<Locale>(LOCALES))('%s has every string, with the same placeholders', (_, locale) => {
  expect(placeholders(locale)).toEqual(placeholders(LOCALES.en));
});

test.each(Object.entries<Locale>(LOCALES))('%s shows each placeholder of each string once', (_, locale) => {
  for (const { message, placeholders = {} } of Object.values(locale)) {
    const shown = [...message.matchAll(/\$(\w+)\$/g)].map(([, name]) => name?.toLowerCase());
    expect(shown.toSorted()).toEqual(Object.keys(placeholders).toSorted());
    expect(message.trim()).not.toBe('');
  }
});

test('the pages speak the language of the browser', () => {
  installFakeBrowser().language = 'de';
  expect(text('progressSending', 3, 10)).toBe('3 von 10 gesendet');
});

function placeholders(locale: Locale): [string, unknown][] {
  const strings = Object.entries(locale).map(([name, entry]): [string, unknown] => [
    name,
    entry.placeholders ?? {},
  ]);
  return strings.toSorted(([one], [other]) => one.localeCompare(other));
}
