import { text, type StringName } from '../browser/strings';
import { Choice, TrafficChoices } from '../settings/choices';
import type { Network, SettingUp } from './setting-up';

const NETWORKS: Record<Network, [StringName, StringName]> = {
  public: ['networkPublic', 'networkPublicHint'],
  local: ['networkLocal', 'networkLocalHint'],
  own: ['networkOwn', 'networkOwnHint'],
};

/** Which network is joined, and how much its traffic may cost. */
export function NetworkStep({ setup }: { setup: SettingUp }) {
  const busy = setup.beginning.busy.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void setup.begin();
      }}
    >
      <fieldset>
        <legend>{text('welcomeNetworkName')}</legend>
        {(Object.keys(NETWORKS) as Network[]).map((network) => (
          <Choice
            key={network}
            name="network"
            value={network}
            chosen={setup.network.value}
            words={NETWORKS[network]}
            onChoose={(chosen) => (setup.network.value = chosen)}
          />
        ))}
        {setup.network.value === 'own' ? <Own setup={setup} /> : null}
      </fieldset>
      <fieldset>
        <legend>{text('trafficTitle')}</legend>
        <TrafficChoices chosen={setup.traffic.value} onChoose={(chosen) => (setup.traffic.value = chosen)} />
      </fieldset>
      <p class="error" role="alert" data-testid="begin-error" data-code={setup.beginning.error.value?.code}>
        {setup.beginning.error.value?.message}
      </p>
      <button class="primary" aria-disabled={busy} data-testid="begin">
        {text(busy ? 'welcomeBeginning' : 'welcomeBegin')}
      </button>
    </form>
  );
}

function Own({ setup }: { setup: SettingUp }) {
  return (
    <input
      class="address"
      inputMode="url"
      spellcheck={false}
      autocomplete="off"
      aria-label={text('directoryLabel')}
      placeholder={text('directoryLabel')}
      required
      data-testid="own-directory"
      value={setup.own.value}
      onInput={({ currentTarget }) => (setup.own.value = currentTarget.value)}
    />
  );
}
