import type { PromptView, Reply, Request, SiteView } from 'sotto-wasm';
import { expect } from 'vitest';
import type { Browser, Kind } from './browser';
import type { Mixnet } from './mixnet';
import { allow, begin, isAsked, run, Site, untilOutcome } from './site';
import { until } from './until';
import { User } from './user';

/** The page of the extension from which a test asks the background. */
const CHAT = 'popup/popup.html';

/** What the background knows of sites, and asks the user. */
export interface Known {
  sites: SiteView[];
  prompts: PromptView[];
}

/** Makes the page current that has that in its address. */
export async function turnTo(browser: Browser, part: string): Promise<void> {
  if (!(await browser.switchToPage(part))) throw new Error(`there is no page ${part}`);
}

/** Does something in the chat, and goes back to the page that has `back` in its address. */
async function inChat<T>(browser: Browser, back: string, act: () => Promise<T>): Promise<T> {
  await turnTo(browser, CHAT);
  try {
    return await act();
  } finally {
    await turnTo(browser, back);
  }
}

/** Asks the background as a page of the extension does, and waits for the answer. */
export async function ask(browser: Browser, request: Request): Promise<Reply> {
  const key = `answer${Math.random().toString(36).slice(2)}`;
  const message = JSON.stringify(JSON.stringify({ id: 7, request }));
  await browser.evaluate(`((page) => {
    const port = page.chrome.runtime.connect(page.JSON.parse('{"name":"sotto"}'));
    port.onMessage.addListener((message) => {
      if (message.id !== 7) return;
      document.documentElement.dataset.${key} = page.JSON.stringify(message.reply);
      port.disconnect();
    });
    port.postMessage(page.JSON.parse(${message}));
  })(window.wrappedJSObject ?? window)`);
  const reply = await browser.until<string>('the answer', `document.documentElement.dataset.${key}`);
  return JSON.parse(reply) as Reply;
}

/** Asks the same from the chat, and goes back. */
export function askFromChat(browser: Browser, back: string, request: Request): Promise<Reply> {
  return inChat(browser, back, () => ask(browser, request));
}

/** What the background knows of sites, asked from the chat. */
export async function known(browser: Browser, back: string): Promise<Known> {
  const reply = await askFromChat(browser, back, { type: 'sites' });
  if (reply.type !== 'sites') throw new Error(`no sites: ${JSON.stringify(reply)}`);
  const { sites, prompts } = reply;
  return { sites, prompts };
}

/** What a page may not change unless the user says so. */
interface Everything extends Known {
  /** Of the user's own identity. */
  own: string;
  asked: boolean;
}

/** What does not change with the use of what was allowed. */
function grantsOf({ sites, prompts, own, asked }: Everything) {
  return { sites: sites.map(({ origin, permissions }) => ({ origin, permissions })), prompts, own, asked };
}

/** A user with the chat open, a site that they trust in the second tab, and a hostile page in the third. */
export class Stage {
  private constructor(
    readonly user: User,
    readonly trusted: Site,
    readonly hostile: Site,
    /** The address of the trusted site's identity. */
    readonly address: string,
  ) {}

  get browser(): Browser {
    return this.user.browser;
  }

  /** What the addresses of the hostile site have in them. */
  get back(): string {
    return `:${this.hostile.port}/`;
  }

  static async set(kind: Kind, mixnet: Mixnet): Promise<Stage> {
    const user = await User.start(kind, mixnet.directory);
    const trusted = await Site.start({ '/': page('Trusted') });
    const hostile = await Site.start({ '/': page('Hostile') });
    await user.address();
    await user.browser.newTab();
    await user.browser.visit(`${trusted.origin()}/`);
    const address = await trust(user.browser, `:${trusted.port}/`);
    await user.browser.newTab();
    await user.browser.visit(`${hostile.origin()}/`);
    return new Stage(user, trusted, hostile, address);
  }

  /** Shows a page of the hostile site in its tab. */
  async show(path: string, content?: Parameters<Site['set']>[1]): Promise<void> {
    if (content !== undefined) this.hostile.set(path, content);
    await this.browser.visit(`${this.hostile.origin()}${path}`);
  }

  /** All that an attack may not change. */
  async everything(): Promise<Everything> {
    return {
      ...(await known(this.browser, this.back)),
      own: await inChat(this.browser, this.back, () => this.user.address()),
      asked: await isAsked(this.browser),
    };
  }

  /** An attack after which everything is as before, and the trusted site goes on working. */
  async unchanged<T>(attack: () => Promise<T>): Promise<T> {
    const before = await this.everything();
    expect(before).toMatchObject({ asked: false, prompts: [] });
    const result = await attack();
    expect(await this.everything()).toEqual(before);
    expect(await this.trustedAddress()).toBe(this.address);
    return result;
  }

  /** The same where the attack may well use what it was allowed before. */
  async unharmed<T>(attack: () => Promise<T>): Promise<T> {
    const before = grantsOf(await this.everything());
    const result = await attack();
    expect(grantsOf(await this.everything())).toEqual(before);
    expect(await this.trustedAddress()).toBe(this.address);
    return result;
  }

  /** What the trusted site is told of its address. Goes back to the page that has `back` in its address. */
  async trustedAddress(back = this.back): Promise<string> {
    await turnTo(this.browser, `:${this.trusted.port}/`);
    const address = await run<string>(this.browser, 'nym.address()');
    await turnTo(this.browser, back);
    return address;
  }

  async strike(): Promise<void> {
    await Promise.allSettled([this.user.leave(), this.trusted.stop(), this.hostile.stop()]);
  }
}

/** A page with a title, and with what else is to be in its head. */
export function page(title: string, head = '', body = ''): string {
  return `<!doctype html><html><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;
}

/** The current page asks for all permissions, the user says yes, and the site gets an address. */
export async function trust(browser: Browser, back: string): Promise<string> {
  const wanted = await begin(browser, `nym.connect({ permissions: ['send', 'receive', 'reply'] })`);
  await allow(browser, back);
  await untilOutcome(browser, wanted);
  return run<string>(browser, 'nym.address()');
}

/** A site that is known, once it is as expected. */
export function untilSite(
  browser: Browser,
  back: string,
  what: string,
  is: (site: SiteView | undefined) => boolean,
  origin: string,
): Promise<boolean> {
  return until(what, async () => {
    const { sites } = await known(browser, back);
    return is(sites.find((site) => site.origin === origin));
  });
}

/** What became of an event that a script of the page gave out for one of ours. */
export interface Forged {
  /** Whether anybody took it. */
  taken: boolean;
  /** What was answered at once, or in so many milliseconds. */
  answers: { id: number; reply: { type: string; error?: { code: number; reason: string } } }[];
}

/** Dispatches the event by which `window.nym` speaks to the bridge, with a JavaScript expression as its detail. */
export async function forge(browser: Browser, detail: string, type = 'sotto-request'): Promise<Forged> {
  return run(
    browser,
    `(async () => {
      const answers = [];
      const hear = (event) => answers.push(JSON.parse(event.detail));
      document.addEventListener('sotto-answer', hear);
      const event = new CustomEvent(${JSON.stringify(type)}, { detail: ${detail}, cancelable: true });
      const taken = !document.dispatchEvent(event);
      for (let at = 0; taken && answers.length === 0 && at < 100; at++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      document.removeEventListener('sotto-answer', hear);
      return { taken, answers: answers.filter((answer) => 'reply' in answer) };
    })()`,
  );
}
