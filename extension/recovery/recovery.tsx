import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ErrorView } from 'sotto-wasm';
import { isPopup } from '../browser/runtime';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Forget } from './forget';
import { RestoreForm } from './restore-form';
import { Restoring } from './restoring';

type Link = Pick<BackgroundLink, 'request'>;

/** Nothing is lost: this version is only too old. */
const NEWER = 'vault.newer';

/** What happened to a vault that cannot be opened any more, and the two ways to go on. */
export function Recovery({ problem, link }: { problem: ErrorView; link: Link }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class="gate recovery" data-testid="gate" data-stage="lost">
      <h1 ref={heading} tabIndex={-1}>
        {text('recoveryTitle')}
      </h1>
      <p class="honest" data-testid="recovery-problem" data-code={problem.code}>
        {problem.message}
      </p>
      {problem.code === NEWER ? <p>{text('recoveryNewer')}</p> : <Ways link={link} />}
    </main>
  );
}

/** What cannot be read is lost; a backup brings it back, and without one there is a new start. */
function Ways({ link }: { link: Link }) {
  return (
    <>
      <p>{text('recoveryHint')}</p>
      <Restore link={link} />
      <Anew link={link} />
    </>
  );
}

function Restore({ link }: { link: Link }) {
  const restoring = useMemo(() => new Restoring(link), [link]);
  return (
    <section>
      <h2>{text('recoveryRestore')}</h2>
      {/* A popup closes when a window for choosing a file opens. */}
      {isPopup() ? <InTab /> : <RestoreForm restoring={restoring} />}
    </section>
  );
}

function InTab() {
  return (
    <a class="primary" href="../welcome/welcome.html" target="_blank" data-testid="restore-in-tab">
      {text('recoveryInTab')}
    </a>
  );
}

function Anew({ link }: { link: Link }) {
  const asked = useSignal(false);
  return (
    <section>
      <h2>{text('recoveryAnew')}</h2>
      <p class="muted">{text('recoveryAnewHint')}</p>
      {asked.value ? (
        <Forget
          link={link}
          consequence={text('recoveryAnewConsequence')}
          action={text('recoveryAnewDo')}
          onBack={() => (asked.value = false)}
        />
      ) : (
        <button type="button" class="secondary" data-testid="anew" onClick={() => (asked.value = true)}>
          {text('recoveryAnewBegin')}
        </button>
      )}
    </section>
  );
}
