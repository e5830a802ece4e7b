import german from '../_locales/de/messages.json';
import english from '../_locales/en/messages.json';

/** The languages that Sotto speaks. */
export const LOCALES = { de: german, en: english };

/** What the browser tells of a port's other end. */
export interface FakeSender {
  url: string;
  origin?: string;
  frameId?: number;
  tab?: { id: number };
}

/** One end of a port. What is posted at one end arrives at the other. */
export class FakePort {
  readonly onMessage = new FakeEvent<[unknown, FakePort]>();
  readonly onDisconnect = new FakeEvent<[FakePort]>();
  sender: FakeSender | undefined = undefined;
  #peer: FakePort | undefined;

  constructor(readonly name: string) {}

  static pair(name: string): [FakePort, FakePort] {
    const [page, background] = [new FakePort(name), new FakePort(name)];
    page.#peer = background;
    background.#peer = page;
    background.sender = {
      url: 'chrome-extension://fake/popup/popup.html',
      origin: 'chrome-extension://fake',
    };
    return [page, background];
  }

  postMessage(message: unknown): void {
    const peer = this.#peer;
    if (!peer) throw new Error('Attempting to use a disconnected port object');
    const copy: unknown = structuredClone(message);
    queueMicrotask(() => peer.onMessage.fire(copy, peer));
  }

  /** As in browsers, only the other end is told. */
  disconnect(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    if (!peer) return;
    peer.#peer = undefined;
    peer.onDisconnect.fire(peer);
  }
}

/** The listeners of one browser event. */
export class FakeEvent<Arguments extends unknown[]> {
  readonly #listeners = new Set<(...values: Arguments) => void>();

  addListener(listener: (...values: Arguments) => void): void {
    this.#listeners.add(listener);
  }

  fire(...values: Arguments): void {
    for (const listener of this.#listeners) listener(...values);
  }
}

/** A tab of the fake browser. */
export interface FakeTab {
  id: number;
  windowId: number;
  url: string;
  active: boolean;
}

/** As much of the browser's extension API as Sotto uses. */
export class FakeBrowser {
  /** The page's end of every port opened so far. */
  readonly ports: FakePort[] = [];
  readonly onConnect = new FakeEvent<[FakePort]>();
  readonly onStartup = new FakeEvent<[]>();
  readonly onInstalled = new FakeEvent<[{ reason: string; temporary?: boolean }]>();
  readonly onCommand = new FakeEvent<[string]>();
  readonly alarms: { name: string; periodInMinutes: number }[] = [];
  popupViews: unknown[] = [];
  /** The user's. */
  language: keyof typeof LOCALES = 'en';
  platformInfoCalls = 0;
  badge = '';
  /** What is shown in one tab alone: the text of the badge, if the tab has its own, and the title. */
  readonly tabBadges = new Map<number, { text: string | null; title: string }>();
  /** The tabs, the oldest first. */
  readonly tabs: FakeTab[] = [];
  /** The tabs that were closed by their numbers. */
  readonly closedTabs: (number | undefined)[] = [];
  /** How each window besides the first was opened. */
  readonly windows: Record<string, unknown>[] = [];
  /** The window that was brought forward last. */
  focusedWindow: number | undefined = undefined;
  /** What the system shows, by name. */
  readonly notifications = new Map<string, Record<string, string>>();
  readonly #onNotification = new FakeEvent<[string]>();
  readonly #onAlarm = new FakeEvent<[{ name: string }]>();
  readonly #stored = new Map<string, unknown>();

