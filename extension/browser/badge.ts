import { text } from './strings';

/** The most that fits on the extension's button. */
const MOST = 99;
/** What the button shows in a tab whose site uses the mixnet, if there is nothing to count. */
const DOT = '•';

/** What is shown on the extension's button: how many messages are unread, and which tab's site uses the mixnet. */
export class Badge {
  #unread = 0;
  readonly #active = new Set<number>();

  /** Takes away what an earlier background left in the tabs. */
  async clear(): Promise<void> {
    const tabs = await chrome.tabs.query({});
    await Promise.all(tabs.map(({ id }) => id !== undefined && this.#show(id)));
  }

  /** So many messages are unread. The count is of all tabs, and comes before the dot of one. */
  async setUnread(unread: number): Promise<void> {
    this.#unread = unread;
    const count = unread > MOST ? `${MOST}+` : unread > 0 ? String(unread) : '';
    await chrome.action.setBadgeText({ text: count });
    await Promise.all([...this.#active].map((tab) => this.#show(tab)));
  }

  /** The site in a tab uses the mixnet, or has stopped to. */
  async setSite(tab: number, active: boolean): Promise<void> {
    if (active) this.#active.add(tab);
    else this.#active.delete(tab);
    await this.#show(tab);
  }

  async #show(tabId: number): Promise<void> {
    const active = this.#active.has(tabId);
    // Without a text of its own a tab has the one of all tabs.
    const dot = active && this.#unread === 0 ? DOT : null;
    const title = text(active ? 'siteActive' : 'extensionName');
    try {
      await chrome.action.setBadgeText({ tabId, text: dot as string });
      await chrome.action.setTitle({ tabId, title });
    } catch {
      // The tab is gone, and what was shown in it.
      this.#active.delete(tabId);
    }
  }
}
