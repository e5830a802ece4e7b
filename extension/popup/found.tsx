import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { match } from '../format/match';
import { when } from '../format/time';
import type { MessageView } from 'sotto-wasm';
import { moveWithArrows, Row } from './conversations';
import { peerName } from './peer';
import type { Group, Search } from './search';

/** How near to the end more is looked for, in CSS pixels. */
const AHEAD = 200;

interface Properties {
  search: Search;
  place: string | undefined;
  onOpen: (id: string) => void;
  onOpenMessage: (message: MessageView) => void;
}

/** What was found, in the place of the list. */
export function Found({ search, place, onOpen, onOpenMessage }: Properties) {
  const list = useRef<HTMLElement>(null);
  const people = search.people.value;
  function lookFurther() {
    const view = list.current;
    if (!view || !search.more.value || search.problem.value) return;
    if (view.scrollHeight - view.scrollTop - view.clientHeight < AHEAD) void search.next();
  }
  useEffect(lookFurther, [search.groups.value]);
  return (
    <nav
      class="conversations"
      ref={list}
      aria-label={text('searchResults')}
      data-testid="found"
      onKeyDown={moveWithArrows}
      onScroll={lookFurther}
    >
      {people.length > 0 ? <h2 class="group">{text('searchPeople')}</h2> : null}
      <ol>
        {people.map((one) => (
          <Row key={one.id} conversation={one} current={one.id === place} onOpen={onOpen} />
        ))}
      </ol>
      {search.groups.value.map((group) => (
        <Hits key={group.id} group={group} wanted={search.wanted.value} onOpen={onOpenMessage} />
      ))}
      <State search={search} />
    </nav>
  );
}

function Hits(props: { group: Group; wanted: string; onOpen: Properties['onOpenMessage'] }) {
  const { conversation, messages } = props.group;
  const named = conversation ?? ({ name: null, peer: { kind: 'unknown' } } as const);
  return (
    <section aria-label={peerName(named)}>
      <h2 class="group">
        <bdi>{peerName(named, 25)}</bdi>
      </h2>
      <ol>
        {messages.map((message) => (
          <Hit key={message.id} message={message} wanted={props.wanted} onOpen={props.onOpen} />
        ))}
      </ol>
    </section>
  );
}

function Hit(props: { message: MessageView; wanted: string; onOpen: Properties['onOpenMessage'] }) {
  const { message } = props;
  const { before, found, after } = match(message.file?.name ?? message.text, props.wanted);
  return (
    <li>
      <button
        type="button"
        class="row hit"
        data-testid="hit"
        data-id={message.id}
        onClick={() => props.onOpen(message)}
      >
        <span class="excerpt">
          {message.direction === 'sent' ? <span class="you">{text('lastFromYou')} </span> : null}
          <bdi>
            {before}
            <mark>{found}</mark>
            {after}
          </bdi>
        </span>
        <time dateTime={new Date(message.at).toISOString()}>{when(message.at, Date.now())}</time>
      </button>
    </li>
  );
}

/** Whether it is still being looked for, or nothing was found, or why it could not be looked for. */
function State({ search }: { search: Search }) {
  const problem = search.problem.value;
  const found = search.groups.value.length > 0 || search.people.value.length > 0;
  return (
    <div class="edge" role="status" data-testid="search-state">
      {problem ? problem.message : null}
      {search.looking.value ? text('searching') : null}
      {search.done.value && !found && !problem ? text('searchNothing', search.wanted.value) : null}
      {(search.more.value && !search.looking.value) || problem ? (
        <button type="button" class="link" onClick={() => void search.next()}>
          {text(problem ? 'retry' : 'searchFurther')}
        </button>
      ) : null}
    </div>
  );
}
