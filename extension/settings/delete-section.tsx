import { useSignal } from '@preact/signals';
import { text, type StringName } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { Forget } from '../recovery/forget';

const HAPPENS: StringName[] = ['deleteGateways', 'deleteDisk', 'deleteOthers'];

/** Deletes everything, after saying what that means. */
export function DeleteSection({ link }: { link: Pick<BackgroundLink, 'request'> }) {
  const asked = useSignal(false);
  return (
    <div class="block">
      <p>{text('deleteHint')}</p>
      <ol class="happens">
        {HAPPENS.map((name) => (
          <li key={name}>{text(name)}</li>
        ))}
      </ol>
      {asked.value ? (
        <Forget
          link={link}
          consequence={text('deleteConsequence')}
          action={text('deleteDo')}
          onBack={() => (asked.value = false)}
        />
      ) : (
        <button type="button" class="secondary" data-testid="delete" onClick={() => (asked.value = true)}>
          {text('deleteBegin')}
        </button>
      )}
    </div>
  );
}
