import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Browser, type Key, type Kind, type Notified } from './browser';
import { Marionette } from './marionette';
import { EXTENSION, FIREFOX } from './programs';
import { kill, signalAll } from './processes';
import { until } from './until';

const ID = 'sotto@sotto.invalid';
const UUID = 'b3a1c9d2-5e4f-4a6b-8c7d-0e1f2a3b4c5d';
/** What WebDriver calls keys. */
const KEYS: Record<Key, string> = { Enter: '\uE007', Tab: '\uE004' };
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** How long a page may load, in milliseconds. */
const LOAD_LIMIT = 300_000;

/** How Firefox is started. */
export interface FirefoxOptions {
  /** How long a page may load, in milliseconds. */
  loadLimit?: number;
  /** Besides those that every Firefox gets. */
  preferences?: Record<string, string | number | boolean>;
  /** Besides what this process has. */
  environment?: Record<string, string>;
}

const PREFERENCES: Record<string, string | number | boolean> = {
  // Pages of the extension have a known address.
  'extensions.webextensions.uuids': JSON.stringify({ [ID]: UUID }),
  // An unpacked extension is gone when Firefox closes; what it stored stays, as for an installed one.
  'extensions.webextensions.keepUuidOnUninstall': true,
  'extensions.webextensions.keepStorageOnUninstall': true,
  // Six crashes in half a minute, and Firefox would not start the extension again.
  'extensions.webextensions.crash.threshold': 1_000_000,
  'marionette.port': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
};

/**
 * What was notified of. Without a screen there is no notification that stays, so that from the first
 * time on what would show them only notes them.
 */
const NOTIFIED = `(() => {
  if (window.notified) return window.notified;
  window.notified = [];
  const noting = {
    QueryInterface: ChromeUtils.generateQI(['nsIAlertsService']),
    showAlert: ({ title, text }) => void window.notified.push({ title, message: text }),
    closeAlert() {},
  };
  Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(
    Components.ID('{5d1a4b0e-6f3c-4f0e-9a55-3f0c8a7b1d11}'), '', '@mozilla.org/alerts-service;1',
    { createInstance: (id) => noting.QueryInterface(id) });
  return window.notified;
})()`;

