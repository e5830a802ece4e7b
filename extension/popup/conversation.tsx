import { useLayoutEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { day } from '../format/time';
import type { MessageView } from 'sotto-wasm';
import { Mark } from './icons';
import { Message, type MessageActions } from './message';

/** How near to the end counts as "at the end", in CSS pixels. */
const NEAR = 48;

/** All messages, the newest in view unless the user has scrolled away from it. */
export function Conversation(props: { messages: readonly MessageView[]; actions: MessageActions }) {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const { messages, actions } = props;
  useLayoutEffect(() => {
    if (atEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  });
  return (
    <div
      class="conversation"
      ref={list}
      tabIndex={0}
      role="region"
      aria-label={text('conversationLabel')}
      onScroll={({ currentTarget }) => (atEnd.current = isAtEnd(currentTarget))}
    >
      {messages.length === 0 ? <Empty /> : <Messages messages={messages} actions={actions} />}
    </div>
  );
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function Messages(props: { messages: readonly MessageView[]; actions: MessageActions }) {
  return (
    <ol>
      {props.messages.map((message, index) => {
        const previous = props.messages[index - 1];
        const newDay = !previous || day(previous.at) !== day(message.at);
        return [
          newDay ? <Day key={`day-${message.id}`} at={message.at} /> : null,
          <Message
            key={message.id}
            message={message}
            named={newDay || !isSameSide(previous, message)}
            actions={props.actions}
          />,
        ];
      })}
    </ol>
  );
}

/** Messages of one side in a row are headed once. */
function isSameSide(one: MessageView | undefined, other: MessageView): boolean {
  return one?.direction === other.direction && one.peer === other.peer;
}

function Day({ at }: { at: number }) {
  return (
    <li class="day">
      <span>{day(at)}</span>
    </li>
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
