import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { text } from '../browser/strings';
import { size } from '../format/size';
import { clock } from '../format/time';
import type { DeliveryView, MessageView, Request, SurbLevel } from 'sotto-wasm';
import { deliveryText } from './chat';
import { ClockIcon, MaskIcon, TickIcon, TwoTicksIcon, WarningIcon } from './icons';

/** How much of a text is shown at first, in characters: about what fills half of the popup. */
const COLLAPSED = 600;

/** What a message can ask of the page around it. */
export interface MessageActions {
  ask: (request: Request) => Promise<boolean>;
  fullText: (id: string) => Promise<string | undefined>;
  /** What can be answered, if the correspondent is anonymous. */
  level: SurbLevel | undefined;
}

/** One message: what, when, and what became of it. The first in a row of one side stands apart. */
export function Message(props: { message: MessageView; first: boolean; actions: MessageActions }) {
  const { message, first, actions } = props;
  return (
    <li
      class={`message ${message.direction} ${first ? 'first' : ''}`}
      data-testid="message"
      data-id={message.id}
    >
      <span class="unseen">{text(message.direction === 'sent' ? 'messageFromYou' : 'messageFromThem')}</span>
      <div class="bubble">
        <Body message={message} fullText={actions.fullText} />
      </div>
      <Footer message={message} actions={actions} />
    </li>
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

function Footer({ message, actions: { ask, level } }: { message: MessageView; actions: MessageActions }) {
  const { id, delivery } = message;
  return (
    <div class="footer">
      {message.anonymous ? <Anonymous /> : null}
      <time dateTime={new Date(message.at).toISOString()}>{clock(message.at)}</time>
      {delivery ? <Delivery delivery={delivery} level={level} /> : null}
      {canRetry(delivery) ? <Action name="retry" onClick={() => ask({ type: 'retry', id })} /> : null}
      {canCancel(delivery) ? <Action name="cancel" onClick={() => ask({ type: 'cancel', id })} /> : null}
    </div>
  );
}

function Anonymous() {
  return (
    <span class="anonymous-mark" title={text('sentAnonymously')} data-testid="sent-anonymously">
      <MaskIcon />
      <span class="unseen">{text('sentAnonymously')}</span>
    </span>
  );
}

const canRetry = (delivery: DeliveryView | null) =>
  delivery?.state === 'failed' && delivery.problem?.canRetry === true;
const CANCELLABLE: readonly (DeliveryView['state'] | undefined)[] = [
  'queued',
  'waitingForReplyBlocks',
  'failed',
];
const canCancel = (delivery: DeliveryView | null) => CANCELLABLE.includes(delivery?.state);

function Action({ name, onClick }: { name: 'retry' | 'cancel'; onClick: () => unknown }) {
  return (
    <button type="button" class="link" onClick={() => void onClick()}>
      {text(name)}
    </button>
  );
}

const ICONS: Record<DeliveryView['state'], () => JSX.Element> = {
  queued: ClockIcon,
  waitingForReplyBlocks: ClockIcon,
  sending: ClockIcon,
  sent: TickIcon,
  atGateway: TwoTicksIcon,
  delivered: TwoTicksIcon,
  paused: ClockIcon,
  failed: WarningIcon,
};

function Delivery({ delivery, level }: { delivery: DeliveryView; level: SurbLevel | undefined }) {
  const StateIcon = ICONS[delivery.state];
  return (
    <span class={`delivery ${delivery.state}`} data-testid="delivery" data-state={delivery.state}>
      <StateIcon />
      <span>{deliveryText(delivery, level)}</span>
      {delivery.state === 'sending' ? (
        <progress value={delivery.acked ?? 0} max={delivery.total || 1} aria-hidden="true" />
      ) : null}
    </span>
  );
}