export class Firefox extends Browser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly marionette: Marionette,
    readonly downloads: string,
  ) {
    super();
  }

  static async launch(profile: string, options: FirefoxOptions = {}): Promise<Firefox> {
    const downloads = join(profile, 'downloads');
    const preferences = { ...saveTo(downloads), ...options.preferences };
    await writeFile(join(profile, 'user.js'), userPreferences(preferences));
    const portFile = join(profile, 'MarionetteActivePort');
    await rm(portFile, { force: true });
    const args = [
      '--headless',
      '--marionette',
      '--remote-allow-system-access',
      '--no-remote',
      '--profile',
      profile,
    ];
    const child = spawn(FIREFOX, args, {
      stdio: 'ignore',
      env: { ...process.env, ...options.environment },
    });
    const port = await until('Firefox to start', () =>
      readFile(portFile, 'utf8').then(Number, () => undefined),
    );
    const marionette = await Marionette.connect(port);
    // A field for files may be out of sight, behind the button that opens it.
    await marionette.send('WebDriver:NewSession', { strictFileInteractability: false });
    await marionette.send('WebDriver:SetTimeouts', {
      pageLoad: options.loadLimit ?? LOAD_LIMIT,
    });
    await marionette.send('Addon:Install', { path: EXTENSION, temporary: true });
    await marionette.send('WebDriver:SetWindowRect', { width: 420, height: 720 });
    return new Firefox(child, marionette, downloads);
  }

  async open(path: string): Promise<void> {
    await this.marionette.send('WebDriver:Navigate', { url: `moz-extension://${UUID}/${path}` });
  }

  async openNothing(): Promise<void> {
    await this.marionette.send('WebDriver:Navigate', { url: 'about:blank' });
  }

  async newTab(): Promise<void> {
    const { handle } = await this.marionette.send<{ handle: string }>('WebDriver:NewWindow', { type: 'tab' });
    await this.marionette.send('WebDriver:SwitchToWindow', { handle });
  }

  async switchTo(tab: number): Promise<void> {
    const handle = (await this.marionette.send<string[]>('WebDriver:GetWindowHandles'))[tab];
    await this.marionette.send('WebDriver:SwitchToWindow', { handle });
  }

  async visit(url: string): Promise<void> {
    await this.marionette.send('WebDriver:Navigate', { url });
  }

  async addresses(): Promise<string[]> {
    const current = await this.#current();
    const pages = await this.#pages();
    await this.#switch(current);
    return pages.map(({ url }) => url);
  }

  async switchToPage(part: string): Promise<boolean> {
    const current = await this.#current();
    const page = (await this.#pages()).find(({ url }) => url.includes(part));
    await this.#switch(page?.handle ?? current);
    return page !== undefined;
  }

  async closeTab(): Promise<void> {
    await this.marionette.send('WebDriver:CloseWindow');
  }

  /** The current tab; nothing if it was closed. */
  async #current(): Promise<string | undefined> {
    const current = this.marionette.send<{ value: string }>('WebDriver:GetWindowHandle');
    return current.then(
      ({ value }) => value,
      () => undefined,
    );
  }

  async #switch(handle: string | undefined, focus = true): Promise<void> {
    if (handle) await this.marionette.send('WebDriver:SwitchToWindow', { handle, focus });
  }

  /** All tabs and windows. Makes one of them current. */
  async #pages(): Promise<{ handle: string; url: string }[]> {
    const pages = [];
    for (const handle of await this.marionette.send<string[]>('WebDriver:GetWindowHandles')) {
      const url = await this.#addressOf(handle).catch(unlessGone);
      if (url !== undefined) pages.push({ handle, url });
    }
    return pages;
  }

  async #addressOf(handle: string): Promise<string> {
    await this.#switch(handle, false);
    const { value } = await this.marionette.send<{ value: string }>('WebDriver:GetCurrentURL');
    return value;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const parameters = { script: `return (${expression})`, args: [], sandbox: null };
    const { value } = await this.marionette.send<{ value: T }>('WebDriver:ExecuteScript', parameters);
    return value;
  }

  async click(selector: string): Promise<void> {
    await this.marionette.send('WebDriver:ElementClick', { id: await this.#element(selector) });
  }

  async type(selector: string, text: string): Promise<void> {
    await this.marionette.send('WebDriver:ElementSendKeys', { id: await this.#element(selector), text });
  }

  press(selector: string, key: Key): Promise<void> {
    return this.type(selector, KEYS[key]);
  }

  async screenshot(): Promise<Buffer> {
    const { value } = await this.marionette.send<{ value: string }>('WebDriver:TakeScreenshot', {
      full: false,
    });
    return Buffer.from(value, 'base64');
  }

  async killBackground(): Promise<void> {
    await this.#inBrowser(`WebExtensionPolicy.getByID(${JSON.stringify(ID)}).extension
        .terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true })`);
  }

  async setOnline(online: boolean): Promise<void> {
    await this.#inBrowser(`Services.io.offline = ${!online}`);
  }

  chooseFile(selector: string, path: string): Promise<void> {
    return this.type(selector, path);
  }

  notified(): Promise<Notified[]> {
    return this.#inBrowser(NOTIFIED);
  }

  /** Has Firefox itself, not a page, do something, and gives what comes of it. */
  async #inBrowser<T>(expression: string): Promise<T> {
    await this.marionette.send('Marionette:SetContext', { value: 'chrome' });
    const script = `const [done] = [arguments[arguments.length - 1]];
      Promise.resolve(${expression}).then((value) => done(value ?? null));`;
    const { value } = await this.marionette.send<{ value: T }>('WebDriver:ExecuteAsyncScript', {
      script,
      args: [],
      sandbox: 'system',
    });
    await this.marionette.send('Marionette:SetContext', { value: 'content' });
    return value;
  }

  crashBackground(): Promise<number> {
    return kill(this.child, ({ name }) => name === 'WebExtensions');
  }

  /** The extension's tabs close, and Firefox with the last one. */
  async update(folder: string): Promise<void> {
    await this.newTab();
    await this.marionette.send('Addon:Install', { path: folder, temporary: true });
  }

  sleep(): Promise<void> {
    return signalAll(this.child, 'SIGSTOP');
  }

  wake(): Promise<void> {
    return signalAll(this.child, 'SIGCONT');
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    await this.marionette.send('Marionette:Quit', { flags: ['eForceQuit'] });
    await ended;
  }

  async #element(selector: string): Promise<string> {
    const found = await this.marionette.send<{ value: Record<string, string> }>('WebDriver:FindElement', {
      using: 'css selector',
      value: selector,
    });
    return found.value[ELEMENT] ?? '';
  }
}

function saveTo(folder: string): Record<string, string | number | boolean> {
  return {
    'browser.download.folderList': 2,
    'browser.download.dir': folder,
    'browser.download.useDownloadDir': true,
    'browser.download.alwaysOpenPanel': false,
  };
}

/** A window may close while others are looked at. */
function unlessGone(error: unknown): undefined {
  if (!String(error).includes('no such window')) throw error;
}

function userPreferences(more: FirefoxOptions['preferences'] = {}): string {
  return Object.entries({ ...PREFERENCES, ...more })
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('');
}

/** A Firefox that is crashed again and again: a page that was killed while it loaded never tells of it. */
export const mortalFirefox: Kind<Firefox> = {
  name: 'Firefox',
  launch: (profile) => Firefox.launch(profile, { loadLimit: 3_000 }),
};

export const firefox: Kind<Firefox> = { name: 'Firefox', launch: (profile) => Firefox.launch(profile) };
