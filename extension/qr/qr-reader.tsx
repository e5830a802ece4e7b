import { useSignal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import { isPopup } from '../browser/runtime';
import { text, type StringName } from '../browser/strings';
import { readFromCamera } from './camera';
import { pixelsOf } from './pixels';
import { readQr } from './read';

interface Properties {
  /** The page in a tab in which this reader is there as well; the popup cannot use a camera. */
  tabHref: string;
  /** Hears what the code says. */
  onRead: (text: string) => void;
}

/** Reads a QR code from the camera, from a picture file, or from a picture that is pasted. */
export function QrReader({ tabHref, onRead }: Properties) {
  const problem = useSignal<StringName | null>(null);
  async function readPicture(file: Blob | undefined) {
    if (!file) return;
    problem.value = null;
    const found = await textIn(file);
    if (typeof found === 'string') onRead(found);
    else problem.value = found.problem;
  }
  usePastedPicture(readPicture);
  return (
    <div class="qr-reader" data-testid="qr-reader">
      {isPopup() ? (
        // A popup closes when the browser asks for the camera, or a window for files opens.
        <a class="secondary" href={tabHref} target="_blank">
          {text('qrInTab')}
        </a>
      ) : (
        <div class="qr-ways">
          <Camera onRead={onRead} onProblem={(name) => (problem.value = name)} />
          <PictureFile onPicture={readPicture} />
        </div>
      )}
      <p class="muted">{text('qrPaste')}</p>
      <p class="error" role="alert" data-testid="qr-problem">
        {problem.value && text(problem.value)}
      </p>
    </div>
  );
}

/** What the code in a picture says, or why that cannot be told. */
async function textIn(file: Blob): Promise<string | { problem: StringName }> {
  try {
    const found = await readQr(await pixelsOf(file));
    return found ?? { problem: 'qrNothingFound' };
  } catch {
    return { problem: 'qrNoPicture' };
  }
}

/** Takes pictures that are pasted anywhere in the page while the reader is there. */
function usePastedPicture(onPicture: (file: Blob) => void): void {
  useLayoutEffect(() => {
    function paste(event: ClipboardEvent) {
      const picture = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
      if (!picture) return;
      event.preventDefault();
      onPicture(picture);
    }
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
}

function PictureFile({ onPicture }: { onPicture: (file: Blob | undefined) => void }) {
  const id = useId();
  return (
    <span class="qr-file">
      <input
        id={id}
        class="unseen"
        type="file"
        accept="image/*"
        data-testid="qr-file"
        onChange={({ currentTarget }) => {
          onPicture(currentTarget.files?.[0]);
          // The same file again is a new attempt.
          currentTarget.value = '';
        }}
      />
      <label class="secondary" for={id}>
        {text('qrPicture')}
      </label>
    </span>
  );
}

interface CameraProperties {
  onRead: Properties['onRead'];
  onProblem: (problem: StringName | null) => void;
}

function Camera({ onRead, onProblem }: CameraProperties) {
  const video = useRef<HTMLVideoElement>(null);
  const running = useSignal<AbortController | null>(null);
  useEffect(() => () => running.peek()?.abort(), []);
  async function start() {
    if (!video.current) return;
    onProblem(null);
    const controller = new AbortController();
    running.value = controller;
    try {
      const found = await readFromCamera(video.current, controller.signal);
      if (found !== undefined) onRead(found);
    } catch {
      if (!controller.signal.aborted) onProblem('qrNoCamera');
    }
    if (running.peek() === controller) running.value = null;
  }
  function stop() {
    running.value?.abort();
    running.value = null;
  }
  return (
    <>
      <button
        type="button"
        class="secondary"
        data-testid="qr-camera"
        onClick={() => void (running.value ? stop() : start())}
      >
        {text(running.value ? 'qrCameraStop' : 'qrCamera')}
      </button>
      <video
        class="qr-video"
        ref={video}
        hidden={running.value === null}
        aria-label={text('qrCameraPicture')}
        autoplay
        muted
        playsInline
      />
    </>
  );
}
