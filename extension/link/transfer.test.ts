import { beforeEach, expect, test } from 'vitest';
import { FakeBackground } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { fromBase64, toBase64 } from './base64';
import { BackgroundLink } from './background-link';
import { download, dropUpload, PART_BYTES, upload } from './transfer';

let background: FakeBackground;
let link: BackgroundLink;

beforeEach(() => {
  background = new FakeBackground(installFakeBrowser());
  link = new BackgroundLink(() => undefined);
});

/** Bytes in which a part that is missing, doubled or out of order would show. */
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) % 256);
const same = (one: Uint8Array, other: Uint8Array) => toBase64(one) === toBase64(other);

test.each([0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES - 5])(
  'a file of %i bytes arrives as it is, in parts that are not too large',
  async (length) => {
    const shares: number[] = [];
    const number = await upload(link, new Blob([bytes(length)]), (share) => shares.push(share));
    expect(same(background.uploaded(number), bytes(length))).toBe(true);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual(shares.toSorted());
    const parts = background.requests.filter(({ type }) => type === 'uploadPart');
    expect(parts).toHaveLength(Math.max(1, Math.ceil(length / PART_BYTES)));
  },
);

test('two uploads have different numbers', async () => {
  const one = await upload(link, new Blob(['one']));
  const other = await upload(link, new Blob(['other']));
  expect(one).not.toBe(other);
  await dropUpload(link, one);
  expect(() => background.uploaded(one)).toThrow();
  expect(background.uploaded(other)).toEqual(new TextEncoder().encode('other'));
});

test.each([0, 10, PART_BYTES * 2 + 1])('a file of %i bytes is fetched whole', async (length) => {
  const ready = background.offer('a.bin', bytes(length));
  const shares: number[] = [];
  const file = await download(link, ready, (share) => shares.push(share));
  expect(same(new Uint8Array(await file.arrayBuffer()), bytes(length))).toBe(true);
  expect(file.type).toBe(ready.mediaType);
  expect(shares.at(-1)).toBe(1);
});

test('a background that wants fewer requests is asked again, and any other refusal is told', async () => {
  const tooFrequent = { code: 'request.too-frequent', fault: 'you', message: 'Wait.' } as const;
  background.refuse('uploadPart', tooFrequent);
  setTimeout(() => background.accept('uploadPart'), 150);
  const number = await upload(link, new Blob(['patience']));
  expect(background.uploaded(number)).toHaveLength(8);
  background.refuse('uploadPart', { ...tooFrequent, code: 'upload.too-large' });
  await expect(upload(link, new Blob(['more']))).rejects.toMatchObject({
    view: { code: 'upload.too-large' },
  });
});

test('base64 goes both ways', () => {
  expect(toBase64(fromBase64('AP/+gA=='))).toBe('AP/+gA==');
});
