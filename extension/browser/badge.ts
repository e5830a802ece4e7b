/** The most that fits on the extension's button. */
const MOST = 99;

/** Shows on the extension's button how many messages are unread; nothing if there is none. */
export async function setBadge(unread: number): Promise<void> {
  const text = unread > MOST ? `${MOST}+` : unread > 0 ? String(unread) : '';
  await chrome.action.setBadgeText({ text });
}
