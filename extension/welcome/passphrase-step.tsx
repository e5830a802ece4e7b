import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { NewPassphraseFields } from '../lock/new-passphrase-fields';
import type { SettingUp } from './setting-up';

/** Offers a passphrase, and says what it means to have none. */
export function PassphraseStep({ setup }: { setup: SettingUp }) {
  const skipping = useSignal(false);
  function choose(event: Event) {
    event.preventDefault();
    setup.lockWithPassphrase();
  }
  return (
    <form onSubmit={choose}>
      <p>{text('welcomePassphraseHint')}</p>
      <NewPassphraseFields passphrase={setup.passphrase} label={text('passphraseNew')} />
      <p class="muted">{text('passphraseNoWayRound')}</p>
      <div class="buttons">
        <button class="primary" disabled={!setup.passphrase.ready.value} data-testid="next">
          {text('welcomeNext')}
        </button>
        <button
          type="button"
          class="secondary"
          aria-expanded={skipping.value}
          data-testid="skip"
          onClick={() => (skipping.value = !skipping.value)}
        >
          {text('welcomeSkip')}
        </button>
      </div>
      {skipping.value ? <Consequence onGo={() => setup.goWithoutPassphrase()} /> : null}
    </form>
  );
}

function Consequence({ onGo }: { onGo: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="honest" role="status">
      <p>
        {text('passphraseNoneConsequence')} {text('welcomePassphraseLater')}
      </p>
      <button type="button" class="secondary" ref={button} data-testid="skip-do" onClick={onGo}>
        {text('welcomeSkipDo')}
      </button>
    </div>
  );
}
