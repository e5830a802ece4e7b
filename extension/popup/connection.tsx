import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { text, type StringName } from '../browser/strings';
import { shorten } from '../format/shorten';
import { secondsUntil, span } from '../format/time';
import type { ConnectionStep, ConnectionView, ErrorView, TopologyView } from 'sotto-wasm';

export const STEPS: Record<ConnectionStep, StringName> = {
  directory: 'stepDirectory',
  gateway: 'stepGateway',
  registering: 'stepRegistering',
  authenticating: 'stepAuthenticating',
};

/** Sotto asks for a new map every five minutes, so one of this age, in milliseconds, is the best there is. */
const OLD_MAP = 15 * 60_000;

/** Whether Sotto is connected, how far it has come, or why not and what to do. */
export function Connection({ connection }: { connection: ConnectionView | null }) {
  const state = connection?.state ?? 'starting';
  return (
    <div class={`connection ${state}`} role="status" data-testid="connection" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {connection ? <Words connection={connection} /> : <span>{text('connectionStarting')}</span>}
    </div>
  );
}

function Words({ connection }: { connection: ConnectionView }) {
  switch (connection.state) {
    case 'connecting':
      return <Progress step={connection.step} />;
    case 'online':
      return <Online {...connection} />;
    case 'offline':
      return <Offline {...connection} />;
  }
}

function Online({ gateway, problem }: Extract<ConnectionView, { state: 'online' }>) {
  return (
    <span>
      {text('connectionOnline')} <code title={gateway}>{shorten(gateway, 13)}</code>
      {problem ? <span class="warning">{problem.message}</span> : null}
    </span>
  );
}

/** How old the map of the network is, if it is so old that nodes may have gone since. */
export function MapAge({ topology }: { topology: TopologyView | null }) {
  const age = useAge(topology?.fetchedAt ?? Infinity);
  return (
    <div role="status" data-testid="map-age">
      {age < OLD_MAP ? null : <p class="warning">{text('oldMap', span(age))}</p>}
    </div>
  );
}

/** Milliseconds since then, counted by the minute. */
function useAge(then: number): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now.value - then;
}

/** Why nothing can be saved, and so nothing be sent or received. */
export function StorageProblem({ problem }: { problem: ErrorView | null }) {
  return (
    <div role="alert" data-testid="storage-problem">
      {problem ? <p class="warning">{problem.message}</p> : null}
    </div>
  );
}

/** Over an open conversation, where the list with its own words may be out of view: what is wrong. */
export function Trouble(props: { connection: ConnectionView | null; storage: ErrorView | null }) {
  const words = props.storage?.message ?? troubleText(props.connection);
  return (
    <p class={`trouble ${props.connection?.state ?? 'starting'}`} role="status">
      {words}
    </p>
  );
}

function troubleText(connection: ConnectionView | null): string | null {
  switch (connection?.state) {
    case 'connecting':
      return text(STEPS[connection.step]);
    case 'online':
      return connection.problem?.message ?? null;
    case 'offline':
      return `${text('connectionOffline')}. ${connection.problem.message}`;
    case undefined:
      return text('connectionStarting');
  }
}

function Progress({ step }: { step: ConnectionStep }) {
  const names = Object.keys(STEPS) as ConnectionStep[];
  const reached = names.indexOf(step);
  return (
    <>
      <span>{text(STEPS[step])}</span>
      <span class="steps" aria-hidden="true">
        {names.map((name, index) => (
          <span key={name} class={index <= reached ? 'reached' : ''} />
        ))}
      </span>
    </>
  );
}

function Offline({ problem, retryAt }: Extract<ConnectionView, { state: 'offline' }>) {
  return (
    <div class="offline-words">
      <strong>{text('connectionOffline')}</strong>
      <p data-testid="problem" data-code={problem.code}>
        {problem.message}
      </p>
      <p class="offline-actions">
        {retryAt === null ? null : <Countdown until={retryAt} />}
        {problem.fault === 'directory' ? (
          <a href="../settings/settings.html">{text('changeDirectory')}</a>
        ) : null}
      </p>
    </div>
  );
}

/** Hidden from screen readers, which would read a live region again every second. */
function Countdown({ until }: { until: number }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = secondsUntil(until, now.value);
  return <span aria-hidden="true">{seconds > 0 ? text('retryInSeconds', seconds) : text('retryNow')}</span>;
}
