import { useSignal } from '@preact/signals';
import { copy } from '../browser/clipboard';
import { text } from '../browser/strings';

/** How long the button says that it copied, in milliseconds. */
const SAID_FOR = 2_000;

/** A button that copies something, and says whether it could. */
export function CopyButton({ value, label }: { value: string | null; label: string }) {
  const said = useSignal<'copyAddress' | 'copied' | 'copyFailed'>('copyAddress');
  async function onClick() {
    if (!value) return;
    said.value = (await copy(value)) ? 'copied' : 'copyFailed';
    setTimeout(() => (said.value = 'copyAddress'), SAID_FOR);
  }
  return (
    <button type="button" class="copy" disabled={!value} aria-label={label} onClick={onClick}>
      <span aria-live="polite">{text(said.value)}</span>
    </button>
  );
}
