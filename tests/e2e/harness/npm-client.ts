import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import bs58 from 'bs58';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from './programs';
import { until } from './until';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('@nymproject/nym-client-wasm'));
const PAGE = 'npm-client.html';
const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
};

/** A message as the official client got it. */
export interface Received {
  text: string;
  /** Whom an answer goes to, if the sender is anonymous: base58. */
  tag: string | null;
}

/** What the page keeps, see npm-client.html. */
interface Kept {
  client: {
    selfAddress(): string;
    send_regular_message(message: Uint8Array, to: string): Promise<void>;
    send_anonymous_message(message: Uint8Array, to: string, surbs: number): Promise<void>;
    send_reply(message: Uint8Array, tag: string): Promise<void>;
  };
  received: { text: string; tag: number[] | null }[];
}
declare global {
  var start: (directory: string) => Promise<void>;
  var kept: Kept;
}

/** The official client of npm, in a page of its own. */
export class NpmClient {
  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
    private readonly page: Page,
  ) {}

  /** Registers a new client with a gateway of that directory. */
  static async start(directory: string): Promise<NpmClient> {
    const server = await serve();
    const noSandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', ...noSandbox],
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.evaluate((directory) => globalThis.start(directory), directory);
    return new NpmClient(browser, server, page);
  }

  address(): Promise<string> {
    return this.page.evaluate(() => globalThis.kept.client.selfAddress());
  }

  async send(to: string, text: string): Promise<void> {
    await this.page.evaluate(
      ([to, text]) => globalThis.kept.client.send_regular_message(new TextEncoder().encode(text), to),
      [to, text] as const,
    );
  }

  async sendAnonymously(to: string, text: string, surbs: number): Promise<void> {
    await this.page.evaluate(
      ([to, text, surbs]) =>
        globalThis.kept.client.send_anonymous_message(new TextEncoder().encode(text), to, surbs),
      [to, text, surbs] as const,
    );
  }

  async reply(tag: string, text: string): Promise<void> {
    await this.page.evaluate(
      ([tag, text]) => globalThis.kept.client.send_reply(new TextEncoder().encode(text), tag),
      [tag, text] as const,
    );
  }

  async received(): Promise<Received[]> {
    const received = await this.page.evaluate(() => globalThis.kept.received);
    return received.map(({ text, tag }) => ({ text, tag: tag && bs58.encode(Uint8Array.from(tag)) }));
  }

  untilReceived(count: number): Promise<Received[]> {
    return until(`${count} messages at the official client`, async () => {
      const received = await this.received();
      return received.length >= count && received;
    });
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.close();
  }
}

/** Serves the page and the files of the package. */
function serve(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const name = (request.url ?? '/').slice(1) || PAGE;
    const type = TYPES[name.split('.').at(-1) ?? ''];
    if (!type || name.includes('/')) {
      response.writeHead(404).end();
      return;
    }
    const folder = name === PAGE ? import.meta.dirname : PACKAGE;
    response.setHeader('content-type', type).end(await readFile(join(folder, name)));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
