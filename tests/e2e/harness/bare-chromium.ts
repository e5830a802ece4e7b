import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Browser, type Key, type Kind, type Notified } from './browser';
import { Cdp } from './cdp';
import { POPUP_SIZE, withExtension } from './chromium';
import { kill, signalAll } from './processes';
import { CHROMIUM, EXTENSION } from './programs';
import { until } from './until';

interface Target {
  targetId: string;
  type: string;
  url: string;
}

/** How it is started. */
interface Options {
  /** Arguments besides those that every Chromium gets. */
  more?: string[];
  /** With the extension. */
  folder?: string;
}

/** What CDP calls keys. */
const KEYS: Record<Key, object> = {
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
};

/** Chromium with nothing attached to the extension's worker, which therefore lives and dies as with a user. */
export class BareChromium extends Browser {
  /** The sessions of all tabs. */
  readonly #tabs: string[];
  /** The session of the current tab. */
  #tab: string;
  /** Those of tabs with a dead page. */
  readonly #crashed = new Set<string>();

  private constructor(
    readonly cdp: Cdp,
    private readonly child: ChildProcess,
    private readonly base: string,
    private readonly folder: string,
    readonly downloads: string,
    tab: string,
  ) {
    super();
    this.#tabs = [tab];
    this.#tab = tab;
    cdp.listen(({ method, sessionId }) => {
      if (method === 'Inspector.targetCrashed' && sessionId) this.#noteCrash(sessionId);
    });
  }

