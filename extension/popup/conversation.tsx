import { useLayoutEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { day } from '../format/time';
import type { MessageView } from 'sotto-wasm';
import { Message, type MessageActions } from './message';

/** How near to the end counts as "at the end", in CSS pixels. */
const NEAR = 48;

/** All messages of one conversation, the newest in view unless the user has scrolled away from it. */
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
      <Messages messages={messages} actions={actions} />
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
            first={newDay || previous?.direction !== message.direction}
            actions={props.actions}
          />,
        ];
      })}
    </ol>
  );
}

function Day({ at }: { at: number }) {
  return (
    <li class="day">
      <span>{day(at)}</span>
    </li>
  );
}
