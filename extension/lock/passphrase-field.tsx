import { type Signal, useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { Ref } from 'preact';
import { text } from '../browser/strings';

interface Properties {
  label: string;
  /** Whether it is the one in force, or a new one. */
  use: 'current' | 'new';
  value: Signal<string>;
  /** What is wrong with it. */
  error?: string | null;
  input?: Ref<HTMLInputElement>;
}

/** A field for a passphrase that can be looked at, and says when the capitals key is locked. */
export function PassphraseField({ label, use, value, error = null, input }: Properties) {
  const [id, shown, capitals] = [useId(), useSignal(false), useSignal(false)];
  const look = (event: KeyboardEvent) => (capitals.value = event.getModifierState?.('CapsLock') ?? false);
  return (
    <div class="passphrase">
      <label for={id}>{label}</label>
      <div class="passphrase-line">
        <input
          id={id}
          ref={input ?? null}
          // The types of Preact know no field that is now this and now that.
          type={(shown.value ? 'text' : 'password') as 'password'}
          autocomplete={`${use}-password`}
          autocapitalize="off"
          spellcheck={false}
          data-testid={`passphrase-${use}`}
          aria-describedby={`${id}-capitals ${id}-error`}
          aria-invalid={error !== null}
          value={value.value}
          onInput={({ currentTarget }) => (value.value = currentTarget.value)}
          onKeyDown={look}
          onKeyUp={look}
          onBlur={() => (capitals.value = false)}
        />
        <button
          type="button"
          class="link"
          aria-pressed={shown.value}
          aria-label={text('passphraseShowLabel')}
          onClick={() => (shown.value = !shown.value)}
        >
          {text(shown.value ? 'passphraseHide' : 'passphraseShow')}
        </button>
      </div>
      <p class="hint" id={`${id}-capitals`} role="status">
        {capitals.value ? text('passphraseCapitals') : null}
      </p>
      <p class="error" id={`${id}-error`} role="alert" data-testid="passphrase-error">
        {error}
      </p>
    </div>
  );
}