  #noteCrash(tab: string): void {
    this.#crashed.add(tab);
    this.cdp.abandon(tab);
  }

  static async launch(
    profile: string,
    { more = [], folder = EXTENSION }: Options = {},
  ): Promise<BareChromium> {
    const { width, height } = POPUP_SIZE;
    const isNew = !existsSync(join(profile, 'Default'));
    const child = spawn(
      CHROMIUM,
      [
        ...withExtension(folder),
        '--headless',
        '--disable-gpu',
        '--remote-debugging-pipe',
        // For an update.
        '--enable-unsafe-extension-debugging',
        '--use-mock-keychain',
        '--password-store=basic',
        `--window-size=${width},${height}`,
        `--user-data-dir=${profile}`,
        ...more,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const [, , , to, from] = child.stdio;
    const cdp = new Cdp(to as Writable, from as Readable);
    const worker = await until('the extension', () => workerOf(cdp));
    if (isNew) await closeWelcome(cdp);
    const tab = await attach(cdp, await firstPage(cdp));
    const downloads = join(profile, 'downloads');
    await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
    return new BareChromium(cdp, child, new URL('/', worker.url).href, folder, downloads, tab);
  }

  open(path: string): Promise<void> {
    return this.#navigate(this.base + path);
  }

  openNothing(): Promise<void> {
    return this.#navigate('about:blank');
  }

  async newTab(): Promise<void> {
    const { targetId } = await this.cdp.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
    });
    this.#tab = await attach(this.cdp, targetId);
    this.#tabs.push(this.#tab);
  }

  async switchTo(tab: number): Promise<void> {
    const session = this.#tabs[tab];
    if (!session) throw new Error(`there is no tab ${tab}`);
    this.#tab = session;
    await this.#send('Page.bringToFront');
  }

  visit(url: string): Promise<void> {
    return this.#navigate(url);
  }

  async addresses(): Promise<string[]> {
    const all = await targets(this.cdp);
    return all.filter(({ type }) => type === 'page').map(({ url }) => url);
  }

  async switchToPage(part: string): Promise<boolean> {
    const all = await targets(this.cdp);
    const page = all.find(({ type, url }) => type === 'page' && url.includes(part));
    if (!page) return false;
    this.#tab = await attach(this.cdp, page.targetId);
    await this.#send('Page.bringToFront');
    return true;
  }

  async closeTab(): Promise<void> {
    // The answer may be lost with the page.
    await this.#send('Page.close').catch(() => undefined);
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#send<Evaluated<T>>('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Without a mouse: what it points at may move away before the button is released. */
  async click(selector: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#focus(selector);
    for (const character of text) await this.#send('Input.insertText', { text: character });
  }

  async press(selector: string, key: Key): Promise<void> {
    await this.#focus(selector);
    for (const type of ['keyDown', 'keyUp'])
      await this.#send('Input.dispatchKeyEvent', { type, ...KEYS[key] });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send<{ data: string }>('Page.captureScreenshot');
    return Buffer.from(data, 'base64');
  }

  async killBackground(): Promise<void> {
    await this.#send('ServiceWorker.enable');
    await this.#send('ServiceWorker.stopAllWorkers');
    await this.#send('ServiceWorker.disable');
  }

  crashBackground(): Promise<number> {
    return kill(this.child, ({ commandLine }) => commandLine.includes('--extension-process'));
  }

  /** An unpacked extension has one folder: what is in it is replaced, and loaded again. Its tabs close. */
  async update(folder: string): Promise<void> {
    await cp(folder, this.folder, { recursive: true });
    for (const tab of this.#tabs.splice(0)) this.cdp.abandon(tab);
    await this.newTab();
    await this.cdp.send('Extensions.loadUnpacked', { path: this.folder });
  }

  sleep(): Promise<void> {
    return signalAll(this.child, 'SIGSTOP');
  }

  wake(): Promise<void> {
    return signalAll(this.child, 'SIGCONT');
  }

  /** By way of a page, whose process is that of the worker as well. */
  async setOnline(online: boolean): Promise<void> {
    const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await this.#send('Network.emulateNetworkConditions', {
      ...network,
      offline: !online,
      connectionType: online ? 'wifi' : 'none',
    });
  }

  async chooseFile(selector: string, path: string): Promise<void> {
    const expression = `document.querySelector(${JSON.stringify(selector)})`;
    const { result } = await this.#send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
    await this.#send('DOM.setFileInputFiles', { files: [path], objectId: result.objectId });
  }

  /** Chromium tells pages only that there are some, so that the worker is listened to. */
  async notified(): Promise<Notified[]> {
    const worker = await until('the worker', () => workerOf(this.cdp));
    const { sessionId } = await this.cdp.send<{ sessionId: string }>('Target.attachToTarget', {
      targetId: worker.targetId,
      flatten: true,
    });
    const { result } = await this.cdp.send<Evaluated<Notified[]>>(
      'Runtime.evaluate',
      { expression: NOTIFIED, returnByValue: true },
      sessionId,
    );
    await this.cdp.send('Target.detachFromTarget', { sessionId });
    return result.value;
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    // The answer may be lost with the connection.
    await this.cdp.send('Browser.close').catch(() => undefined);
    await ended;
  }

  async #navigate(url: string): Promise<void> {
    this.#crashed.delete(this.#tab);
    const loaded = this.cdp.next('Page.loadEventFired', this.#tab);
    await Promise.all([this.#send('Page.navigate', { url }), loaded]);
  }

  async #focus(selector: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
  }

  #send<T>(method: string, params: object = {}): Promise<T> {
    if (this.#crashed.has(this.#tab)) return Promise.reject(new Error('the page crashed'));
    return this.cdp.send<T>(method, params, this.#tab);
  }
}

/** What was notified of, which the worker notes from the first time on. */
const NOTIFIED = `(() => {
  if (globalThis.notified) return globalThis.notified;
  globalThis.notified = [];
  const create = chrome.notifications.create;
  chrome.notifications.create = (id, options) => {
    globalThis.notified.push({ title: options.title, message: options.message });
    return create.call(chrome.notifications, id, options);
  };
  return [];
})()`;

interface Evaluated<T> {
  result: { value: T };
  exceptionDetails?: object;
}

async function targets(cdp: Cdp): Promise<Target[]> {
  const { targetInfos } = await cdp.send<{ targetInfos: Target[] }>('Target.getTargets');
  return targetInfos;
}

async function workerOf(cdp: Cdp): Promise<Target | undefined> {
  const all = await targets(cdp);
  return all.find(({ type, url }) => type === 'service_worker' && url.startsWith('chrome-extension://'));
}

/**
 * Closes the tab that an installation opens: a page of the extension keeps the worker alive, and the
 * tab that is tested would lie behind it.
 */
async function closeWelcome(cdp: Cdp): Promise<void> {
  const welcome = await until('the welcome tab', async () =>
    (await targets(cdp)).find(({ url }) => url.endsWith('/welcome/welcome.html')),
  );
  await cdp.send('Target.closeTarget', { targetId: welcome.targetId });
  await until('its end', async () =>
    (await targets(cdp)).every(({ targetId }) => targetId !== welcome.targetId),
  );
}

async function firstPage(cdp: Cdp): Promise<string> {
  const page = await until('a tab', async () => (await targets(cdp)).find(({ type }) => type === 'page'));
  return page.targetId;
}

async function attach(cdp: Cdp, targetId: string): Promise<string> {
  const { sessionId } = await cdp.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  await cdp.send('Page.enable', {}, sessionId);
  await cdp.send('Inspector.enable', {}, sessionId);
  // A page without it takes nothing for seen.
  await cdp.send('Emulation.setFocusEmulationEnabled', { enabled: true }, sessionId);
  return sessionId;
}

export const bareChromium: Kind<BareChromium> = {
  name: 'Chromium',
  launch: (profile) => BareChromium.launch(profile),
};
