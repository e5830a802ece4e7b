import { afterEach, expect, test, vi } from 'vitest';
import { onNetworkChange } from './network';

afterEach(() => void vi.unstubAllGlobals());

test('both ways in which browsers tell of a new network are heard', () => {
  const [self, connection] = [new EventTarget(), new EventTarget()];
  vi.stubGlobal('self', self);
  vi.stubGlobal('navigator', { connection });
  const changed = vi.fn();
  onNetworkChange(changed);
  self.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  expect(changed).toHaveBeenCalledTimes(2);
});

test('a browser that knows only one of them is enough', () => {
  vi.stubGlobal('self', new EventTarget());
  vi.stubGlobal('navigator', {});
  onNetworkChange(() => undefined);
});
