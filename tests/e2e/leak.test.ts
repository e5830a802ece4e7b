import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kind, Mortal } from './harness/browser';
import { Mixnet } from './harness/mixnet';
import { proxiedChromium, proxiedFirefox } from './harness/proxied';
import { RecordingProxy } from './harness/proxy';
import { until } from './harness/until';
import { SETTINGS, User } from './harness/user';
import { Wiretap } from './harness/wiretap';
import {
  DECEIVING,
  FILES,
  FOREIGN,
  HOSTILE,
  misplaced,
  NAMES,
  type Piece,
  pieces,
  TOLD,
} from './leak/hostile';

/** A browser, and who it says it contacted, if it says so. */
interface Setup {
  name: string;
  kind: (proxy: RecordingProxy, wiretap: Wiretap) => Kind<Mortal>;
  tells: boolean;
}
const SETUPS: Setup[] = [
  { name: 'Chromium', kind: (proxy, wiretap) => proxiedChromium(proxy, { wiretap }), tells: true },
  { name: 'Firefox', kind: proxiedFirefox, tells: false },
];

for (const { name, kind, tells } of SETUPS)
  describe(`messages full of addresses and markup in ${name}`, () => {
    const wiretap = new Wiretap();
    let proxy: RecordingProxy;
    let mixnet: Mixnet;
    let alice: User<Mortal>;
    let bob: User<Mortal>;

    beforeAll(async () => {
      [proxy, mixnet] = await Promise.all([RecordingProxy.start(), Mixnet.start()]);
      const proxied = kind(proxy, wiretap);
      [alice, bob] = await Promise.all([
        User.start(proxied, mixnet.directory),
        User.start(proxied, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await mixnet?.stop();
      proxy?.stop();
    });

    /** What is on the page and does not read from left to right, though nothing in it says so. */
    const spilled = (user: User) => user.browser.evaluate<string[]>(misplaced);

    test('are shown as text and as nothing else, to both sides', async () => {
      const address = await bob.address();
      await alice.writeLong(address, HOSTILE[0] ?? '');
      await alice.untilSaid(1);
      for (const [said, text] of HOSTILE.slice(1).entries()) {
        await alice.replyLong(text);
        await alice.untilSaid(said + 2);
      }
      await bob.openConversation(await alice.address());
      expect(await bob.untilReceived(HOSTILE.length)).toEqual(HOSTILE);
      for (const user of [alice, bob]) {
        const texts = await user.messages();
        expect(texts.map(({ text }) => text)).toEqual(HOSTILE);
        expect(texts.filter(({ elements }) => elements > 0)).toEqual([]);
      }
    });

    test('do not turn the direction of anything around them', async () => {
      for (const user of [alice, bob]) expect(await spilled(user)).toEqual([]);
      await bob.openList();
      const unread = `Number(document.querySelector('[data-testid="unread"] [aria-hidden]')?.textContent ?? 0)`;
      const before = await bob.browser.evaluate<number>(unread);
      for (const [said, text] of HOSTILE.entries()) {
        await alice.replyLong(text);
        await alice.untilSaid(HOSTILE.length + said + 1);
        await bob.browser.until('it in the list', `${unread} === ${before + said + 1}`);
        expect(await spilled(bob)).toEqual([]);
      }
    });

    /** Expects these texts in such places of the page, in any order, as text and with their direction kept to themselves. */
    async function expectText(user: User, selector: string, ...texts: string[]): Promise<void> {
      const here = `(${pieces(selector)})`;
      const wanted = [...texts].sort();
      await user.browser.until(
        `${texts} in ${selector}`,
        `JSON.stringify(${here}.map(({ text }) => text).sort()) === ${JSON.stringify(JSON.stringify(wanted))}`,
      );
      const found = await user.browser.evaluate<Piece[]>(here);
      expect(found.filter(({ elements, isolated }) => elements > 0 || !isolated)).toEqual([]);
      expect(await spilled(user)).toEqual([]);
    }

    test('and names of correspondents that are the same are text in every place', async () => {
      const id = await bob.address();
      await alice.openConversation(id);
      for (const name of NAMES) {
        await alice.openDetails();
        await alice.rename(name);
        await expectText(alice, '.details-name', name);
        await alice.closeDetails();
        await expectText(alice, '[data-testid="peer"] bdi', name);
        await alice.openList();
        await expectText(alice, `.row[data-id="${id}"] .name bdi`, name);
        await alice.search('A plain message');
        await expectText(alice, '[data-testid="found"] h2 bdi', name);
        await alice.search(name);
        await expectText(alice, `[data-testid="found"] .row[data-id="${id}"] .name bdi`, name);
        await alice.endSearch();
        await alice.openConversation(id);
      }
    });

    test('and names that hide what they are, are refused, also those of a link', async () => {
      const [id, name] = [await bob.address(), NAMES.at(-1) ?? ''];
      await alice.openDetails();
      for (const deceiving of DECEIVING) {
        await alice.rename(deceiving);
        await alice.browser.until(
          'a refusal',
          `document.querySelector('[data-testid="details-error"]').textContent`,
        );
        await expectText(alice, '.details-name', name);
      }
      const link = `sotto:contact?address=${encodeURIComponent(id)}&name=${encodeURIComponent(DECEIVING[0] ?? '')}`;
      await alice.closeDetails();
      await alice.fillRecipient(link);
      await alice.browser.click('[data-testid="add-contact"]');
      expect(await alice.error()).toMatch(/cannot be seen/);
      await alice.browser.paste('[data-testid="contact-name"]', '');
      await alice.openList();
      await expectText(alice, `.row[data-id="${id}"] .name bdi`, name);
    });

    test('and files that are called so, are shown by a name and by nothing else', async () => {
      const offered = '[data-testid="attachment"] bdi';
      await bob.openConversation(await alice.address());
      await alice.openConversation(await bob.address());
      await bob.attach(FILES);
      await expectText(bob, offered, ...FILES.map(({ shown }) => shown[0]));
      await bob.browser.click('button.send');
      const names = FILES.map(({ shown }) => shown[1]);
      for (const user of [alice, bob]) await expectText(user, '[data-testid="file-name"]', ...names);
      // What calls itself a picture is looked at before it is drawn.
      await alice.browser.click('[data-testid="show-picture"]');
      await alice.browser.until('a refusal', `document.querySelector('.no-picture')`);
      await alice.openList();
      await alice.search('fetch(1)');
      await expectText(alice, '[data-testid="found"] .excerpt bdi', '<img src=x onerror=fetch(1)>.html');
      await alice.endSearch();
      await alice.openConversation(await bob.address());
    });

    test('are handed to the system as they are, when it is to tell of them', async () => {
      const [from, name] = [await alice.address(), NAMES[1] ?? ''];
      const directory = mixnet.directory;
      await bob.ask({
        type: 'setSettings',
        settings: { ...SETTINGS, directory, traffic: 'direct', notifications: 'full' },
      });
      await bob.openDetails();
      await bob.rename(name);
      await bob.browser.notified();
      for (const text of TOLD) {
        await bob.openChat();
        await bob.openConversation(from);
        await bob.browser.openNothing();
        const delivered = await alice.delivered();
        await alice.replyLong(text);
        await until('the receipt', async () => (await alice.delivered()) > delivered);
        await bob.openChat();
        const [told] = (await bob.browser.notified()).slice(-1);
        expect(told).toEqual({ title: name, message: [...text].slice(0, 120).join('') });
      }
    });

    test('of an anonymous sender are the same, and so is the answer', async () => {
      const text = HOSTILE.join('\n');
      await alice.writeAnonymously(await bob.address(), 'https://asked.test/');
      await bob.openAnonymous();
      await bob.untilReceived(1);
      await bob.replyLong(text);
      await bob.untilSent('atGateway');
      expect((await bob.messages()).at(-1)?.elements).toBe(0);
      expect(await spilled(bob)).toEqual([]);
    });

    test('make nothing be contacted but the directory and the gateways', async () => {
      for (const user of [alice, bob])
        for (const page of ['settings/settings.html', 'diagnostics/diagnostics.html', 'popup/popup.html?tab'])
          await user.browser.open(page);
      const allowed = new Set(await mixnet.clientsContact());
      const contacted = [...proxy.contacted.keys()];
      expect(contacted.filter((host) => !allowed.has(host) && !isOfChromium(host))).toEqual([]);
      // The directory and a gateway were, so the proxy does hear of both kinds.
      expect(contacted.filter((host) => allowed.has(host)).length).toBeGreaterThan(1);
      if (!tells) return;
      const foreign = [...wiretap.urls].filter((url) => !isOwn(url) && !allowed.has(new URL(url).host));
      expect(foreign).toEqual([]);
      expect([...wiretap.urls].filter((url) => url.startsWith('ws:'))).not.toEqual([]);
    });

    test('would be noticed if they did', async () => {
      // A page may not even ask; but it can be left.
      await bob.browser.evaluate(`void (location.href = ${JSON.stringify(FOREIGN)})`);
      await until('the proxy to notice', async () => proxy.contacted.has(new URL(FOREIGN).host));
      if (tells) expect([...wiretap.urls]).toContain(FOREIGN);
      await bob.openChat();
      await bob.browser.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '<p>\\u202eone <b>two</b></p>')`,
      );
      expect(await spilled(bob)).not.toEqual([]);
    });
  });

/**
 * Google's servers, which Chromium contacts by itself also with everything switched off that can be.
 * That it is not the extension is what Chromium's own account of the network shows.
 */
function isOfChromium(host: string): boolean {
  return /\.(google|googleapis|gstatic|gvt1)\.com(:443)?$/.test(host);
}

/** Files of the extension and of Chromium itself, and what is no address at all. */
function isOwn(url: string): boolean {
  return /^(chrome-extension|chrome|about|data|blob):/.test(url);
}
