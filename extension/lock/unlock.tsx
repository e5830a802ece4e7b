import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import { Mark } from '../popup/icons';
import { PassphraseField } from './passphrase-field';
import { refusalText } from './refusal';

/** Asks for the passphrase that the vault is locked with. */
export function Unlock({ link }: { link: Pick<BackgroundLink, 'request'> }) {
  const asking = useMemo(() => new Asking(), []);
  const passphrase = useSignal('');
  const opening = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  async function unlock(event: Event) {
    event.preventDefault();
    if (passphrase.value === '' || opening.value) return field.current?.focus();
    const request = { type: 'unlock', passphrase: passphrase.value } as const;
    // Busy until the page gives way to what was locked.
    opening.value = (await asking.run(() => link.request(request))) !== undefined;
    if (!opening.value) field.current?.select();
  }
  const busy = asking.busy.value || opening.value;
  return (
    <main class="gate" data-testid="gate" data-stage="locked">
      <form class="gate-card" onSubmit={unlock}>
        <Mark />
        <h1>{text('lockTitle')}</h1>
        <p>{text('lockHint')}</p>
        <PassphraseField
          label={text('passphraseLabel')}
          use="current"
          value={passphrase}
          error={refusalText(asking.error.value)}
          input={field}
        />
        <button class="primary wide" aria-disabled={busy} data-testid="unlock">
          {text(busy ? 'lockOpening' : 'lockUnlock')}
        </button>
        <p class="unseen" role="status">
          {busy ? text('lockOpening') : null}
        </p>
      </form>
    </main>
  );
}
