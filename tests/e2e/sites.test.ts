import bs58 from 'bs58';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message, Status } from '../../packages/client/src/types';
import type { Browser } from './harness/browser';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { inPage, isAsked, outcome, run, Site } from './harness/site';
import { askFromChat, known, page, trust, turnTo, untilSite } from './harness/stage';
import { until } from './harness/until';
import { User } from './harness/user';

const ALL = ['send', 'receive', 'reply'];
const CONNECT = `nym.connect({ permissions: ${JSON.stringify(ALL)} })`;
/** Notes what the page is told. Bytes as a list of numbers with a mark. */
const LISTEN = `
  window.heard = [], window.told = [];
  nym.on('message', (message) => heard.push({
    ...message,
    data: message.data instanceof Uint8Array ? { bytes: Array.from(message.data) } : message.data,
  }));
  for (const event of ['status', 'connection', 'permissions'])
    nym.on(event, (detail) => told.push({ event, detail }));
`;
/** A message as a page noted it. */
type Heard = Omit<Message, 'receivedAt'> & { receivedAt: string };

/** What a test sends, as an expression, and what has to arrive. */
const DATA: [send: string, arrives: unknown][] = [
  [`'Grüße 🐢\\n\\u0000 <b>'`, 'Grüße 🐢\n\u0000 <b>'],
  [`''`, ''],
  [`'{"looks":"like JSON"}'`, '{"looks":"like JSON"}'],
  [
    `({ a: [1, -0.5, null, true, 'x'], 'ü': { '__proto__x': '' } })`,
    { a: [1, -0.5, null, true, 'x'], ü: { __proto__x: '' } },
  ],
  [`[[], {}]`, [[], {}]],
  [`7`, 7],
  [`null`, null],
  [`new Uint8Array([0, 255, 128, 10])`, { bytes: [0, 255, 128, 10] }],
  [`new ArrayBuffer(3)`, { bytes: [0, 0, 0] }],
  [`new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)`, { bytes: [2, 3] }],
];

/** The bytes of a key of an address, in hexadecimal. */
function key(base58: string): string {
  return Buffer.from(bs58.decode(base58)).toString('hex');
}

/** Whether two keys have so many bytes in a row in common, wherever. */
function shareBytes(one: string, other: string, count: number): boolean {
  for (let at = 0; at + 2 * count <= one.length; at += 2)
    for (let to = 0; to + 2 * count <= other.length; to += 2)
      if (one.slice(at, at + 2 * count) === other.slice(to, to + 2 * count)) return true;
  return false;
}

/** A user, and the pages of two sites that they have open: the chat, and one tab for each site. */
class Visitor {
  private constructor(
    readonly user: User,
    readonly origins: [string, string],
    readonly addresses: [string, string],
    readonly own: string,
  ) {}

  static async come(kind: typeof chromium, mixnet: Mixnet, site: Site): Promise<Visitor> {
    const user = await User.start(kind, mixnet.directory);
    const own = await user.address();
    const origins: [string, string] = [site.origin('first.localhost'), site.origin('second.localhost')];
    const addresses: string[] = [];
    for (const origin of origins) {
      await user.browser.newTab();
      await user.browser.visit(`${origin}/`);
      await inPage(user.browser, LISTEN);
      addresses.push(await trust(user.browser, `${origin}/`));
    }
    return new Visitor(user, origins, addresses as [string, string], own);
  }

  get browser(): Browser {
    return this.user.browser;
  }

  /** Turns to the page of a site. */
  async at(site: 0 | 1): Promise<Browser> {
    await turnTo(this.browser, `${this.origins[site]}/`);
    return this.browser;
  }

  /** What the page of a site has heard, once that has so many messages. */
  async hears(site: 0 | 1, count: number): Promise<Heard[]> {
    const browser = await this.at(site);
    await browser.until(`${count} messages`, `(window.wrappedJSObject ?? window).heard?.length >= ${count}`);
    return run<Heard[]>(browser, 'heard.splice(0)');
  }

  /** Sends from the page of a site, and waits until it is at the gateway. */
  async sends(site: 0 | 1, to: string, data: string, options = '{}'): Promise<Status> {
    const browser = await this.at(site);
    const call = `nym.send(${JSON.stringify(to)}, ${data}, ${options}).then((sending) => sending.done)`;
    return run<Status>(browser, call);
  }
}

