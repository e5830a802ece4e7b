import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Permission, PromptView } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { isLocal } from '../format/origin';
import type { BackgroundLink } from '../link/background-link';
import { useArmed } from './armed';
import { Origin } from './origin';
import type { Questions } from './questions';

interface Properties {
  prompt: PromptView;
  questions: Questions;
  link: Pick<BackgroundLink, 'request'>;
}

/** Names what a site may do, and says what that is. */
export const PERMISSIONS: Record<Permission, readonly [StringName, StringName]> = {
  send: ['siteSend', 'siteSendHint'],
  receive: ['siteReceive', 'siteReceiveHint'],
  reply: ['siteReply', 'siteReplyHint'],
};

const CONSEQUENCES: StringName[] = ['approveIdentity', 'approveConnection', 'approveRevoke'];

/** One question of a site, and the two answers. */
export function Question({ prompt, questions, link }: Properties) {
  const chosen = useSignal<readonly Permission[]>(prompt.asked);
  const heading = useRef<HTMLHeadingElement>(null);
  const armed = useArmed() && !questions.asking.busy.value;
  useEffect(() => heading.current?.focus(), []);
  const answer = (permissions: readonly Permission[]) =>
    void (armed && questions.answer(link, prompt, [...permissions]));
  return (
    <main class="approve form" data-testid="question" onKeyDown={({ key }) => key === 'Escape' && answer([])}>
      <h1 ref={heading} tabIndex={-1}>
        <Origin origin={prompt.origin} /> <span>{text('approveAsks')}</span>
      </h1>
      {isLocal(prompt.origin) ? <p class="muted">{text('approveLocal')}</p> : null}
      <Choices asked={prompt.asked} chosen={chosen.value} onChange={(now) => (chosen.value = now)} />
      <Granted granted={prompt.granted} />
      <ul class="consequences">
        {CONSEQUENCES.map((name) => (
          <li key={name}>{text(name)}</li>
        ))}
      </ul>
      <footer>
        <Waiting count={(questions.open.value?.length ?? 1) - 1} />
        <p class="error" role="alert" data-testid="approve-error">
          {questions.asking.error.value?.message}
        </p>
        <div class="buttons">
          <button
            type="button"
            class="secondary"
            disabled={!armed}
            data-testid="refuse"
            onClick={() => answer([])}
          >
            {text('approveRefuse')}
          </button>
          <button
            type="button"
            class="primary"
            disabled={!armed || chosen.value.length === 0}
            data-testid="allow"
            onClick={() => answer(chosen.value)}
          >
            {text('approveAllow')}
          </button>
        </div>
      </footer>
    </main>
  );
}

interface ChoicesProperties {
  asked: readonly Permission[];
  chosen: readonly Permission[];
  onChange: (chosen: readonly Permission[]) => void;
}

function Choices({ asked, chosen, onChange }: ChoicesProperties) {
  return (
    <fieldset>
      <legend class="unseen">{text('approveWhat')}</legend>
      {asked.map((one) => (
        <label key={one} class="choice">
          <input
            type="checkbox"
            data-testid={`permission-${one}`}
            checked={chosen.includes(one)}
            onChange={({ currentTarget }) =>
              onChange(
                asked.filter((other) => (other === one ? currentTarget.checked : chosen.includes(other))),
              )
            }
          />
          <span>
            <strong>{text(PERMISSIONS[one][0])}</strong>
            <span class="muted">{text(PERMISSIONS[one][1])}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Granted({ granted }: { granted: readonly Permission[] }) {
  if (granted.length === 0) return null;
  const names = granted.map((one) => text(PERMISSIONS[one][0])).join(', ');
  return <p class="muted">{text('approveGranted', names)}</p>;
}

function Waiting({ count }: { count: number }) {
  if (count <= 0) return null;
  return (
    <p class="muted" role="status" data-testid="waiting">
      {count === 1 ? text('approveOneMore') : text('approveMore', count)}
    </p>
  );
}
