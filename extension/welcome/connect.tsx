import { useEffect, useRef } from 'preact/hooks';
import type { ConnectionView } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { CopyButton } from '../popup/copy';
import { TickIcon, WarningIcon } from '../popup/icons';
import { QrCode } from '../qr/qr-code';
import type { Situation } from '../stage/situation';
import { type Connecting, type Task, TASKS, type TaskState } from './connecting';

/** Shows how the first connection comes about, and at the end the own address. */
export function Connect({ connecting, situation }: { connecting: Connecting; situation: Situation }) {
  const connection = situation.connection.value;
  const current = connecting.current.value;
  useEffect(() => void connecting.probe(), [current]);
  return (
    <>
      <ol class="tasks" aria-live="polite">
        {TASKS.map((task) => (
          <TaskItem key={task} task={task} state={connecting.state(task)} connecting={connecting} />
        ))}
      </ol>
      <Problem connection={connection} />
      <ProbeProblem connecting={connecting} />
      {connecting.usable.value ? <Done address={situation.address.value} /> : null}
    </>
  );
}

const WORDS: Record<Task, StringName> = {
  directory: 'stepDirectory',
  gateway: 'stepGateway',
  registered: 'stepRegistering',
  loop: 'welcomeLoop',
};

const DONE: Record<Task, StringName> = {
  directory: 'welcomeDirectoryDone',
  gateway: 'welcomeGatewayDone',
  registered: 'welcomeRegisteredDone',
  loop: 'welcomeLoopDone',
};

function TaskItem({ task, state, connecting }: { task: Task; state: TaskState; connecting: Connecting }) {
  const milliseconds = connecting.milliseconds.value ?? 0;
  return (
    <li class={`task ${state}`} data-testid="task" data-task={task} data-state={state}>
      <span class="task-mark" aria-hidden="true">
        {state === 'done' ? <TickIcon /> : null}
        {state === 'failed' ? <WarningIcon /> : null}
      </span>
      {state === 'done' ? text(DONE[task], ...(task === 'loop' ? [milliseconds] : [])) : text(WORDS[task])}
    </li>
  );
}

/** Why there is no connection yet; Sotto tries again by itself. */
function Problem({ connection }: { connection: ConnectionView | null }) {
  const problem = connection?.state === 'offline' ? connection.problem : null;
  return (
    <div role="alert" data-testid="connect-problem" data-code={problem?.code}>
      {problem ? (
        <p class="honest">
          {problem.message}{' '}
          {problem.fault === 'directory' ? (
            <a href="../settings/settings.html">{text('changeDirectory')}</a>
          ) : null}
        </p>
      ) : null}
    </div>
  );
}

function ProbeProblem({ connecting }: { connecting: Connecting }) {
  const problem = connecting.error.value;
  return (
    <div role="alert">
      {problem ? (
        <p class="honest">
          {problem.message}{' '}
          <button type="button" class="link" onClick={() => void connecting.probe()}>
            {text('retry')}
          </button>
        </p>
      ) : null}
    </div>
  );
}

function Done({ address }: { address: string | null }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="done" data-testid="done">
      <h3 ref={heading} tabIndex={-1}>
        {text('ownAddress')}
      </h3>
      <p class="muted">{text('welcomeAddressHint')}</p>
      {address === null ? null : (
        <div class="own">
          <QrCode value={address} label={text('ownAddressQr')} />
          <div class="own-words">
            <code class="address" data-testid="own-address" data-full={address}>
              {address}
            </code>
            <CopyButton value={address} label={text('copyAddressLabel')} />
          </div>
        </div>
      )}
      <a class="primary" href="../popup/popup.html" data-testid="open-chat">
        {text('welcomeOpenChat')}
      </a>
    </div>
  );
}
