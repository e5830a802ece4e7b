import { text } from '../browser/strings';
import type { Settings } from 'sotto-wasm';
import { Gateway } from './gateway';
import type { Gateways } from './gateways';
import type { Preferences } from './preferences';

/** The settings page. */
export function Page({ preferences, gateways }: { preferences: Preferences; gateways: Gateways }) {
  const settings = preferences.edited.value;
  return (
    <>
      <header>
        <a class="back" href="../popup/popup.html">
          <span aria-hidden="true">←</span> {text('backToMessages')}
        </a>
        <h1>{text('settingsTitle')}</h1>
      </header>
      <main>
        {settings ? <Form preferences={preferences} settings={settings} /> : null}
        <Gateway gateways={gateways} />
        <p>
          <a href="../diagnostics/diagnostics.html">{text('diagnosticsTitle')}</a>
        </p>
      </main>
    </>
  );
}

function Form({ preferences, settings }: { preferences: Preferences; settings: Settings }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void preferences.save();
      }}
    >
      <Directory preferences={preferences} directory={settings.directory} />
      <fieldset>
        <legend>{text('trafficTitle')}</legend>
        {PRESETS.map((preset) => (
          <Traffic key={preset} preferences={preferences} value={preset} chosen={settings.traffic} />
        ))}
        {settings.traffic === 'direct' ? <p class="honest">{text('noCoverTraffic')}</p> : null}
      </fieldset>
      <footer>
        <button class="primary" disabled={!preferences.changed.value}>
          {text('save')}
        </button>
        <span role="status" class="saved" data-testid="saved">
          {preferences.saved.value ? text('saved') : null}
        </span>
      </footer>
    </form>
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

const TRAFFIC = {
  protected: ['trafficProtected', 'trafficProtectedHint'],
  fast: ['trafficFast', 'trafficFastHint'],
  direct: ['trafficDirect', 'trafficDirectHint'],
} as const;

const PRESETS = ['protected', 'fast', 'direct'] as const;

function Traffic(props: {
  preferences: Preferences;
  value: Settings['traffic'];
  chosen: Settings['traffic'];
}) {
  const [name, hint] = TRAFFIC[props.value];
  return (
    <label class="choice">
      <input
        type="radio"
        name="traffic"
        value={props.value}
        checked={props.value === props.chosen}
        onChange={() => props.preferences.edit({ traffic: props.value })}
      />
      <span>
        <strong>{text(name)}</strong>
        <span class="muted">{text(hint)}</span>
      </span>
    </label>
  );
}
