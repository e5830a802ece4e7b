import { expect, test } from 'vitest';
import { fileName, plainName, savedName } from './file-name';

test('a name cannot pretend to end otherwise', () => {
  // With the override in force, this would read as "invoiceexe.pdf".
  const hostile = 'invoice\u202Efdp.exe';
  expect(plainName(hostile)).toBe('invoicefdp.exe');
  expect(fileName(hostile)).toEqual({ stem: 'invoicefdp', ending: '.exe' });
  expect(plainName('a\u0000b\nc\u200Bd\u2066e')).toBe('abcde');
});

test.each([
  ['photo.jpeg', 'photo', '.jpeg'],
  ['archive.tar.gz', 'archive.tar', '.gz'],
  ['README', 'README', ''],
  ['.profile', '.profile', ''],
  ['a sentence. And another one', 'a sentence. And another one', ''],
])('%j is shown as %j and %j', (name, stem, ending) => {
  expect(fileName(name)).toEqual({ stem, ending });
});

test.each([
  ['../../.bashrc', '_.._.bashrc'],
  ['C:\\windows\\x?.txt', 'C__windows_x_.txt'],
  ['\u202E', 'file'],
  ['...', 'file'],
])('%j is saved as %j', (name, saved) => {
  expect(savedName(name)).toBe(saved);
});
