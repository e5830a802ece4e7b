import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium as playwright, type Page } from 'playwright-core';
import { Browser, type Key, type Kind } from './browser';
import { CHROMIUM, EXTENSION } from './programs';
import { until } from './until';

/** What every Chromium is started with. */
const ARGUMENTS = [
  // Tests and the demo may run as root, as in a container, where Chromium has no sandbox.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  // Containers often have little shared memory.
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The same, with an extension loaded from that folder. */
export function withExtension(folder: string): string[] {
  return [...ARGUMENTS, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`];
}

/** How Chromium is started. */
export interface ChromiumOptions {
  headless: boolean;
  viewport: { width: number; height: number } | null;
  /** Pixels of a picture for one of the page. */
  deviceScaleFactor?: number;
  extraArguments?: string[];
}

/** The size of the popup. */
export const POPUP_SIZE = { width: 400, height: 600 };

export class Chromium extends Browser {
  private constructor(
    readonly context: BrowserContext,
    public page: Page,
    private readonly base: string,
  ) {
    super();
  }

  static async launch(
    profile: string,
    { headless, extraArguments = [], ...appearance }: ChromiumOptions = {
      headless: true,
      viewport: POPUP_SIZE,
    },
  ): Promise<Chromium> {
    const isNew = !existsSync(join(profile, 'Default'));
    const context = await playwright.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless,
      ...appearance,
      args: [...withExtension(EXTENSION), ...(headless ? ['--disable-gpu'] : []), ...extraArguments],
    });
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    if (isNew) await closeWelcome(context);
    const page = context.pages()[0] ?? (await context.newPage());
    return new Chromium(context, page, new URL('/', worker.url()).href);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.base + path);
  }

  async openNothing(): Promise<void> {
    await this.page.goto('about:blank');
  }

  async newTab(): Promise<void> {
    this.page = await this.context.newPage();
  }

  async switchTo(tab: number): Promise<void> {
    const page = this.context.pages()[tab];
    if (!page) throw new Error(`there is no tab ${tab}`);
    this.page = page;
    await page.bringToFront();
  }

  async visit(url: string): Promise<void> {
    await this.page.goto(url);
  }

  async addresses(): Promise<string[]> {
    return this.context.pages().map((page) => page.url());
  }

  async switchToPage(part: string): Promise<boolean> {
    const page = this.context.pages().find((page) => page.url().includes(part));
    if (!page) return false;
    this.page = page;
    await page.bringToFront();
    return true;
  }

  closeTab(): Promise<void> {
    return this.page.close();
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate<T>(expression);
  }

  click(selector: string): Promise<void> {
    return this.page.click(selector);
  }

  type(selector: string, text: string): Promise<void> {
    return this.page.locator(selector).pressSequentially(text);
  }

  press(selector: string, key: Key): Promise<void> {
    return this.page.press(selector, key);
  }

  screenshot(): Promise<Buffer> {
    return this.page.screenshot();
  }

  async killBackground(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await session.detach();
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/**
 * Closes the tab that an installation opens. It would lie in front of the one that is tested, and
 * a browser draws a page that is behind another only now and then.
 */
async function closeWelcome(context: BrowserContext): Promise<void> {
  const welcome = await until('the welcome tab', async () =>
    context.pages().find((page) => page.url().endsWith('/welcome/welcome.html')),
  );
  await welcome.close();
}

export const chromium: Kind = { name: 'Chromium', launch: (profile) => Chromium.launch(profile) };
