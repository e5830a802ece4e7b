import { text } from '../browser/strings';
import { when } from '../format/time';
import type { ConversationView, LastMessage } from 'sotto-wasm';
import { Avatar } from './avatar';
import { ClockIcon, Mark, PauseIcon, WarningIcon } from './icons';
import { fullName, peerName } from './peer';
import { TrustMark } from './trust';

interface Properties {
  conversations: readonly ConversationView[];
  /** Whether these are all that there are. */
  known: boolean;
  place: string | undefined;
  onOpen: (id: string) => void;
}

/** The list of conversations, the one that was active last at the top. */
export function Conversations({ conversations, known, place, onOpen }: Properties) {
  return (
    <nav class="conversations" aria-label={text('conversationsLabel')} onKeyDown={moveWithArrows}>
      {known && conversations.length === 0 ? <Empty /> : null}
      <ol>
        {conversations.map((conversation) => (
          <Row
            key={conversation.id}
            conversation={conversation}
            current={conversation.id === place}
            onOpen={onOpen}
          />
        ))}
      </ol>
    </nav>
  );
}

/** A conversation: with whom, what was said last, and how much is unread. */
export function Row(props: {
  conversation: ConversationView;
  current: boolean;
  onOpen: Properties['onOpen'];
}) {
  const { id, peer, unread, last, activeAt, trust } = props.conversation;
  return (
    <li>
      <button
        type="button"
        class={`row ${unread > 0 ? 'unread' : ''}`}
        data-testid="conversation"
        data-id={id}
        data-kind={peer.kind}
        aria-current={props.current ? 'true' : undefined}
        onClick={() => props.onOpen(id)}
      >
        <Avatar conversation={props.conversation} />
        <span class={`name ${props.conversation.name ? 'given' : peer.kind}`} title={fullName(peer)}>
          <bdi>{peerName(props.conversation, 19)}</bdi>
          <TrustMark trust={trust} />
        </span>
        <time dateTime={new Date(activeAt).toISOString()}>{when(activeAt, Date.now())}</time>
        {last ? <Last last={last} /> : null}
        {unread > 0 ? <Unread count={unread} /> : null}
      </button>
    </li>
  );
}

function Last({ last }: { last: LastMessage }) {
  return (
    <span class={`last ${last.state ?? ''}`}>
      {last.state === 'failed' ? <WarningIcon /> : null}
      {last.state === 'waitingForReplyBlocks' ? <ClockIcon /> : null}
      {last.state === 'paused' ? <PauseIcon /> : null}
      <span class="line">
        {last.direction === 'sent' ? <span class="you">{text('lastFromYou')} </span> : null}
        <bdi>{last.text}</bdi>
      </span>
    </span>
  );
}

function Unread({ count }: { count: number }) {
  return (
    <span class="count" data-testid="unread">
      <span aria-hidden="true">{count}</span>
      <span class="unseen">{text('unreadCount', count)}</span>
    </span>
  );
}

function Empty() {
  return (
    <div class="empty">
      <Mark />
      <h2>{text('emptyTitle')}</h2>
      <p>{text('emptyHint')}</p>
    </div>
  );
}

/** Up and down go from one conversation to the next. */
export function moveWithArrows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('.row')];
  const next = rows[rows.indexOf(document.activeElement as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
