import { useSignal } from '@preact/signals';
import { copy } from '../browser/clipboard';
import { text, type StringName } from '../browser/strings';

/** How long the button says that it copied, in milliseconds. */
const SAID_FOR = 2_000;

interface Properties {
  value: string | null;
  /** For screen readers: what is copied. */
  label: string;
  /** What the button says. */
  caption?: StringName;
}

/** A button that copies something, and says whether it could. */
export function CopyButton({ value, label, caption = 'copyAddress' }: Properties) {
  const said = useSignal<StringName>(caption);
  async function onClick() {
    if (!value) return;
    said.value = (await copy(value)) ? 'copied' : 'copyFailed';
    setTimeout(() => (said.value = caption), SAID_FOR);
  }
  return (
    <button type="button" class="copy" disabled={!value} aria-label={label} onClick={onClick}>
      <span aria-live="polite">{text(said.value)}</span>
    </button>
  );
}
