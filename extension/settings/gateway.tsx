import type { FormerGatewayView, GatewaysView, NextGatewayView } from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { shorten } from '../format/shorten';
import { when } from '../format/time';
import { STEPS } from '../popup/connection';
import type { Gateways, Way } from './gateways';

/** So many characters of a gateway's name can be told apart at a glance. */
const NAME_LENGTH = 17;

/** Which gateway is in use, a move to another one, and those that were left. */
export function Gateway({ gateways }: { gateways: Gateways }) {
  const view = gateways.view.value;
  return (
    <form
      class="gateway"
      onSubmit={(event) => {
        event.preventDefault();
        void gateways.move();
      }}
    >
      <fieldset>
        <legend>{text('gatewayTitle')}</legend>
        <p class="muted">{text('gatewayHint')}</p>
        <Own own={view?.own ?? null} />
        {view?.next ? (
          <Move gateways={gateways} next={view.next} />
        ) : (
          <Choice gateways={gateways} known={view?.own != null} />
        )}
        <p class="error" role="alert" data-testid="gateway-error" data-code={gateways.error.value?.code}>
          {gateways.error.value?.message}
        </p>
      </fieldset>
      <Former gateways={gateways} view={view} />
    </form>
  );
}

function Name({ gateway }: { gateway: string }) {
  return <code title={gateway}>{shorten(gateway, NAME_LENGTH)}</code>;
}

function Own({ own }: { own: string | null }) {
  return (
    <p class="row" data-testid="own-gateway" data-gateway={own ?? ''}>
      {own === null ? <span class="muted">{text('gatewayNone')}</span> : <Name gateway={own} />}
      {own === null ? null : <span class="muted">{text('gatewayInUse')}</span>}
    </p>
  );
}

function Move({ gateways, next }: { gateways: Gateways; next: NextGatewayView }) {
  return (
    <div class="move" role="status" data-testid="move">
      <p>
        {text('gatewayMoving')} {next.gateway === null ? null : <Name gateway={next.gateway} />}
      </p>
      <p class="muted">{progress(next)}</p>
      <button type="button" class="link" onClick={() => void gateways.stay()}>
        {text('gatewayStay')}
      </button>
    </div>
  );
}

function progress({ connection }: NextGatewayView): string | null {
  switch (connection.state) {
    case 'connecting':
      return text(STEPS[connection.step]);
    case 'offline':
      return connection.problem.message;
    case 'online':
      return null;
  }
}

const WAYS: Record<Way, [StringName, StringName]> = {
  random: ['gatewayRandom', 'gatewayRandomHint'],
  fastest: ['gatewayFastest', 'gatewayFastestHint'],
  named: ['gatewayNamed', 'gatewayNamedHint'],
};

function Choice({ gateways, known }: { gateways: Gateways; known: boolean }) {
  const none = gateways.others.value.length === 0;
  return (
    <>
      {(Object.keys(WAYS) as Way[]).map((way) => (
        <WayChoice key={way} gateways={gateways} way={way} />
      ))}
      {gateways.way.value === 'named' ? <Names gateways={gateways} /> : null}
      {known ? <p class="honest">{text('gatewayMoveHint')}</p> : null}
      {none ? <p class="muted">{text('gatewayNoOther')}</p> : null}
      <button class="secondary" disabled={none || !gateways.canMove.value} data-testid="move-gateway">
        {text('gatewayMove')}
      </button>
    </>
  );
}

function WayChoice({ gateways, way }: { gateways: Gateways; way: Way }) {
  const [name, hint] = WAYS[way];
  return (
    <label class="choice">
      <input
        type="radio"
        name="way"
        value={way}
        checked={gateways.way.value === way}
        onChange={() => (gateways.way.value = way)}
      />
      <span>
        <strong>{text(name)}</strong>
        <span class="muted">{text(hint)}</span>
      </span>
    </label>
  );
}

function Names({ gateways }: { gateways: Gateways }) {
  return (
    <select
      class="address"
      aria-label={text('gatewayNamed')}
      data-testid="gateway-names"
      value={gateways.picked.value ?? ''}
      onChange={({ currentTarget }) => (gateways.picked.value = currentTarget.value || null)}
    >
      <option value="">{text('gatewayPick')}</option>
      {gateways.others.value.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Former({ gateways, view }: { gateways: Gateways; view: GatewaysView | null }) {
  if (!view?.former.length) return null;
  return (
    <fieldset>
      <legend>{text('gatewayFormer')}</legend>
      <p class="muted">{text('gatewayFormerHint')}</p>
      <ul class="former">
        {view.former.map((former) => (
          <FormerItem key={former.gateway} gateways={gateways} former={former} />
        ))}
      </ul>
    </fieldset>
  );
}

function FormerItem({ gateways, former }: { gateways: Gateways; former: FormerGatewayView }) {
  return (
    <li class="row" data-testid="former-gateway" data-online={former.online}>
      <span>
        <Name gateway={former.gateway} />
        <span class="muted">{formerWords(former)}</span>
      </span>
      {former.leaving ? null : (
        <button type="button" class="link" onClick={() => void gateways.leave(former.gateway)}>
          {text('gatewayLeave')}
        </button>
      )}
    </li>
  );
}

function formerWords({ leaving, receivedAt, online }: FormerGatewayView): string {
  if (leaving) return text('gatewayLeaving');
  const last = text('gatewayLastMessage', when(receivedAt, Date.now()));
  return online ? last : `${text('connectionOffline')}. ${last}`;
}
