import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** How long a window is looked at before a click can be meant for it, in milliseconds. */
const MOMENT = 500;

/**
 * Whether a click or a key can be meant for what is shown: not before it has been there for a moment, nor
 * right after its window came forward. Otherwise a site could have its question appear under a click.
 */
export function useArmed(): boolean {
  const armed = useSignal(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    function wait() {
      clearTimeout(timer);
      armed.value = false;
      timer = setTimeout(() => (armed.value = true), MOMENT);
    }
    wait();
    addEventListener('focus', wait);
    document.addEventListener('visibilitychange', wait);
    return () => {
      clearTimeout(timer);
      removeEventListener('focus', wait);
      document.removeEventListener('visibilitychange', wait);
    };
  }, []);
  return armed.value;
}
