import { build } from 'esbuild';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM, EXTENSION } from './programs';

const ORIGIN = 'http://preview';

/** A page of the extension, how it is shown, and the state it is shown. */
export interface View {
  page: 'popup' | 'welcome' | 'settings' | 'diagnostics' | 'approve';
  scenario: string;
  /** In a tab, rather than in the window under the toolbar button. */
  tab: boolean;
}

/** The built pages in Chromium, with a fake browser API and a fake background in known states. */
export class Previews {
  private constructor(
    private readonly browser: Browser,
    private readonly scripts: string[],
  ) {}

  /** Every page gets these scripts besides the fakes. */
  static async launch(...scripts: string[]): Promise<Previews> {
    const fakes = await build({
      entryPoints: ['extension/testing/preview.ts'],
      bundle: true,
      write: false,
      format: 'iife',
    });
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args });
    return new Previews(browser, [...fakes.outputFiles.map(({ text }) => text), ...scripts]);
  }

  /** Shows the page to `look`. A script of the page that fails is an error. */
  async show<T>({ page: name, scenario, tab }: View, look: (page: Page) => Promise<T>): Promise<T> {
    const page = await this.#newPage(tab);
    const errors: Error[] = [];
    page.on('pageerror', (error) => void errors.push(error));
    await page.goto(`${ORIGIN}/${name}/${name}.html${tab ? '?tab' : ''}#${scenario}`);
    await page.waitForSelector('[data-ready] main > *:visible');
    const seen = await look(page);
    await page.context().close();
    if (errors[0]) throw errors[0];
    return seen;
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  async #newPage(tab: boolean): Promise<Page> {
    const viewport = tab ? { width: 1000, height: 720 } : { width: 400, height: 600 };
    // A colour that is still changing has no contrast that could be measured.
    const context = await this.browser.newContext({ viewport, reducedMotion: 'reduce' });
    for (const content of this.scripts) await context.addInitScript({ content });
    await context.route(`${ORIGIN}/**`, (route) =>
      route.fulfill({ path: join(EXTENSION, new URL(route.request().url()).pathname) }),
    );
    return context.newPage();
  }
}
