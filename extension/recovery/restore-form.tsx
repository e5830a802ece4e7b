import { useId } from 'preact/hooks';
import { text } from '../browser/strings';
import { size } from '../format/size';
import { PassphraseField } from '../lock/passphrase-field';
import { refusalText } from '../lock/refusal';
import type { Restoring } from './restoring';

/** Takes a backup file and its passphrase, and puts back what it holds. */
export function RestoreForm({ restoring, onDone }: { restoring: Restoring; onDone?: () => void }) {
  const busy = restoring.busy.value;
  const ready = restoring.file.value !== null && restoring.passphrase.value !== '';
  async function restore(event: Event) {
    event.preventDefault();
    if (await restoring.restore()) onDone?.();
  }
  return (
    <form class="restore" onSubmit={restore}>
      <FileField restoring={restoring} />
      <PassphraseField label={text('restorePassphrase')} use="current" value={restoring.passphrase} />
      <p class="muted">{text('restorePassphraseHint')}</p>
      <Progress restoring={restoring} />
      <p class="error" role="alert" data-testid="restore-error" data-code={restoring.error.value?.code}>
        {refusalText(restoring.error.value)}
      </p>
      <button class="primary" disabled={!ready} aria-disabled={busy} data-testid="restore">
        {text(busy ? 'restoreBusy' : 'restoreDo')}
      </button>
    </form>
  );
}

function FileField({ restoring }: { restoring: Restoring }) {
  const id = useId();
  const file = restoring.file.value;
  return (
    <div class="file-field">
      <label for={id}>{text('restoreFile')}</label>
      <input
        id={id}
        type="file"
        data-testid="restore-file"
        onChange={({ currentTarget }) => (restoring.file.value = currentTarget.files?.[0] ?? null)}
      />
      <p class="muted">{file ? `${file.name}, ${size(file.size)}` : text('restoreFileHint')}</p>
    </div>
  );
}

function Progress({ restoring }: { restoring: Restoring }) {
  const share = restoring.share.value;
  if (share === null) return null;
  return (
    <div class="progress-line" role="status">
      <progress max={1} value={share < 1 ? share : undefined} aria-label={text('restoreBusy')} />
      <span class="muted">{text(share < 1 ? 'restoreReading' : 'restoreOpening')}</span>
    </div>
  );
}