for (const kind of [chromium, firefox])
  describe(`sites in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let site: Site;
    let alice: Visitor;
    let bob: Visitor;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      site = await Site.start({ '/': page('Site') });
      alice = await Visitor.come(kind, mixnet, site);
      bob = await Visitor.come(chromium, mixnet, site);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.user.leave(), bob?.user.leave()]);
      await Promise.allSettled([site?.stop(), mixnet?.stop()]);
    });

    test('two sites and the user are three who cannot be told to belong together', async () => {
      const addresses = [alice.own, ...alice.addresses, bob.own, ...bob.addresses];
      const keys = addresses.map((address) => address.split('@')[0]!.split('.').map(key)).flat();
      expect(new Set(keys).size).toBe(12);
      keys.forEach((one, at) => {
        for (const other of keys.slice(at + 1)) expect(shareBytes(one, other, 5)).toBe(false);
      });
      const [own, ...sites] = [alice.own, ...alice.addresses].map((address) => address.split('@')[1]);
      expect(sites).not.toContain(own);
    });

    test('a page is told nothing that another page or the user goes by', async () => {
      for (const one of [0, 1] as const) {
        const told = JSON.stringify(await run(await alice.at(one), 'told'));
        const others = [alice.own, alice.addresses[1 - one]!, alice.origins[1 - one]!];
        for (const other of others)
          for (const part of other.split(/[.@]/).slice(0, 2)) expect(told).not.toContain(part);
      }
    });

    test('each has a registration of its own at a gateway, with a key of its own', async () => {
      const gateways = await mixnet.registrations();
      const addresses = [alice.own, ...alice.addresses];
      const rows = addresses.map((address) => {
        const client = key(address.split('.')[0]!);
        const places = gateways.flatMap((clients, gateway) =>
          clients.filter((one) => one.client === client).map(({ sharedKey }) => ({ gateway, sharedKey })),
        );
        expect(places, address).toHaveLength(1);
        return places[0]!;
      });
      expect(new Set(rows.map(({ sharedKey }) => sharedKey)).size).toBe(3);
      expect(rows.slice(1).map(({ gateway }) => gateway)).not.toContain(rows[0]!.gateway);
    });

    test('text, JSON and bytes arrive as what was sent, signed by the site that sent them', async () => {
      for (const [data] of DATA) await alice.sends(0, bob.addresses[1], data, '{ anonymous: false }');
      const heard = await bob.hears(1, DATA.length);
      expect(heard).toHaveLength(DATA.length);
      for (const [, data] of DATA) expect(heard.map((message) => message.data)).toContainEqual(data);
      for (const message of heard)
        expect(message).toMatchObject({ from: alice.addresses[0], signed: true, tag: null });
    });

    test('who writes anonymously is answered, and known by nothing but a tag', async () => {
      await alice.sends(1, bob.addresses[0], '({ question: "Who am I?" })');
      const [question] = await bob.hears(0, 1);
      expect(question).toMatchObject({ data: { question: 'Who am I?' }, from: null, signed: false });
      const browser = await bob.at(0);
      await run(
        browser,
        `nym.reply(${JSON.stringify(question!.tag)}, new Uint8Array([42])).then((sending) => sending.done)`,
      );
      const [answer] = await alice.hears(1, 1);
      expect(answer).toMatchObject({
        data: { bytes: [42] },
        from: bob.addresses[0],
        signed: false,
        tag: null,
      });
    });

    test('a site of the same user is written to as any other', async () => {
      await alice.sends(0, alice.addresses[1], `'across'`);
      expect(await alice.hears(1, 1)).toMatchObject([{ data: 'across', from: null }]);
    });

    test('a message gets on from the disk to the gateway, and says so in that order', async () => {
      const states = await run<string[]>(
        await alice.at(0),
        `(async () => {
          const sending = await nym.send(${JSON.stringify(bob.addresses[1])}, 'x'.repeat(20000));
          const states = [];
          sending.on('status', ({ id, state }) => id === sending.id && states.push(state));
          const done = await sending.done;
          return [...states, done.state, sending.status.state];
        })()`,
      );
      const order = ['queued', 'sending', 'sent', 'atGateway'];
      const places = states.map((state) => order.indexOf(state));
      expect(places).not.toContain(-1);
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(states.slice(-2)).toEqual(['atGateway', 'atGateway']);
      expect((await bob.hears(1, 1)).map(({ data }) => data)).toEqual(['x'.repeat(20_000)]);
    });

    test('a tab whose site uses the mixnet has a dot on the button of the extension, and no other', async () => {
      await turnTo(alice.browser, 'popup/popup.html');
      expect((await badges(alice.browser)).toSorted()).toEqual(['', '•', '•']);
      await run(await alice.at(0), 'nym.disconnect()');
      await turnTo(alice.browser, 'popup/popup.html');
      await until('one dot less', async () => (await badges(alice.browser)).filter(Boolean).length === 1);
      await run(await alice.at(0), CONNECT);
    });

    test('what came for a closed site is told when it is open again, without a question', async () => {
      const browser = await bob.at(1);
      await browser.visit('about:blank');
      await turnTo(browser, 'popup/popup.html');
      await untilSite(
        browser,
        'popup/popup.html',
        'the site to leave',
        (site) => site?.connected === false,
        bob.origins[1],
      );
      expect(await alice.sends(0, bob.addresses[1], `'while you were out'`)).toMatchObject({
        state: 'atGateway',
      });
      await turnTo(browser, 'about:blank');
      await browser.visit(`${bob.origins[1]}/`);
      await inPage(browser, LISTEN);
      expect(await run(browser, CONNECT)).toEqual(ALL);
      expect(await isAsked(browser)).toBe(false);
      expect((await bob.hears(1, 1)).map(({ data }) => data)).toEqual(['while you were out']);
      expect(await run(browser, 'nym.address()')).toBe(bob.addresses[1]);
    });

    test('what was revoked cannot be done any more, and only at that site', async () => {
      const [origin] = alice.origins;
      const browser = await alice.at(0);
      await askFromChat(browser, `${origin}/`, {
        type: 'setSitePermissions',
        origin,
        permissions: ['receive'],
      });
      const told = () =>
        run(browser, `told.filter(({ event }) => event === 'permissions').at(-1)?.detail ?? null`);
      await until('the page to be told', async () => String(await told()) === 'receive');
      const hi = `nym.send(${JSON.stringify(bob.addresses[0])}, 'hi')`;
      const refused = { error: { name: 'NymError', code: 4100, reason: 'site.unauthorised' } };
      expect(await outcome(browser, hi)).toMatchObject(refused);
      expect(await run(browser, 'nym.address()')).toBe(alice.addresses[0]);
      await askFromChat(browser, `${origin}/`, { type: 'setSitePermissions', origin, permissions: [] });
      await until(
        'no permission to be left',
        async () => (await run<string[]>(browser, 'nym.permissions()')).length === 0,
      );
      expect(await outcome(browser, 'nym.address()')).toMatchObject(refused);
      expect(await isAsked(browser)).toBe(false);
      expect(await run(await alice.at(1), 'nym.permissions()')).toEqual(ALL);
      await alice.sends(1, bob.addresses[0], `'still here'`);
      expect((await bob.hears(0, 1)).map(({ data }) => data)).toEqual(['still here']);
    });

    test('a site that is forgotten is unknown to its gateway, and begins again as somebody else', async () => {
      const origin = alice.origins[1];
      const before = key(alice.addresses[1].split('.')[0]!);
      const isRegistered = async () =>
        (await mixnet.registrations()).flat().some(({ client }) => client === before);
      expect(await isRegistered()).toBe(true);
      const browser = await alice.at(1);
      await askFromChat(browser, `${origin}/`, { type: 'forgetSite', origin });
      await until('the gateway to forget it', async () => !(await isRegistered()));
      expect((await known(browser, `${origin}/`)).sites.map(({ origin }) => origin)).not.toContain(origin);
      expect(await run(browser, 'nym.permissions()')).toEqual([]);
      const address = await trust(browser, `${origin}/`);
      expect(address.split('.')[0]).not.toBe(alice.addresses[1].split('.')[0]);
      expect(shareBytes(key(address.split('.')[0]!), before, 5)).toBe(false);
      await bob.sends(0, address, `'Nice to meet you.'`);
      expect((await alice.hears(1, 1)).map(({ data }) => data)).toEqual(['Nice to meet you.']);
    });
  });

/** What the button of the extension shows in each tab. Asked from a page of the extension. */
async function badges(browser: Browser): Promise<string[]> {
  const texts = `badges${Math.random().toString(36).slice(2)}`;
  await browser.evaluate(`((page) => {
    page.chrome.tabs.query(page.JSON.parse('{}'), (tabs) => {
      const found = [];
      for (let at = 0; at < tabs.length; at++)
        page.chrome.action.getBadgeText(page.JSON.parse('{"tabId":' + tabs[at].id + '}'), (text) => {
          found.push(text);
          if (found.length === tabs.length) document.documentElement.dataset.${texts} = JSON.stringify(found);
        });
    });
  })(window.wrappedJSObject ?? window)`);
  return JSON.parse(
    await browser.until<string>('the badges', `document.documentElement.dataset.${texts}`),
  ) as string[];
}
