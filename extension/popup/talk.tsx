import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { download, type Progress } from '../link/transfer';
import type { ConversationView } from 'sotto-wasm';
import { Avatar } from './avatar';
import { type Chat, NEW } from './chat';
import { Composer, takeFiles } from './composer';
import type { Composing } from './composing';
import { Trouble } from './connection';
import { Conversation } from './conversation';
import { Details } from './details';
import type { History } from './history';
import { BackIcon, InfoIcon, Mark } from './icons';
import type { MessageActions } from './message';
import { NewConversation } from './new-conversation';
import { description, fullName, peerName } from './peer';
import { TrustMark } from './trust';

interface Properties {
  chat: Chat;
  composing: Composing;
  history: History;
  link: Pick<BackgroundLink, 'request'>;
}

type Opened = Properties & { conversation: ConversationView };

/** The conversation that is open, or a new one. Escape closes it. */
export function Talk({ chat, composing, history, link }: Properties) {
  const place = chat.place.value;
  const conversation = chat.open.value;
  useGivesFocusBack(place);
  if (place === undefined || (place !== NEW && !conversation)) return <Nothing />;
  return (
    <div class="open-talk" key={place} onKeyDown={(event) => closeWithEscape(event, chat)}>
      <Header chat={chat} conversation={conversation} />
      <Trouble connection={chat.connection.value} storage={chat.storage.value} />
      {conversation && chat.details.value ? (
        <Details
          conversation={conversation}
          link={link}
          ask={(request) => composing.ask(request)}
          error={composing.error.value?.message}
        />
      ) : (
        <Dropping composing={composing} enabled={conversation?.peer.kind !== 'unknown'}>
          {conversation ? (
            <Messages {...{ chat, composing, history, link, conversation }} />
          ) : (
            <NewConversation composing={composing} />
          )}
          {conversation?.peer.kind === 'unknown' ? (
            <p class="no-answer">{text('unknownHint')}</p>
          ) : (
            <Composer
              composing={composing}
              peer={conversation?.peer}
              plain={conversation?.plain ?? false}
              place={place}
            />
          )}
        </Dropping>
      )}
    </div>
  );
}

/** Takes the files that are dropped anywhere on a conversation along. */
function Dropping(props: { composing: Composing; enabled: boolean; children: preact.ComponentChildren }) {
  const over = useSignal(false);
  return (
    <div
      class={`dropping ${over.value ? 'over' : ''}`}
      data-testid="dropping"
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        // Without this the browser would open the file in the place of the page.
        event.preventDefault();
        over.value = props.enabled;
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) over.value = false;
      }}
      onDrop={(event) => {
        over.value = false;
        if (props.enabled) takeFiles(event, event.dataTransfer, props.composing);
        else event.preventDefault();
      }}
    >
      {props.children}
      {over.value ? <p class="drop-hint">{text('dropHint')}</p> : null}
    </div>
  );
}

function Header({ chat, conversation }: { chat: Chat; conversation: ConversationView | undefined }) {
  const details = chat.details.value && conversation !== undefined;
  const label = text(details ? 'backToTalk' : 'backToConversations');
  return (
    <header class="talk-header">
      <button
        type="button"
        class={`tool ${details ? 'back-to-messages' : 'back'}`}
        data-testid="back"
        title={label}
        aria-label={label}
        onClick={() => back(chat)}
      >
        <BackIcon />
      </button>
      {conversation ? (
        <Peer
          conversation={conversation}
          details={chat.details.value}
          onDetails={() => (chat.details.value = true)}
        />
      ) : (
        <h2>{text('newConversation')}</h2>
      )}
    </header>
  );
}

/** With whom; the whole of it is a button that leads to all there is to know of them. */
function Peer(props: { conversation: ConversationView; details: boolean; onDetails: () => void }) {
  const { conversation } = props;
  const { peer, name, trust } = conversation;
  if (props.details) return <h2>{text('details')}</h2>;
  return (
    <>
      <Avatar conversation={conversation} />
      <div class="peer">
        <h2 class={name ? 'given' : peer.kind} title={fullName(peer)} data-testid="peer">
          <bdi>{peerName(conversation, 23)}</bdi>
          <TrustMark trust={trust} />
        </h2>
        <p>{description(conversation)}</p>
      </div>
      <button
        type="button"
        class="tool"
        data-testid="open-details"
        aria-label={text('openDetails')}
        title={text('openDetails')}
        onClick={props.onDetails}
      >
        <InfoIcon />
      </button>
    </>
  );
}

function Messages({ chat, composing, history, link, conversation }: Opened) {
  const { peer, trust, unread } = conversation;
  const actions: MessageActions = {
    ask: (request) => composing.ask(request),
    fullText: (id) => fullText(link, id),
    download: (id, progress) => composing.shown(file(link, id, progress)),
    level: peer.kind === 'anonymous' ? peer.level : undefined,
    trust,
  };
  return <Conversation section={chat.section.value} history={history} unread={unread} actions={actions} />;
}

async function file(link: Properties['link'], id: string, progress: Progress): Promise<Blob | undefined> {
  const opened = await link.request({ type: 'openFile', id });
  return opened.type === 'download' ? download(link, opened, progress) : undefined;
}

async function fullText(link: Properties['link'], id: string): Promise<string | undefined> {
  const reply = await link.request({ type: 'message', id }).catch(() => undefined);
  return reply?.type === 'message' ? reply.text : undefined;
}

/** In view only where there is room for both panes. */
function Nothing() {
  return (
    <div class="empty">
      <Mark />
      <p>{text('nothingOpen')}</p>
    </div>
  );
}

/** Not with the Escape that ends an input method's suggestions. */
function closeWithEscape(event: KeyboardEvent, chat: Chat): void {
  if (event.key !== 'Escape' || event.isComposing) return;
  // Chrome would close the whole popup.
  event.preventDefault();
  back(chat);
}

/** From the details to the messages, and from these to the list. */
function back(chat: Chat): void {
  if (chat.details.value) chat.details.value = false;
  else chat.place.value = undefined;
}

/** After a conversation was closed, the keyboard is where it was opened. */
function useGivesFocusBack(place: string | undefined): void {
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    const closed = before.current;
    before.current = place;
    if (closed === undefined || place !== undefined) return;
    const row = closed === NEW ? '.begin button' : `.row[data-id="${CSS.escape(closed)}"]`;
    document.querySelector<HTMLElement>(row)?.focus();
  }, [place]);
}
