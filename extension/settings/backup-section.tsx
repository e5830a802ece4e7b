import { text } from '../browser/strings';
import { NewPassphraseFields } from '../lock/new-passphrase-fields';
import type { Backup } from './backup';

/** Everything into a file, and how to get it back. */
export function BackupSection({ backup }: { backup: Backup }) {
  const error = backup.error.value;
  function save(event: Event) {
    event.preventDefault();
    void backup.export();
  }
  return (
    <>
      <form class="block" onSubmit={save}>
        <h3>{text('backupOut')}</h3>
        <p class="muted">{text('backupOutHint')}</p>
        <NewPassphraseFields passphrase={backup.passphrase} label={text('restorePassphrase')} />
        <p class="error" role="alert" data-testid="backup-error" data-code={error?.code}>
          {error?.message}
        </p>
        <div class="buttons">
          <button
            class="secondary"
            disabled={!backup.passphrase.ready.value}
            aria-disabled={backup.busy.value}
            data-testid="backup-save"
          >
            {text(backup.busy.value ? 'backupSaving' : 'backupSave')}
          </button>
          {backup.share.value === null ? null : (
            <progress
              max={1}
              value={backup.share.value > 0 ? backup.share.value : undefined}
              aria-label={text('backupSaving')}
            />
          )}
        </div>
        <p role="status" class="saved" data-testid="backup-saved">
          {backup.savedAs.value && text('backupSavedAs', backup.savedAs.value)}
        </p>
      </form>
      <div class="block">
        <h3>{text('recoveryRestore')}</h3>
        <p class="muted">
          {text('backupInHint')} <a href="#delete">{text('settingsDelete')}</a>
        </p>
      </div>
    </>
  );
}
