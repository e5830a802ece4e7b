import { text, type StringName } from '../browser/strings';

const PROTECTS: StringName[] = ['welcomeProtectsWho', 'welcomeProtectsWhat'];
const DOES_NOT: StringName[] = ['welcomeSeesUse', 'welcomeSeesComputer', 'welcomeSeesPeer'];

/** What Sotto protects and what not, in plain words. */
export function About({ onNext }: { onNext: () => void }) {
  return (
    <>
      <Sentences title="welcomeProtects" names={PROTECTS} kind="yes" />
      <Sentences title="welcomeProtectsNot" names={DOES_NOT} kind="no" />
      <button type="button" class="primary" data-testid="next" onClick={onNext}>
        {text('welcomeNext')}
      </button>
    </>
  );
}

function Sentences({ title, names, kind }: { title: StringName; names: StringName[]; kind: 'yes' | 'no' }) {
  return (
    <div class={`sentences ${kind}`}>
      <h3>{text(title)}</h3>
      <ul>
        {names.map((name) => (
          <li key={name}>{text(name)}</li>
        ))}
      </ul>
    </div>
  );
}

/** Whether there is a backup to go on from. */
export function Kind({ onNew, onRestore }: { onNew: () => void; onRestore: () => void }) {
  return (
    <div class="kinds">
      <button type="button" class="kind" data-testid="kind-new" onClick={onNew}>
        <strong>{text('welcomeNew')}</strong>
        <span class="muted">{text('welcomeNewHint')}</span>
      </button>
      <button type="button" class="kind" data-testid="kind-restore" onClick={onRestore}>
        <strong>{text('recoveryRestore')}</strong>
        <span class="muted">{text('welcomeRestoreHint')}</span>
      </button>
    </div>
  );
}
