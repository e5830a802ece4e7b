import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';
import type { Composing } from './composing';
import { NOTE_ID } from './composer';

/** To whom a new conversation is, and what it is about to be. */
export function NewConversation({ composing }: { composing: Composing }) {
  return (
    <div class="new-talk">
      <Recipient composing={composing} />
      <p class="muted">{text('newHint')}</p>
    </div>
  );
}

/** Shows both ends of an address, and all of it while it is edited. */
function Recipient({ composing }: { composing: Composing }) {
  const focused = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const { to } = composing.draft.value;
  const wrong = composing.error.value?.code.includes('address') ?? false;
  useEffect(() => {
    if (to === '') field.current?.focus();
  }, []);
  return (
    <label class="recipient">
      <span>{text('recipient')}</span>
      <input
        ref={field}
        class="address"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder={text('recipientPlaceholder')}
        data-testid="recipient"
        title={to}
        aria-invalid={wrong}
        aria-describedby={wrong ? NOTE_ID : undefined}
        value={focused.value ? to : shorten(to, 39)}
        onFocus={() => (focused.value = true)}
        onBlur={() => (focused.value = false)}
        onInput={({ currentTarget }) => composing.write({ to: currentTarget.value })}
      />
    </label>
  );
}
