import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mayBePicture, readPicture } from './picture';

/** Bytes from text in which every letter is one byte. */
const bytes = (...parts: string[]) => Uint8Array.from([...parts.join('')].map((one) => one.charCodeAt(0)));

test('a PNG is known by its bytes', () => {
  const icon = readFileSync('extension/icons/128.png');
  expect(readPicture(icon)).toEqual({ type: 'image/png', width: 128, height: 128 });
});

test.each([
  ['GIF', bytes('GIF89a\x10\x00\x20\x01'), 'image/gif', 16, 288],
  [
    'lossy WebP',
    bytes('RIFF....WEBPVP8 ....\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00'),
    'image/webp',
    320,
    240,
  ],
  ['lossless WebP', bytes('RIFF....WEBPVP8L....\x2f\x3f\xc1\x3b\x00'), 'image/webp', 320, 240],
  [
    'large WebP',
    bytes('RIFF....WEBPVP8X....\x00\x00\x00\x00\x3f\x01\x00\xef\x00\x00'),
    'image/webp',
    320,
    240,
  ],
  [
    'JPEG behind a comment',
    bytes('\xff\xd8\xff\xfe\x00\x05abc\xff\xc2\x00\x11\x08\x00\xf0\x01\x40\x03'),
    'image/jpeg',
    320,
    240,
  ],
])('a %s is known by its bytes', (_, file, type, width, height) => {
  expect(readPicture(file)).toEqual({ type, width, height });
});

test.each([
  ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
  ['nothing', bytes('')],
  ['a cut PNG', bytes('\x89PNG\r\n\x1A\n')],
  ['a cut JPEG', bytes('\xff\xd8\xff\xe0\xff\xff')],
  ['a JPEG that leads astray', bytes('\xff\xd8\xff\xe0\x00\x02abcdefgh')],
  ['a program', bytes('MZ\x90\x00\x03')],
])('%s is no picture', (_, file) => {
  expect(readPicture(file)).toBeUndefined();
});

test('only the four kinds are offered to be shown', () => {
  expect(['image/png', 'image/jpeg', 'image/gif', 'image/webp'].every(mayBePicture)).toBe(true);
  expect(['image/svg+xml', 'image/avif', 'text/html', ''].some(mayBePicture)).toBe(false);
});
