import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { type Chat, NEW } from './chat';
import type { Composing } from './composing';
import { Connection, MapAge, StorageProblem } from './connection';
import { Conversations } from './conversations';
import { Mark, PlusIcon, SettingsIcon, TabIcon } from './icons';
import { OwnAddress } from './own-address';
import { Talk } from './talk';

interface Properties {
  chat: Chat;
  composing: Composing;
  link: Pick<BackgroundLink, 'request'>;
  inTab: boolean;
}

/** The chat page: the conversations, and the one that is open. Where there is room both are in view. */
export function App({ chat, composing, link, inTab }: Properties) {
  return (
    <>
      <main class={`panes ${chat.isOpen.value ? 'open' : ''}`}>
        <h1 class="unseen">{text('extensionName')}</h1>
        <Side chat={chat} inTab={inTab} />
        <div class="talk">
          <Talk chat={chat} composing={composing} link={link} />
        </div>
      </main>
      <p class="unseen" aria-live="polite">
        {chat.announcement.value}
      </p>
    </>
  );
}

function Side({ chat, inTab }: { chat: Chat; inTab: boolean }) {
  return (
    <div class="side">
      <Header inTab={inTab} />
      <section class="self">
        <OwnAddress address={chat.address.value} />
        <StorageProblem problem={chat.storage.value} />
        <Connection connection={chat.connection.value} />
        <MapAge topology={chat.topology.value} />
      </section>
      <Conversations
        conversations={chat.conversations.value}
        place={chat.place.value}
        onOpen={(id) => (chat.place.value = id)}
      />
      <div class="begin">
        <button
          type="button"
          class="primary"
          data-testid="new-conversation"
          onClick={() => (chat.place.value = NEW)}
        >
          <PlusIcon /> {text('newConversation')}
        </button>
      </div>
    </div>
  );
}

function Header({ inTab }: { inTab: boolean }) {
  return (
    <header>
      <Mark />
      {/* The heading is beside the list, so that it is there also while the list is not. */}
      <span class="title" aria-hidden="true">
        {text('extensionName')}
      </span>
      {inTab ? null : (
        <a
          class="tool"
          href="popup.html"
          target="_blank"
          title={text('openInTab')}
          aria-label={text('openInTab')}
        >
          <TabIcon />
        </a>
      )}
      <a
        class="tool"
        href="../settings/settings.html"
        title={text('openSettings')}
        aria-label={text('openSettings')}
      >
        <SettingsIcon />
      </a>
    </header>
  );
}
