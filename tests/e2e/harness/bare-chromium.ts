import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { Browser, type Key, type Kind } from './browser';
import { Cdp } from './cdp';
import { ARGUMENTS, POPUP_SIZE } from './chromium';
import { CHROMIUM } from './programs';
import { kill } from './processes';
import { until } from './until';

interface Target {
  targetId: string;
  type: string;
  url: string;
}

/** What CDP calls keys. */
const KEYS: Record<Key, object> = {
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
};

/** Chromium with nothing attached to the extension's worker, which therefore lives and dies as with a user. */
export class BareChromium extends Browser {
  #crashed = false;

  private constructor(
    readonly cdp: Cdp,
    private readonly child: ChildProcess,
    private readonly base: string,
    private readonly session: string,
  ) {
    super();
    cdp.listen(({ method, sessionId }) => {
      if (method === 'Inspector.targetCrashed' && sessionId === session) this.#noteCrash();
    });
  }

  #noteCrash(): void {
    this.#crashed = true;
    this.cdp.abandon(this.session);
  }

  static async launch(profile: string, more: string[] = []): Promise<BareChromium> {
    const { width, height } = POPUP_SIZE;
    const child = spawn(
      CHROMIUM,
      [
        ...ARGUMENTS,
        '--headless',
        '--disable-gpu',
        '--remote-debugging-pipe',
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
    const targetId = await firstPage(cdp);
    const session = await attach(cdp, targetId);
    return new BareChromium(cdp, child, new URL('/', worker.url).href, session);
  }

  open(path: string): Promise<void> {
    return this.#navigate(this.base + path);
  }

  openNothing(): Promise<void> {
    return this.#navigate('about:blank');
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

  async click(selector: string): Promise<void> {
    const [x, y] = await this.evaluate<[number, number]>(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: 'nearest' });
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    })()`);
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.#send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
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

  /** Whether the background runs. Looks without attaching to it. */
  async hasBackground(): Promise<boolean> {
    return (await workerOf(this.cdp)) !== undefined;
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    // The answer may be lost with the connection.
    await this.cdp.send('Browser.close').catch(() => undefined);
    await ended;
  }

  async #navigate(url: string): Promise<void> {
    this.#crashed = false;
    const loaded = this.cdp.next('Page.loadEventFired', this.session);
    await Promise.all([this.#send('Page.navigate', { url }), loaded]);
  }

  async #focus(selector: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
  }

  #send<T>(method: string, params: object = {}): Promise<T> {
    if (this.#crashed) return Promise.reject(new Error('the page crashed'));
    return this.cdp.send<T>(method, params, this.session);
  }
}

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
  return sessionId;
}

export const bareChromium: Kind<BareChromium> = {
  name: 'Chromium',
  launch: (profile) => BareChromium.launch(profile),
};
