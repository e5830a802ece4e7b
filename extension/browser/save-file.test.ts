import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { saveFile } from './save-file';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a file is saved under its name, and its address does not stay for ever', () => {
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:chrome-extension://fake/1');
  const revoke = vi.spyOn(URL, 'revokeObjectURL').mockReturnValue(undefined);
  const clicked: string[][] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push([this.href, this.download]);
  });
  saveFile(new Blob(['x']), 'sotto.backup');
  expect(clicked).toEqual([['blob:chrome-extension://fake/1', 'sotto.backup']]);
  expect(revoke).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(revoke).toHaveBeenCalledWith('blob:chrome-extension://fake/1');
});