  readonly session = {
    get: async (key: string | null): Promise<Record<string, unknown>> =>
      key === null ? Object.fromEntries(this.#stored) : { [key]: this.#stored.get(key) },
    set: async (items: Record<string, unknown>): Promise<void> => {
      for (const [key, value] of Object.entries(items)) this.#stored.set(key, value);
    },
    remove: async (keys: string | string[]): Promise<void> => {
      for (const key of [keys].flat()) this.#stored.delete(key);
    },
  };

  readonly runtime = {
    id: 'fake' as string | undefined,
    connect: ({ name }: { name: string }) => this.#connect(name),
    getPlatformInfo: async () => void this.platformInfoCalls++,
    getURL: (path: string) => `chrome-extension://fake/${path}`,
    onConnect: this.onConnect,
    onStartup: this.onStartup,
    onInstalled: this.onInstalled,
  };

  /** The object that pages know as `chrome`. */
  readonly api = {
    runtime: this.runtime,
    action: {
      setBadgeText: async ({ text, tabId }: { text: string | null; tabId?: number }) =>
        tabId === undefined ? void (this.badge = text ?? '') : this.#changeTabBadge(tabId, { text }),
      setTitle: async ({ title, tabId }: { title: string; tabId: number }) =>
        this.#changeTabBadge(tabId, { title }),
    },
    alarms: {
      create: async (name: string, options: { periodInMinutes: number }) =>
        void this.alarms.push({ name, ...options }),
      onAlarm: this.#onAlarm,
    },
    commands: { onCommand: this.onCommand },
    tabs: {
      create: async ({ url }: { url: string }) => this.#newTab(url),
      query: async ({ url = '' }: { url?: string }) =>
        this.tabs.filter((tab) => tab.url.startsWith(url.replace(/\*$/, ''))),
      update: async (id: number, change: Partial<FakeTab>) => this.#changeTab(id, change),
      getCurrent: async () => this.tabs.at(-1),
      remove: async (id: number) => void this.closedTabs.push(id),
    },
    windows: {
      WINDOW_ID_CURRENT: -2,
      create: async ({ url, ...how }: { url: string } & Record<string, unknown>) => {
        this.windows.push(how);
        this.#newTab(url, this.windows.length + 1);
      },
      update: async (id: number) => void (this.focusedWindow = id),
    },
    notifications: {
      create: async (id: string, shown: Record<string, string>) => void this.notifications.set(id, shown),
      clear: async (id: string) => this.notifications.delete(id),
      onClicked: this.#onNotification,
    },
    extension: { getViews: () => this.popupViews },
    i18n: {
      getMessage: (name: string, substitutions: string[]) =>
        localized(LOCALES[this.language], name, substitutions),
      getUILanguage: () => this.language,
    },
    storage: { session: this.session },
  };

  fireAlarm(name: string): void {
    this.#onAlarm.fire({ name });
  }

  clickNotification(id: string): void {
    this.#onNotification.fire(id);
  }

  #newTab(url: string, windowId = 1): void {
    const id = this.tabs.length + 1;
    this.tabs.push({ id, windowId, url, active: false });
    this.#changeTab(id, { active: true });
  }

  #changeTabBadge(tab: number, change: { text: string | null } | { title: string }): void {
    if (!this.tabs.some(({ id }) => id === tab)) throw new Error(`No tab with id: ${tab}.`);
    const before = this.tabBadges.get(tab) ?? { text: null, title: '' };
    this.tabBadges.set(tab, { ...before, ...change });
  }

  #changeTab(id: number, change: Partial<FakeTab>): void {
    for (const tab of this.tabs) {
      if (change.active) tab.active = false;
      if (tab.id === id) Object.assign(tab, change);
    }
  }

  #connect(name: string): FakePort {
    if (this.runtime.id === undefined) throw new Error('Extension context invalidated.');
    const [page, background] = FakePort.pair(name);
    this.ports.push(page);
    this.onConnect.fire(background);
    return page;
  }
}

/** Replaces the browser's API by a fake one. */
export function installFakeBrowser(): FakeBrowser {
  const browser = new FakeBrowser();
  Object.assign(globalThis, { chrome: browser.api });
  return browser;
}

/** A string of a language, with the names of what is filled in. */
export interface LocaleEntry {
  message: string;
  placeholders?: Record<string, { content: string }>;
}

/** The strings of a language by their names. */
export type Locale = Record<string, LocaleEntry>;

function localized(locale: Locale, name: string, substitutions: string[] = []): string {
  const entry = locale[name];
  if (!entry) return '';
  return entry.message.replace(/\$(\w+)\$/g, (_, placeholder: string) => {
    const content = entry.placeholders?.[placeholder.toLowerCase()]?.content ?? '';
    return content.replace(/\$(\d)/g, (_, index: string) => substitutions[Number(index) - 1] ?? '');
  });
}
