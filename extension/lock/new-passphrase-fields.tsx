import { useId } from 'preact/hooks';
import { text, type StringName } from '../browser/strings';
import type { NewPassphrase } from './new-passphrase';
import { PassphraseField } from './passphrase-field';
import type { Strength } from './strength';

const WORDS: Record<Strength, StringName> = {
  short: 'passphraseShort',
  weak: 'passphraseWeak',
  fair: 'passphraseFair',
  strong: 'passphraseStrong',
};

const LEVELS: Strength[] = ['weak', 'fair', 'strong'];

/** The two fields of a new passphrase, and how good it is. */
export function NewPassphraseFields({ passphrase, label }: { passphrase: NewPassphrase; label: string }) {
  return (
    <div class="new-passphrase">
      <PassphraseField label={label} use="new" value={passphrase.first} />
      <Meter passphrase={passphrase} />
      <PassphraseField
        label={text('passphraseAgain')}
        use="new"
        value={passphrase.second}
        error={passphrase.differs.value ? text('passphraseDiffers') : null}
      />
    </div>
  );
}

function Meter({ passphrase }: { passphrase: NewPassphrase }) {
  const id = useId();
  const level = passphrase.strength.value;
  const reached = LEVELS.indexOf(level);
  const typed = passphrase.first.value !== '';
  return (
    <div class={`meter ${typed ? level : ''}`}>
      <span class="meter-bar" aria-hidden="true">
        {LEVELS.map((name, index) => (
          <span key={name} class={typed && index <= reached ? 'reached' : ''} />
        ))}
      </span>
      <p class="muted" id={id} role="status" data-testid="strength" data-strength={level}>
        {text(typed ? WORDS[level] : 'passphraseAdvice')}
      </p>
    </div>
  );
}
