// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CODES } from './index.js';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const page = read('docs/page-api.md');
const types = read('packages/client/src/types.ts');
const rust = read('crate/app/src/site/error.rs');

/** All matches of the first group. */
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);
/** What stands between two texts. */
const between = (text: string, from: string, to: string) => text.split(from)[1]!.split(to)[0]!;

/** The names of what an interface has. */
function members(name: string): string[] {
  const body = /\{\n(.*?)\n\}/s.exec(types.split(`export interface ${name}`)[1]!)![1]!;
  return all(body, /^ {2}(?:readonly )?(\w+)[?:(<]/gm);
}

/** Rows of the table of errors: the code of each reason. */
const documented = Object.fromEntries(
  [...page.matchAll(/^\| `([a-z.-]+)` \| (-?\d+) \|/gm)].map(([, reason, code]) => [reason, Number(code)]),
);

/** In Rust: the reason and the number of each variant that has its own. */
function rustCodes(): Record<string, number> {
  const arms = (body: string, value: RegExp) =>
    [
      ...body.matchAll(
        new RegExp(`((?:Self::\\w+(?:\\(.*?\\)| \\{ \\.\\. \\})?[\\s|]*)+) => ${value.source}`, 'g'),
      ),
    ].flatMap(([, variants, result]) =>
      all(variants!, /Self::(\w+)/g).map((variant) => [variant, result!] as const),
    );
  const numbers = Object.fromEntries(arms(between(rust, 'fn code(', 'fn reason('), /(-?\d+)/));
  const reasons = arms(between(rust, 'fn reason(', 'fn view('), /"(.*?)"/);
  return Object.fromEntries(reasons.map(([variant, reason]) => [reason, Number(numbers[variant])]));
}

test('every reason that this package knows is told with its number, and no other', () => {
  expect(documented).toEqual(CODES);
});

test('every reason of the background is told with its number', () => {
  const codes = rustCodes();
  expect(Object.keys(codes).length).toBeGreaterThan(12);
  expect(documented).toMatchObject(codes);
});

test('every reason that is made somewhere else is told too', () => {
  const folder = 'crate/app/src/background/sites';
  const sources = readdirSync(join(ROOT, folder)).map((name) => read(`${folder}/${name}`));
  const made = [
    ...all(sources.join(), /BadParameter\(\s*"(.*?)"/g),
    ...all(read('extension/page/error.ts'), /'([a-z]+\.[a-z-]+)'/g),
    ...all(read('extension/content/refusal.ts'), /'([a-z]+\.[a-z-]+)'/g),
  ];
  expect(made.length).toBeGreaterThan(10);
  expect(made.filter((reason) => !(reason in documented))).toEqual([]);
});

test('every method, event, option, field and state is told', () => {
  const names = [
    'Nym',
    'Sending',
    'Events',
    'Message',
    'Status',
    'Connection',
    'SendOptions',
    'ConnectOptions',
  ];
  const own = [...names, 'ReplyOptions', 'Cancellable', 'Announcement'].flatMap(members);
  const states = all(/type DeliveryState =(.*?);/s.exec(types)![1]!, /'(\w+)'/g);
  const connection = all(between(types, 'export interface Connection {', '}'), /'(\w+)'/g);
  const permissions = all(/type Permission =(.*?);/s.exec(types)![1]!, /'(\w+)'/g);
  for (const list of [own, states, connection, permissions]) expect(list.length).toBeGreaterThan(2);
  // In code, in some place: alone, in a list of arguments or of fields.
  const code = all(page, /`([^`\n]+)`/g).join(' ');
  const told = (name: string) => new RegExp(`\\b${name}\\b`).test(code);
  expect([...own, ...states, ...connection, ...permissions].filter((name) => !told(name))).toEqual([]);
});

test('the limits are those of the background', () => {
  const constants = read('crate/app/src/limit.rs');
  const rows = [...page.matchAll(/^\| [^|]+ \| ([\d,]+) ?(bytes|ms|s|) \| `(\w+)` \|/gm)];
  expect(rows.map(([, , , name]) => name)).toHaveLength(10);
  for (const [, value, , name] of rows) {
    const source = new RegExp(`${name}: \\w+ = (?:Duration::from_\\w+\\()?(.*?)\\)?;`).exec(constants)![1]!;
    expect(`${name} ${value!.replaceAll(',', '')}`).toBe(`${name} ${evaluate(source)}`);
  }
  const site = all(constants, /pub const (\w*SITE_\w+|PROMPT_\w+)/g);
  const inner = ['MAX_SITE_REQUEST_BYTES', 'MAX_SITES_PORTS', 'MAX_WAITING_SITE_REQUESTS'];
  expect(site.filter((name) => !inner.includes(name) && !page.includes(`\`${name}\``))).toEqual([]);
});

/** A product or a shift, as the constants are written. */
function evaluate(source: string): number {
  const [, left, operator, right] = /^(\d+)(?: (<<|\*) (\d+))?$/.exec(source.replaceAll('_', ''))!;
  if (!operator) return Number(left);
  return operator === '<<' ? Number(left) << Number(right) : Number(left) * Number(right);
}
