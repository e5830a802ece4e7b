import { useSignal } from '@preact/signals';
import type { ProtectionView, Settings } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { span } from '../format/time';
import { NewPassphraseFields } from '../lock/new-passphrase-fields';
import { PassphraseField } from '../lock/passphrase-field';
import { refusalText } from '../lock/refusal';
import type { Outcome, Passphrase } from './passphrase';
import type { Preferences } from './preferences';

interface Properties {
  preferences: Preferences;
  settings: Settings;
  passphrase: Passphrase;
  protection: ProtectionView;
}

/** What opens the vault, and when it closes. */
export function LockSection({ preferences, settings, passphrase, protection }: Properties) {
  return (
    <>
      <div class="block">
        <h3>{text('passphraseLabel')}</h3>
        {protection === 'device' ? <None passphrase={passphrase} /> : <Has passphrase={passphrase} />}
        <p role="status" class="saved" data-testid="passphrase-outcome">
          {passphrase.outcome.value && text(OUTCOMES[passphrase.outcome.value])}
        </p>
      </div>
      <LockAfter preferences={preferences} settings={settings} canLock={protection === 'passphrase'} />
    </>
  );
}

const OUTCOMES: Record<Outcome, StringName> = {
  set: 'settingsPassphraseWasSet',
  changed: 'settingsPassphraseWasChanged',
  removed: 'settingsPassphraseWasRemoved',
};

function None({ passphrase }: { passphrase: Passphrase }) {
  return (
    <>
      <p class="honest">{text('passphraseNoneConsequence')}</p>
      <Change passphrase={passphrase} protection="device" />
    </>
  );
}

function Has({ passphrase }: { passphrase: Passphrase }) {
  const doing = useSignal<'change' | 'remove' | null>(null);
  function toggle(what: 'change' | 'remove') {
    passphrase.clear();
    doing.value = doing.value === what ? null : what;
  }
  return (
    <>
      <p class="muted">{text('settingsPassphraseHas')}</p>
      <div class="buttons">
        <button type="button" class="secondary" data-testid="lock-now" onClick={() => void passphrase.lock()}>
          {text('settingsLockNow')}
        </button>
        <Toggle what="change" doing={doing.value} words="settingsPassphraseChange" onToggle={toggle} />
        <Toggle what="remove" doing={doing.value} words="settingsPassphraseRemove" onToggle={toggle} />
      </div>
      {doing.value === 'change' ? (
        <Change passphrase={passphrase} protection="passphrase" onDone={() => (doing.value = null)} />
      ) : null}
      {doing.value === 'remove' ? <Remove passphrase={passphrase} /> : null}
    </>
  );
}

function Toggle<What extends string>(props: {
  what: What;
  doing: string | null;
  words: StringName;
  onToggle: (what: What) => void;
}) {
  return (
    <button
      type="button"
      class="secondary"
      aria-expanded={props.doing === props.what}
      data-testid={`passphrase-${props.what}`}
      onClick={() => props.onToggle(props.what)}
    >
      {text(props.words)}
    </button>
  );
}

interface ChangeProperties {
  passphrase: Passphrase;
  protection: ProtectionView;
  onDone?: () => void;
}

function Change({ passphrase, protection, onDone }: ChangeProperties) {
  async function change(event: Event) {
    event.preventDefault();
    if (await passphrase.set(protection)) onDone?.();
  }
  return (
    <form class="inset" onSubmit={change}>
      {protection === 'passphrase' ? <Old passphrase={passphrase} /> : null}
      <NewPassphraseFields passphrase={passphrase.next} label={text('passphraseNew')} />
      <p class="muted">{text('passphraseNoWayRound')}</p>
      <p class="muted">{text('settingsPassphraseLate')}</p>
      <Refusal passphrase={passphrase} />
      <button class="secondary" disabled={!passphrase.next.ready.value} data-testid="passphrase-set">
        {text(protection === 'device' ? 'settingsPassphraseSet' : 'settingsPassphraseChange')}
      </button>
    </form>
  );
}

function Remove({ passphrase }: { passphrase: Passphrase }) {
  return (
    <form
      class="inset"
      onSubmit={(event) => {
        event.preventDefault();
        void passphrase.remove();
      }}
    >
      <p class="honest">{text('passphraseNoneConsequence')}</p>
      <Old passphrase={passphrase} />
      <Refusal passphrase={passphrase} />
      <button class="secondary" disabled={passphrase.old.value === ''} data-testid="passphrase-remove-do">
        {text('settingsPassphraseRemove')}
      </button>
    </form>
  );
}

function Old({ passphrase }: { passphrase: Passphrase }) {
  return <PassphraseField label={text('settingsPassphraseOld')} use="current" value={passphrase.old} />;
}

function Refusal({ passphrase }: { passphrase: Passphrase }) {
  const error = passphrase.error.value;
  return (
    <p class="error" role="alert" data-testid="passphrase-refusal" data-code={error?.code}>
      {refusalText(error)}
    </p>
  );
}

/** The choices of how long Sotto stays open unused, in minutes. */
const MINUTES = [1, 5, 15, 60, 240, 1_440];

function LockAfter(props: { preferences: Preferences; settings: Settings; canLock: boolean }) {
  const value = props.settings.lockAfterMinutes;
  const choices = value === null || MINUTES.includes(value) ? MINUTES : [...MINUTES, value];
  return (
    <div class="block">
      <label for="lock-after">{text('settingsLockAfter')}</label>
      <select
        id="lock-after"
        aria-describedby="lock-after-hint"
        data-testid="lock-after"
        disabled={!props.canLock}
        value={String(value ?? '')}
        onChange={({ currentTarget }) =>
          props.preferences.edit({ lockAfterMinutes: Number(currentTarget.value) || null })
        }
      >
        <option value="">{text('settingsLockNever')}</option>
        {choices.map((minutes) => (
          <option key={minutes} value={minutes}>
            {text('settingsLockAfterTime', span(minutes * 60_000))}
          </option>
        ))}
      </select>
      <p class="muted" id="lock-after-hint">
        {text(props.canLock ? 'settingsLockAfterHint' : 'settingsLockNeedsPassphrase')}
      </p>
    </div>
  );
}
