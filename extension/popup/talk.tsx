import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import type { ConversationView } from 'sotto-wasm';
import { Avatar } from './avatar';
import { type Chat, NEW } from './chat';
import { Composer } from './composer';
import type { Composing } from './composing';
import { Trouble } from './connection';
import { Conversation } from './conversation';
import { CopyButton } from './copy';
import { BackIcon, Mark } from './icons';
import type { MessageActions } from './message';
import { NewConversation } from './new-conversation';
import { fullName, peerName } from './peer';

interface Properties {
  chat: Chat;
  composing: Composing;
  link: Pick<BackgroundLink, 'request'>;
}

/** The conversation that is open, or a new one. Escape closes it. */
export function Talk({ chat, composing, link }: Properties) {
  const place = chat.place.value;
  const conversation = chat.open.value;
  useGivesFocusBack(place);
  if (place === undefined || (place !== NEW && !conversation)) return <Nothing />;
  return (
    <div class="open-talk" key={place} onKeyDown={(event) => closeWithEscape(event, chat)}>
      <Header chat={chat} conversation={conversation} />
      <Trouble connection={chat.connection.value} storage={chat.storage.value} />
      {conversation ? (
        <Messages chat={chat} composing={composing} link={link} conversation={conversation} />
      ) : (
        <NewConversation composing={composing} />
      )}
      {conversation?.peer.kind === 'unknown' ? (
        <p class="no-answer">{text('unknownHint')}</p>
      ) : (
        <Composer composing={composing} peer={conversation?.peer} />
      )}
    </div>
  );
}

function Header({ chat, conversation }: { chat: Chat; conversation: ConversationView | undefined }) {
  return (
    <header class="talk-header">
      <button
        type="button"
        class="tool back"
        data-testid="back"
        title={text('backToConversations')}
        aria-label={text('backToConversations')}
        onClick={() => close(chat)}
      >
        <BackIcon />
      </button>
      {conversation ? <Peer conversation={conversation} /> : <h2>{text('newConversation')}</h2>}
    </header>
  );
}

function Peer({ conversation: { peer } }: { conversation: ConversationView }) {
  return (
    <>
      <Avatar peer={peer} />
      <div class="peer">
        <h2 class={peer.kind} title={fullName(peer)} data-testid="peer">
          {peerName(peer, 23)}
        </h2>
        <p>{text(DESCRIPTIONS[peer.kind])}</p>
      </div>
      {peer.kind === 'address' ? <CopyButton value={peer.address} label={text('copyTheirAddress')} /> : null}
    </>
  );
}

const DESCRIPTIONS = {
  address: 'addressDescription',
  anonymous: 'anonymousDescription',
  unknown: 'unknownDescription',
} as const;

function Messages({ chat, composing, link, conversation }: Properties & { conversation: ConversationView }) {
  const { peer } = conversation;
  const actions: MessageActions = {
    ask: (request) => composing.ask(request),
    fullText: (id) => fullText(link, id),
    level: peer.kind === 'anonymous' ? peer.level : undefined,
  };
  return <Conversation messages={chat.openMessages.value} actions={actions} />;
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
  close(chat);
}

function close(chat: Chat): void {
  chat.place.value = undefined;
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
