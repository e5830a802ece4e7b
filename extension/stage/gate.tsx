import type { ComponentChildren } from 'preact';
import type { ConnectionView, ErrorView, StageView } from 'sotto-wasm';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Unlock } from '../lock/unlock';
import { Mark } from '../popup/icons';
import { Recovery } from '../recovery/recovery';

interface Properties {
  /** Where the vault stands; null until the background has answered. */
  stage: StageView | null;
  /** What is told of the connection: also why the background cannot start. */
  connection: ConnectionView | null;
  link: Pick<BackgroundLink, 'request'>;
  /** What is shown while the vault is open. */
  children: ComponentChildren;
}

/** Lets a page's content be seen while the vault is open, and says what is to be done while it is not. */
export function Gate({ stage, connection, link, children }: Properties) {
  switch (stage?.name) {
    case undefined:
    case 'starting':
      return <Starting problem={connection?.state === 'offline' ? connection.problem : null} />;
    case 'new':
      return <SetUp />;
    case 'locked':
      return <Unlock link={link} />;
    case 'lost':
      return <Recovery problem={stage.problem} link={link} />;
    case 'open':
      return <>{children}</>;
  }
}

/** The shape of what is about to come; it is gone before anybody reads it, unless something is wrong. */
function Starting({ problem }: { problem: ErrorView | null }) {
  return (
    <main class="gate starting" data-testid="gate" data-stage="starting">
      <h1 class="unseen">{text('extensionName')}</h1>
      {problem ? null : <Bones />}
      <p class={problem ? 'gate-error' : 'unseen'} role="status" data-testid="gate-problem">
        {problem?.message ?? text('connectionStarting')}
      </p>
    </main>
  );
}

function Bones() {
  return (
    <div class="bones" aria-hidden="true">
      {['head', 'card', 'row', 'row', 'row'].map((bone, index) => (
        <span key={index} class={bone} />
      ))}
    </div>
  );
}

function SetUp() {
  return (
    <main class="gate" data-testid="gate" data-stage="new">
      <div class="gate-card">
        <Mark />
        <h1>{text('gateNewTitle')}</h1>
        <p>{text('gateNewHint')}</p>
        <a class="primary wide" href="../welcome/welcome.html" target="_blank" data-testid="set-up">
          {text('gateSetUp')}
        </a>
      </div>
    </main>
  );
}
