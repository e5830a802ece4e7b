import { expect, test, vi } from 'vitest';
import { copy } from './clipboard';

test('a text is copied, and a refusal is told instead of thrown', async () => {
  const writeText = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error('no'));
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  expect(await copy('abc')).toBe(true);
  expect(writeText).toHaveBeenCalledWith('abc');
  expect(await copy('abc')).toBe(false);
  vi.unstubAllGlobals();
});
