import { text } from '../browser/strings';
import { day } from '../format/time';
import type { MessageView } from 'sotto-wasm';
import type { History, Side } from './history';
import { DownIcon } from './icons';
import { Message, type MessageActions } from './message';
import { useScrolling } from './scrolling';
import type { Section } from './section';

interface Properties {
  section: Section | undefined;
  history: History;
  /** Received messages that were not seen. */
  unread: number;
  actions: MessageActions;
}

/** The messages of one conversation, the newest in view unless the user has scrolled away from it. */
export function Conversation({ section, history, unread, actions }: Properties) {
  const { list, atEnd, onScroll, toEnd } = useScrolling(section, history);
  return (
    <div class="scrolled">
      <div
        class="conversation"
        ref={list}
        tabIndex={0}
        role="region"
        aria-label={text('conversationLabel')}
        onScroll={onScroll}
      >
        <Edge history={history} sides={section ? ['older'] : ['newest']} />
        {section ? <Beginning section={section} /> : null}
        <Messages messages={section?.messages ?? []} found={history.target.value} actions={actions} />
        <Edge history={history} sides={section ? ['newer'] : []} />
      </div>
      {atEnd ? null : <ToNewest unread={unread} onClick={toEnd} />}
    </div>
  );
}

/** What is being fetched at one end, or why it could not be. */
function Edge({ history, sides }: { history: History; sides: Side[] }) {
  const problem = history.problem.value;
  if (problem && sides.includes(problem.side)) {
    return (
      <p class="edge" role="alert">
        {problem.error.message}{' '}
        <button type="button" class="link" onClick={() => void history.again()}>
          {text('retry')}
        </button>
      </p>
    );
  }
  const loads = sides.some((side) => history.loading.value.has(side));
  return loads ? <p class="edge loading">{text('historyLoading')}</p> : null;
}

/** Says that there is nothing before, or nothing at all. */
function Beginning({ section: { messages, older, newer } }: { section: Section }) {
  if (older || newer) return null;
  return (
    <p class="edge" data-testid="history-begins">
      {text(messages.length === 0 ? 'historyEmpty' : 'historyBegins')}
    </p>
  );
}

function ToNewest({ unread, onClick }: { unread: number; onClick: () => void }) {
  return (
    <button type="button" class="to-newest" data-testid="to-newest" onClick={onClick}>
      <DownIcon />
      {unread > 0 ? text('unreadCount', unread) : text('toNewest')}
    </button>
  );
}

interface Listed {
  messages: readonly MessageView[];
  /** The message that was looked for. */
  found: string | undefined;
  actions: MessageActions;
}

function Messages({ messages, found, actions }: Listed) {
  return (
    <ol>
      {/* Flat: within an array of its own, a row would not be found again when others come before it. */}
      {messages.flatMap((message, index) => {
        const previous = messages[index - 1];
        const newDay = !previous || day(previous.at) !== day(message.at);
        return [
          newDay ? <Day key={`day-${message.id}`} at={message.at} /> : null,
          <Message
            key={message.id}
            message={message}
            first={newDay || previous?.direction !== message.direction}
            found={message.id === found}
            actions={actions}
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
