import type { Settings } from 'sotto-wasm';
import { text } from '../browser/strings';
import { TrafficChoices } from './choices';
import { Gateway } from './gateway';
import type { Gateways } from './gateways';
import type { Preferences } from './preferences';

interface Properties {
  preferences: Preferences;
  settings: Settings;
  gateways: Gateways;
}

/** The network that is in use, how it is used, and the way into it. */
export function NetworkSection({ preferences, settings, gateways }: Properties) {
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void preferences.save();
        }}
      >
        <Directory preferences={preferences} directory={settings.directory} />
        <fieldset>
          <legend>{text('trafficTitle')}</legend>
          <TrafficChoices chosen={settings.traffic} onChoose={(traffic) => preferences.edit({ traffic })} />
        </fieldset>
      </form>
      <Gateway gateways={gateways} />
    </>
  );
}

function Directory({ preferences, directory }: { preferences: Preferences; directory: string }) {
  const error = preferences.error.value;
  return (
    <fieldset>
      <legend>{text('directoryTitle')}</legend>
      <p class="muted" id="directory-hint">
        {text('directoryHint')}
      </p>
      <input
        class="address"
        inputMode="url"
        spellcheck={false}
        autocomplete="off"
        aria-label={text('directoryLabel')}
        aria-describedby="directory-hint directory-error"
        aria-invalid={error !== null}
        data-testid="directory"
        value={directory}
        onInput={({ currentTarget }) => preferences.edit({ directory: currentTarget.value })}
      />
      <p class="error" role="alert" id="directory-error" data-testid="error" data-code={error?.code}>
        {error?.message}
      </p>
    </fieldset>
  );
}
