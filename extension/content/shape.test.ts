import { expect, test } from 'vitest';
import { read } from './shape';

const said = (request: unknown, id: unknown = 1) => read(JSON.stringify({ id, request }));
const data = { kind: 'json', content: '{"a":1}' };

const REQUESTS = [
  { type: 'connect', permissions: ['send', 'receive', 'reply'] },
  { type: 'permissions' },
  { type: 'disconnect' },
  { type: 'address' },
  { type: 'send', to: 'a.b@c', data, anonymous: true, surbs: 10, plain: false },
  { type: 'reply', tag: 'x', data, plain: true },
  { type: 'cancel', id: 'm' },
  { type: 'received', id: 'm' },
];

test.each(REQUESTS)('the request $type passes as it is', (request) => {
  expect(said(request)).toEqual({ id: 1, request });
});

test.each(REQUESTS)('the request $type does not pass with a field more or less', (request) => {
  const { type, ...fields } = request;
  expect(said({ ...request, more: 1 })).toEqual({ id: 1, refused: 'request.unknown' });
  for (const name of Object.keys(fields)) {
    const without = Object.fromEntries(Object.entries(request).filter(([one]) => one !== name));
    expect(said(without)).toEqual({ id: 1, refused: 'request.unknown' });
    expect(said({ ...request, [name]: { type } })).toEqual({ id: 1, refused: 'request.unknown' });
  }
});

test.each([
  ['a page of the extension', { type: 'lock' }],
  ['a page of the extension, with fields', { type: 'answerPrompt', prompt: 1, permissions: [] }],
  ['nobody', { type: 'constructor' }],
  ['nobody, with a prototype', '{"type":"address","__proto__":{"permissions":[]}}'],
  ['a list', []],
  ['nothing', null],
  ['a site, with data of an unknown kind', { ...REQUESTS[5], data: { kind: 'file', content: '' } }],
  ['a site, with more in its data', { ...REQUESTS[5], data: { ...data, name: 'x' } }],
  ['a site, with an unknown permission', { type: 'connect', permissions: ['send', 'admin'] }],
  ['a site, with too many permissions', { type: 'connect', permissions: Array(17).fill('send') }],
  ['a site, with a number that is none', { ...REQUESTS[4], surbs: -1 }],
])('what only %s could ask is refused', (_, request) => {
  const text = typeof request === 'string' ? `{"id":1,"request":${request}}` : undefined;
  expect(text ? read(text) : said(request)).toEqual({ id: 1, refused: 'request.unknown' });
});

test.each([
  ['an object', { id: 1, request: { type: 'address' } }],
  ['no JSON', '{"id":1'],
  ['a list', '[1,{"type":"address"}]'],
  ['nothing', undefined],
  ['without a number', '{"request":{"type":"address"}}'],
  ['with a number that is none', '{"id":"1","request":{"type":"address"}}'],
  ['with a broken number', '{"id":1.5,"request":{"type":"address"}}'],
])('%s is no request, and not answered', (_, detail) => {
  expect(read(detail)).toBeUndefined();
});

test('a request is not read at all if it is too long, and refused under its number', () => {
  const long = 'x'.repeat(3 * 2 ** 20);
  expect(read(`{"id":77,"request":${long}`)).toEqual({ id: 77, refused: 'data.too-large' });
  expect(read(long)).toBeUndefined();
});

test('a request with more than its number and itself is refused', () => {
  const text = JSON.stringify({ id: 3, request: { type: 'address' }, origin: 'https://bank.example' });
  expect(read(text)).toEqual({ id: 3, refused: 'request.unknown' });
});
