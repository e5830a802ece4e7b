import { hasSidePanel, openSidePanel } from '../browser/side-panel';
import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import { type Chat, NEW } from './chat';
import type { Composing } from './composing';
import { Connection, MapAge, StorageProblem } from './connection';
import { Conversations } from './conversations';
import { Found } from './found';
import type { History } from './history';
import { Mark, PlusIcon, SettingsIcon, SidePanelIcon, TabIcon } from './icons';
import { OwnAddress } from './own-address';
import type { Search } from './search';
import { SearchField } from './search-field';
import { Talk } from './talk';

interface Properties {
  chat: Chat;
  composing: Composing;
  history: History;
  search: Search;
  link: Pick<BackgroundLink, 'request'>;
  inTab: boolean;
}

/** The chat page: the conversations, and the one that is open. Where there is room both are in view. */
export function App({ chat, composing, history, search, link, inTab }: Properties) {
  return (
    <>
      <main class={`panes ${chat.isOpen.value ? 'open' : ''}`}>
        <h1 class="unseen">{text('extensionName')}</h1>
        <Side chat={chat} history={history} search={search} inTab={inTab} />
        <div class="talk">
          <Talk chat={chat} composing={composing} history={history} link={link} />
        </div>
      </main>
      <p class="unseen" aria-live="polite">
        {chat.announcement.value}
      </p>
    </>
  );
}

type SideProperties = Pick<Properties, 'chat' | 'history' | 'search' | 'inTab'>;

function Side({ chat, history, search, inTab }: SideProperties) {
  const open = (id: string) => (chat.place.value = id);
  return (
    <div class="side">
      <Header chat={chat} search={search} inTab={inTab} />
      <section class="self" aria-label={text('selfLabel')}>
        <OwnAddress address={chat.address.value} />
        <StorageProblem problem={chat.storage.value} />
        <Connection connection={chat.connection.value} />
        <MapAge topology={chat.topology.value} />
      </section>
      {search.active.value ? (
        <Found
          search={search}
          place={chat.place.value}
          onOpen={open}
          onOpenMessage={(message) => void history.goTo(message)}
        />
      ) : (
        <Conversations
          conversations={chat.conversations.value}
          known={chat.connection.value !== null}
          place={chat.place.value}
          onOpen={open}
        />
      )}
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

function Header({ chat, search, inTab }: Pick<Properties, 'chat' | 'search' | 'inTab'>) {
  return (
    <header class="list-header">
      <Mark />
      <SearchField search={search} onFocus={() => showList(chat)} />
      {inTab || !hasSidePanel() ? null : <SidePanelButton />}
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

/** In the popup, which makes room for what it opens. */
function SidePanelButton() {
  return (
    <button
      type="button"
      class="tool"
      data-testid="open-side-panel"
      title={text('openInSidePanel')}
      aria-label={text('openInSidePanel')}
      onClick={() => void openSidePanel().then(close)}
    >
      <SidePanelIcon />
    </button>
  );
}

/** Where there is room for one pane only, an open conversation gives way. */
function showList(chat: Chat): void {
  const side = document.querySelector<HTMLElement>('.side');
  if (side && side.offsetParent === null) chat.place.value = undefined;
}
