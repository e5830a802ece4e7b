import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Browser } from './browser';
import { until } from './until';

/** A page that comes with headers of its own. */
export interface Headed {
  body: string;
  headers: Record<string, string>;
}

/** What a site serves: the files of a folder, or pages by their paths, such as `/` or `/frame.html`. */
export type Content = { folder: string } | Record<string, string | Headed>;

/** The names of this computer that browsers count as secure without TLS. */
export type LocalName = 'localhost' | '127.0.0.1' | '[::1]' | `${string}.localhost`;

const HTML = 'text/html; charset=utf-8';
const TYPES: Record<string, string> = {
  '.html': HTML,
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** A web site on this computer. Each one has a port, and so an origin, of its own. */
export class Site {
  private constructor(
    private readonly servers: Server[],
    readonly port: number,
    private readonly content: Content,
  ) {
    for (const server of servers)
      server.on('request', async (request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://localhost');
        const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
        const body = await this.#read(path, pathname).catch(() => undefined);
        if (body === undefined) response.writeHead(404).end();
        else if (isHeaded(body))
          response.writeHead(200, { 'content-type': HTML, ...body.headers }).end(body.body);
        else response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? HTML }).end(body);
      });
  }

  static async start(content: Content): Promise<Site> {
    const first = await listen('127.0.0.1', 0);
    const { port } = first.address() as AddressInfo;
    // Where there is no IPv6 there is no `[::1]` either.
    const second = await listen('::1', port).catch(() => undefined);
    return new Site(second ? [first, second] : [first], port, content);
  }

  /** One of its origins, which are different sites to a browser. */
  origin(name: LocalName = 'localhost'): string {
    return `http://${name}:${this.port}`;
  }

  /** Adds or replaces a page. */
  set(path: string, body: string | Headed): void {
    if ('folder' in this.content) throw new Error('it serves a folder');
    this.content[path] = body;
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #read(path: string, asked: string): Promise<string | Buffer | Headed | undefined> {
    const { content } = this;
    if (isFolder(content)) return readFile(join(content.folder, normalize(path)));
    return content[asked] ?? content[path];
  }
}

function isFolder(content: Content): content is { folder: string } {
  return typeof content.folder === 'string' && !('/' in content);
}

function isHeaded(body: string | Buffer | Headed): body is Headed {
  return typeof body === 'object' && 'headers' in body;
}

function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** What became of a promise in a page. */
export type Outcome<T = unknown> =
  { value: T } | { error: { name: string; message: string; code?: number; reason?: string } };

/**
 * Runs an expression in the world of the page itself, where `window.nym` is, and waits for what comes of its
 * promise. The page needs no help for that but its `JSON` and `Promise`.
 */
export async function outcome<T>(browser: Browser, expression: string): Promise<Outcome<T>> {
  return untilOutcome(browser, await begin(browser, expression));
}

/** The value of an expression in the world of the page; an error if it was rejected. */
export async function run<T>(browser: Browser, expression: string): Promise<T> {
  const settled = await outcome<T>(browser, expression);
  if ('error' in settled) throw new Error(`${expression}: ${JSON.stringify(settled.error)}`);
  return settled.value;
}

/** Begins the same without waiting: for {@link untilOutcome}. */
export async function begin(browser: Browser, expression: string): Promise<string> {
  const key = `outcome${Math.random().toString(36).slice(2)}`;
  await inPage(
    browser,
    `(async () => (${expression}))().then(
      (value) => ({ value: value === undefined ? null : value }),
      (error) => ({ error: { name: error?.name, message: error?.message ?? String(error), code: error?.code, reason: error?.reason } }),
    ).then((settled) => { (window.outcomes ??= {})[${JSON.stringify(key)}] = JSON.stringify(settled); });`,
  );
  return key;
}

/** Waits for what was begun. */
export async function untilOutcome<T>(browser: Browser, key: string): Promise<Outcome<T>> {
  const settled = await browser.until<string>(
    'the promise in the page to settle',
    `(window.wrappedJSObject ?? window).outcomes?.${key}`,
  );
  return JSON.parse(settled) as Outcome<T>;
}

/** Runs statements in the world of the page itself. In Firefox a test sees that world through a glass. */
export async function inPage(browser: Browser, script: string): Promise<void> {
  await browser.evaluate(`void (window.wrappedJSObject ?? window).eval(${JSON.stringify(script)})`);
}

/** What the address of the window has in it in which the user is asked. */
export const APPROVAL = '/approve/approve.html';

/** Waits for the window in which the user is asked, and makes it current. */
export async function untilAsked(browser: Browser): Promise<void> {
  await until('the question to the user', () => browser.switchToPage(APPROVAL));
}

/** Whether the user is being asked. */
export async function isAsked(browser: Browser): Promise<boolean> {
  return (await browser.addresses()).some((url) => url.includes(APPROVAL));
}

/** Waits for the question, says yes, and goes back to the page that has `back` in its address. */
export function allow(browser: Browser, back: string): Promise<void> {
  return answer(browser, 'allow', back);
}

/** The same with no. */
export function refuse(browser: Browser, back: string): Promise<void> {
  return answer(browser, 'refuse', back);
}

async function answer(browser: Browser, button: 'allow' | 'refuse', back: string): Promise<void> {
  await untilAsked(browser);
  const selector = `[data-testid="${button}"]`;
  // It takes no click that was meant for something else.
  await browser.until('the button', `document.querySelector('${selector}')?.disabled === false`);
  await browser.click(selector);
  await until('the window to close', async () => !(await isAskedFrom(browser, back)));
}

/** Whether the question is still open, asked from the page that it belongs to. */
async function isAskedFrom(browser: Browser, back: string): Promise<boolean> {
  if (!(await browser.switchToPage(back))) throw new Error(`there is no page ${back}`);
  return isAsked(browser);
}
