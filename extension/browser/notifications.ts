import { extensionUrl } from './runtime';
import { openInTab } from './tabs';

/** What the system shows of a message. */
export interface Notification {
  /** The id of its conversation: a click opens it, and a newer notification of it takes this one's place. */
  conversation: string;
  title: string;
  body: string;
}

const PREFIX = 'conversation=';

/** Shows a notification of the system. */
export async function notify({ conversation, title, body }: Notification): Promise<void> {
  const iconUrl = extensionUrl('icons/128.png');
  await chrome.notifications.create(PREFIX + conversation, { type: 'basic', iconUrl, title, message: body });
}

/** Has a click on a notification open the chat at its conversation. Must be called while the background loads. */
export function openNotifications(): void {
  chrome.notifications.onClicked.addListener((id) => {
    if (!id.startsWith(PREFIX)) return;
    void chrome.notifications.clear(id);
    void openInTab(chatPath(id.slice(PREFIX.length)));
  });
}

/** The page of the chat, with a conversation open. */
export function chatPath(conversation: string): string {
  return `popup/popup.html#${PREFIX}${encodeURIComponent(conversation)}`;
}
