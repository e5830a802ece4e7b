import { text } from '../browser/strings';
import type { BackgroundLink } from '../link/background-link';
import type { Chat } from './chat';
import { Composer } from './composer';
import type { Composing } from './composing';
import { Connection, StorageProblem } from './connection';
import { Conversation } from './conversation';
import { Mark, SettingsIcon, TabIcon } from './icons';
import type { MessageActions } from './message';
import { OwnAddress } from './own-address';

interface Properties {
  chat: Chat;
  composing: Composing;
  link: Pick<BackgroundLink, 'request'>;
  inTab: boolean;
}

/** The chat page. */
export function App({ chat, composing, link, inTab }: Properties) {
  const actions: MessageActions = {
    ask: (request) => composing.ask(request),
    fullText: (id) => fullText(link, id),
  };
  return (
    <>
      <Header inTab={inTab} />
      <section class="self">
        <OwnAddress address={chat.address.value} />
        <StorageProblem problem={chat.storage.value} />
        <Connection connection={chat.connection.value} />
      </section>
      <main>
        <Conversation messages={chat.messages.value} actions={actions} />
      </main>
      <Composer composing={composing} />
      <p class="unseen" aria-live="polite">
        {chat.announcement.value}
      </p>
    </>
  );
}

function Header({ inTab }: { inTab: boolean }) {
  return (
    <header>
      <Mark />
      <h1>{text('extensionName')}</h1>
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

async function fullText(link: Properties['link'], id: string): Promise<string | undefined> {
  const reply = await link.request({ type: 'message', id }).catch(() => undefined);
  return reply?.type === 'message' ? reply.text : undefined;
}
