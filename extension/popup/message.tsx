import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';
import { size } from '../format/size';
import { clock } from '../format/time';
import type { DeliveryView, MessageView, Request } from 'sotto-wasm';
import { deliveryText } from './chat';
import { ClockIcon, TickIcon, TwoTicksIcon, WarningIcon } from './icons';

/** How much of a text is shown at first, in characters: about what fills half of the popup. */
const COLLAPSED = 600;

/** What a message can ask of the page around it. */
export interface MessageActions {
  ask: (request: Request) => Promise<boolean>;
  fullText: (id: string) => Promise<string | undefined>;
}

/** One message: who, what, when, and what became of it. */
export function Message(props: { message: MessageView; named: boolean; actions: MessageActions }) {
  const { message, named, actions } = props;
  return (
    <li class={`message ${message.direction}`} data-testid="message" data-id={message.id}>
      {named ? <Peer message={message} /> : null}
      <div class="bubble">
        <Body message={message} fullText={actions.fullText} />
      </div>
      <Footer message={message} ask={actions.ask} />
    </li>
  );
}

function Peer({ message }: { message: MessageView }) {
  if (message.direction === 'received') return <p class="peer">{text('receivedFrom')}</p>;
  const peer = message.peer ?? '';
  return (
    <p class="peer">
      {text('sentTo')} <code title={peer}>{shorten(peer, 21)}</code>
    </p>
  );
}

/** Text and nothing but text: no link, no picture, no markup, whatever is in it. */
function Body(props: { message: MessageView; fullText: MessageActions['fullText'] }) {
  const { message } = props;
  const full = useSignal<string | undefined>(undefined);
  const long = message.truncated || message.text.length > COLLAPSED;
  const shown = full.value ?? (long ? `${message.text.slice(0, COLLAPSED)}…` : message.text);
  async function toggle() {
    full.value = full.value === undefined ? await props.fullText(message.id) : undefined;
  }
  return (
    <>
      <p class="text" data-testid="text">
        {shown}
      </p>
      {long ? (
        <button type="button" class="link" aria-expanded={full.value !== undefined} onClick={toggle}>
          {full.value === undefined ? text('showAll', size(message.size)) : text('showLess')}
        </button>
      ) : null}
    </>
  );
}

function Footer({ message, ask }: { message: MessageView; ask: MessageActions['ask'] }) {
  const { id, delivery } = message;
  return (
    <div class="footer">
      <time dateTime={new Date(message.at).toISOString()}>{clock(message.at)}</time>
      {delivery ? <Delivery delivery={delivery} /> : null}
      {canRetry(delivery) ? <Action name="retry" onClick={() => ask({ type: 'retry', id })} /> : null}
      {canCancel(delivery) ? <Action name="cancel" onClick={() => ask({ type: 'cancel', id })} /> : null}
    </div>
  );
}

const canRetry = (delivery: DeliveryView | null) =>
  delivery?.state === 'failed' && delivery.problem?.canRetry === true;
const canCancel = (delivery: DeliveryView | null) =>
  delivery?.state === 'queued' || delivery?.state === 'failed';

function Action({ name, onClick }: { name: 'retry' | 'cancel'; onClick: () => unknown }) {
  return (
    <button type="button" class="link" onClick={() => void onClick()}>
      {text(name)}
    </button>
  );
}

const ICONS: Record<DeliveryView['state'], () => JSX.Element> = {
  queued: ClockIcon,
  sending: ClockIcon,
  sent: TickIcon,
  atGateway: TwoTicksIcon,
  failed: WarningIcon,
};

function Delivery({ delivery }: { delivery: DeliveryView }) {
  const StateIcon = ICONS[delivery.state];
  return (
    <span class={`delivery ${delivery.state}`} data-testid="delivery" data-state={delivery.state}>
      <StateIcon />
      <span>{deliveryText(delivery)}</span>
      {delivery.state === 'sending' ? (
        <progress value={delivery.acked ?? 0} max={delivery.total || 1} aria-hidden="true" />
      ) : null}
    </span>
  );
}
