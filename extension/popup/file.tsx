import { type Signal, useSignal } from '@preact/signals';
import { saveFile } from '../browser/save-file';
import { text } from '../browser/strings';
import { fileName, savedName } from '../format/file-name';
import { mayBePicture } from '../format/picture';
import { size } from '../format/size';
import type { FileView, MessageView } from 'sotto-wasm';
import { FileIcon, PictureIcon, SaveIcon } from './icons';
import { Picture } from './picture';
import type { Progress } from '../link/transfer';

/** How the content of a file is fetched. */
export interface FileActions {
  /** Gives nothing if it was refused, which the page says. */
  download: (id: string, progress: Progress) => Promise<Blob | undefined>;
}

interface Properties {
  message: MessageView;
  file: FileView;
  actions: FileActions;
}

/** A file: what it is, and what can be done with it. Nothing of it is shown before the user asks. */
export function FileBody({ message, file, actions }: Properties) {
  const fetched = useSignal(0);
  const fetching = useSignal(false);
  const shown = useSignal<Blob | undefined>(undefined);
  async function fetch(): Promise<Blob | undefined> {
    fetching.value = true;
    fetched.value = 0;
    const got = await actions.download(message.id, (share) => (fetched.value = share));
    fetching.value = false;
    return got;
  }
  async function save() {
    const got = shown.value ?? (await fetch());
    if (got) saveFile(plainBytes(got), savedName(file.name));
  }
  async function toggle() {
    shown.value = shown.value ? undefined : await fetch();
  }
  return (
    <div class="file" data-testid="file">
      <FileIcon />
      <Name file={file} />
      {shown.value ? <Picture file={shown.value} /> : null}
      <div class="file-actions">
        <button type="button" class="link" data-testid="save" disabled={fetching.value} onClick={save}>
          <SaveIcon /> {text('saveFile')}
        </button>
        {mayBePicture(file.mediaType) ? <Show shown={shown} onClick={toggle} busy={fetching.value} /> : null}
        {fetching.value ? <progress value={fetched.value} aria-label={text('fetching')} /> : null}
      </div>
    </div>
  );
}

/** Of no type, so that no browser opens it instead of saving it. */
const plainBytes = (file: Blob) => file.slice(0, file.size, 'application/octet-stream');

/** The ending, which says what it is, is always in view; nothing in a name can turn the rest about. */
export function Name({ file }: { file: Pick<FileView, 'name' | 'size'> }) {
  const { stem, ending } = fileName(file.name);
  return (
    <span class="file-words">
      <bdi class="file-name" dir="ltr" data-testid="file-name" title={stem + ending}>
        <span>{stem}</span>
        <span>{ending}</span>
      </bdi>
      <span class="file-size">{size(file.size)}</span>
    </span>
  );
}

function Show(props: { shown: Signal<Blob | undefined>; onClick: () => void; busy: boolean }) {
  const open = props.shown.value !== undefined;
  return (
    <button
      type="button"
      class="link"
      data-testid="show-picture"
      aria-expanded={open}
      disabled={props.busy}
      onClick={props.onClick}
    >
      <PictureIcon /> {text(open ? 'hidePicture' : 'showPicture')}
    </button>
  );
}
