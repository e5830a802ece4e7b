import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { copy } from '../browser/clipboard';
import { text } from '../browser/strings';
import { size } from '../format/size';
import { clock } from '../format/time';
import type { DeliveryView, MessageView, Request, SurbLevel, Trust } from 'sotto-wasm';
import { deliveryText } from './chat';
import { FileBody, type FileActions } from './file';
import {
  ClockIcon,
  CopyIcon,
  DeleteIcon,
  MaskIcon,
  PauseIcon,
  TickIcon,
  TwoTicksIcon,
  UnsignedIcon,
  WarningIcon,
} from './icons';
import { type Choice, Menu } from './menu';

/** How much of a text is shown at first, in characters: about what fills half of the popup. */
const COLLAPSED = 600;

/** What a message can ask of the page around it. */
export interface MessageActions extends FileActions {
  ask: (request: Request) => Promise<boolean>;
  fullText: (id: string) => Promise<string | undefined>;
  /** What can be answered, if the correspondent is anonymous. */
  level: SurbLevel | undefined;
  /** What is known of who writes, which a single message may differ from. */
  trust: Trust;
}

interface Properties {
  message: MessageView;
  /** Whether it is the first in a row of one side. */
  first: boolean;
  /** Whether it was looked for. */
  found: boolean;
  actions: MessageActions;
}

/** One message: what, when, and what became of it. */
export function Message({ message, first, found, actions }: Properties) {
  const { direction, id, format } = message;
  return (
    <li
      class={`message ${direction} ${first ? 'first' : ''} ${found ? 'found' : ''}`}
      data-testid="message"
      data-id={id}
    >
      <span class="unseen">{text(direction === 'sent' ? 'messageFromYou' : 'messageFromThem')}</span>
      <div class="said">
        <div class={`bubble ${format}`}>
          {message.file ? (
            <FileBody message={message} file={message.file} actions={actions} />
          ) : (
            <Body message={message} fullText={actions.fullText} />
          )}
        </div>
        <Menu label={text('messageMenu')} choices={choices(message, actions)} />
      </div>
      <Footer message={message} actions={actions} />
    </li>
  );
}

function choices(message: MessageView, { ask, fullText }: MessageActions): Choice[] {
  const { id, direction, file } = message;
  const copyAll = async () => copy((await fullText(id)) ?? message.text);
  const gone = text(direction === 'sent' ? 'deleteSentWarning' : 'deleteReceivedWarning');
  const remove: Choice = {
    name: 'delete',
    label: text('deleteMessage'),
    icon: <DeleteIcon />,
    warning: gone,
    onChoose: () => ask({ type: 'deleteMessage', id }),
  };
  if (file) return [remove];
  return [{ name: 'copy', label: text('copyText'), icon: <CopyIcon />, onChoose: copyAll }, remove];
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
      {message.format === 'text' ? null : <Format message={message} />}
      <p class="text" data-testid="text" tabIndex={message.format === 'text' ? undefined : 0}>
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

/** What a program sent, which people would not. */
function Format({ message }: { message: MessageView }) {
  const name = text(message.format === 'json' ? 'formatJson' : 'formatBinary', size(message.size));
  return (
    <p class="format" data-testid="format">
      {name}
    </p>
  );
}

function Footer({ message, actions: { ask, level, trust } }: Pick<Properties, 'message' | 'actions'>) {
  const { id, delivery, direction } = message;
  return (
    <div class="footer">
      {message.anonymous ? <Anonymous /> : null}
      {direction === 'received' && trust !== 'none' && !message.signed ? <Unsigned /> : null}
      <time dateTime={new Date(message.at).toISOString()}>{clock(message.at)}</time>
      {delivery ? <Delivery delivery={delivery} level={level} /> : null}
      <Actions id={id} delivery={delivery} ask={ask} />
    </div>
  );
}

/** In one piece, so that they stay together where a line is too short for all. */
function Actions(props: Pick<MessageActions, 'ask'> & { id: string; delivery: DeliveryView | null }) {
  const { id, delivery, ask } = props;
  const actions = actionsFor(delivery);
  if (actions.length === 0) return null;
  return (
    <span class="actions">
      {actions.map((type) => (
        <button
          type="button"
          key={type}
          class="link"
          data-testid={type}
          onClick={() => void ask({ type, id })}
        >
          {text(type)}
        </button>
      ))}
    </span>
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

/** Others in this conversation are signed, so that this one stands out. */
function Unsigned() {
  return (
    <span class="unsigned" title={text('unsignedHint')} data-testid="unsigned">
      <UnsignedIcon />
      {text('unsigned')}
    </span>
  );
}

type Action = 'retry' | 'pause' | 'resume' | 'cancel';

/** What can be done about a message that is not there yet. */
function actionsFor(delivery: DeliveryView | null): Action[] {
  switch (delivery?.state) {
    case 'queued':
    case 'sending':
      return ['pause', 'cancel'];
    case 'waitingForReplyBlocks':
      return ['cancel'];
    case 'paused':
      return ['resume', 'cancel'];
    case 'failed':
      return delivery.problem?.canRetry ? ['retry'] : [];
    default:
      return [];
  }
}

const ICONS: Record<DeliveryView['state'], () => JSX.Element> = {
  queued: ClockIcon,
  waitingForReplyBlocks: ClockIcon,
  sending: ClockIcon,
  sent: TickIcon,
  atGateway: TwoTicksIcon,
  delivered: TwoTicksIcon,
  paused: PauseIcon,
  failed: WarningIcon,
};

function Delivery({ delivery, level }: { delivery: DeliveryView; level: SurbLevel | undefined }) {
  const StateIcon = ICONS[delivery.state];
  const { state, acked, total } = delivery;
  return (
    <span class={`delivery ${state}`} data-testid="delivery" data-state={state}>
      <StateIcon />
      <span>{deliveryText(delivery, level)}</span>
      {state === 'sending' || (state === 'paused' && total) ? (
        <progress value={acked ?? 0} max={total || 1} aria-hidden="true" />
      ) : null}
    </span>
  );
}
