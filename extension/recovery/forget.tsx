import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';

interface Properties {
  link: Pick<BackgroundLink, 'request'>;
  /** What cannot be undone. */
  consequence: string;
  /** The words on the button that does it. */
  action: string;
  onBack: () => void;
}

/** The second step of deleting everything: only who has said that they know what it means can do it. */
export function Forget({ link, consequence, action, onBack }: Properties) {
  const asking = useMemo(() => new Asking(), []);
  const agreed = useSignal(false);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  const busy = asking.busy.value;
  return (
    <div class="danger" data-testid="forget-confirm">
      <p>{consequence}</p>
      <label class="check">
        <input
          type="checkbox"
          ref={box}
          checked={agreed.value}
          data-testid="forget-agree"
          onChange={({ currentTarget }) => (agreed.value = currentTarget.checked)}
        />
        <span>{text('forgetAgree')}</span>
      </label>
      <p class="error" role="alert">
        {asking.error.value?.message}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="destroy"
          disabled={!agreed.value || busy}
          data-testid="forget-do"
          onClick={() => void asking.run(() => link.request({ type: 'forgetEverything' }))}
        >
          {busy ? text('forgetBusy') : action}
        </button>
        <button type="button" class="secondary" disabled={busy} onClick={onBack}>
          {text('cancel')}
        </button>
      </div>
    </div>
  );
}
