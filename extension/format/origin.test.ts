import { expect, test } from 'vitest';
import { isLocal, originParts, shortHost } from './origin';

test.each([
  ['https://example.org', 'https://', 'example.org', ''],
  ['https://xn--bcher-kva.example:8443', 'https://', 'xn--bcher-kva.example', ':8443'],
  ['http://[::1]:80', 'http://', '[::1]', ':80'],
  ['http://localhost:3000', 'http://', 'localhost', ':3000'],
])('%s is taken apart', (origin, scheme, host, port) => {
  expect(originParts(origin)).toEqual({ scheme, host, port });
});

test('a long host keeps its end, which says whose it is', () => {
  const host = `www.bank.example.${'login-'.repeat(30)}.attacker.example`;
  expect(shortHost(host, 36)).toHaveLength(36);
  expect(shortHost(host, 36)).toMatch(/^www\.bank….*attacker\.example$/);
});

test('a host that fits is shown as it is', () => {
  expect(shortHost('example.org', 11)).toBe('example.org');
});

test('a program on this computer is told from a site of the web', () => {
  expect(isLocal('http://localhost:3000')).toBe(true);
  expect(isLocal('https://localhost.example')).toBe(false);
});
