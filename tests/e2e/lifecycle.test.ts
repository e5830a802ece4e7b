import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BareChromium, bareChromium } from './harness/bare-chromium';
import type { Kind, Mortal } from './harness/browser';
import { chromium } from './harness/chromium';
import { Scratch } from './harness/cleanup';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { EXTENSION } from './harness/programs';
import { longText } from './harness/text';
import { until } from './harness/until';
import { User } from './harness/user';

const KINDS: Kind<Mortal>[] = [bareChromium, firefox];

for (const kind of KINDS)
  describe(`in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let alice: User<Mortal>;
    let bob: User;
    /** A copy of the extension, which an update may replace. */
    let folder: Scratch;

    beforeAll(async () => {
      [mixnet, folder] = await Promise.all([Mixnet.start(), Scratch.create()]);
      await cp(EXTENSION, folder.path, { recursive: true });
      const own = kind === bareChromium ? updatable(folder.path) : kind;
      [alice, bob] = await Promise.all([
        User.start(own, mixnet.directory),
        User.start(chromium, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await Promise.allSettled([mixnet?.stop(), folder?.dispose()]);
    });

    /** What each of the tabs shows. */
    async function inEveryTab<T>(look: () => Promise<T>): Promise<T[]> {
      const seen: T[] = [];
      for (const tab of TABS.keys()) {
        await alice.browser.switchTo(tab);
        seen.push(await look());
      }
      return seen;
    }

    test('all pages that are open at once show the same, and keep each draft', async () => {
      const [own, address] = [await alice.address(), await bob.address()];
      for (const [tab, page] of TABS.entries()) {
        if (tab > 0) await alice.browser.newTab();
        await alice.browser.open(page);
        await alice.online();
      }
      await bob.write(own, 'Do all of you see this?');
      const unread = `document.querySelector('[data-testid="unread"] [aria-hidden]')?.textContent === '1'`;
      await inEveryTab(() => alice.browser.until('an unread message', unread));
      await alice.openConversation(await bob.address());
      const nothing = `!document.querySelector('[data-testid="unread"]')`;
      await inEveryTab(() => alice.browser.until('nothing unread', nothing));

      await alice.browser.switchTo(0);
      await alice.write(address, 'From the first.');
      await inEveryTab(async () => {
        await alice.openConversation(address);
        await alice.untilSaid(1);
      });
      // What is being written in one is not touched when another one sends.
      await alice.browser.switchTo(1);
      await alice.browser.type('[data-testid="message-text"]', 'Not sent yet');
      await alice.browser.switchTo(2);
      await alice.reply('From the third.');
      const shown = await inEveryTab(async () => {
        await alice.untilSaid(2);
        return (await alice.messages()).map(({ text }) => text);
      });
      expect(shown).toEqual(
        TABS.map(() => ['Do all of you see this?', 'From the first.', 'From the third.']),
      );
      await alice.browser.switchTo(1);
      expect(await alice.draft()).toBe('Not sent yet');
      await bob.openConversation(await alice.address());
      expect(await bob.untilReceived(2)).toEqual(['From the first.', 'From the third.']);
      await alice.browser.switchTo(0);
    });

    test('a computer that sleeps while its gateway restarts is connected again by itself', async () => {
      await alice.openChat();
      await alice.online();
      const [own, before] = [await alice.address(), await mixnet.gatewayCounts()];
      await alice.browser.sleep();
      try {
        await mixnet.trouble(`nodes/${await mixnet.gatewayOf(own)}/restart`);
        await pause(3_000);
      } finally {
        await alice.browser.wake();
      }
      await bob.write(own, 'Good morning.');
      await alice.openConversation(await bob.address());
      expect((await alice.untilReceived(2)).at(-1)).toBe('Good morning.');
      expect((await mixnet.gatewayCounts()).sessions).toBeGreaterThan(before.sessions);
    });

    test('a network that is gone for a while is used again when it is back', async () => {
      await alice.openChat();
      const gateway = await mixnet.gatewayOf(await alice.address());
      await mixnet.trouble(`nodes/${gateway}/stop`);
      expect(await alice.problem()).toMatch(/gateway/i);
      await mixnet.trouble(`nodes/${gateway}/start`);
      await alice.online();
    });

    test('a computer that is on another network connects anew at once, and goes on where it was', async () => {
      await alice.openChat();
      await alice.online();
      const { sessions } = await mixnet.gatewayCounts();
      await alice.browser.setOnline(false);
      await alice.browser.setOnline(true);
      await until('another connection', async () => (await mixnet.gatewayCounts()).sessions > sessions);
      await alice.openConversation(await bob.address());
      const known = (await alice.received()).length;
      await bob.write(await alice.address(), 'From another place?');
      expect((await alice.untilReceived(known + 1)).at(-1)).toBe('From another place?');
    });

    test('an update of the extension in mid-send loses nothing and sends nothing twice', async () => {
      const [text, address] = [longText(1_000_000), await bob.address()];
      await bob.openConversation(await alice.address());
      const known = (await bob.received()).length;
      await alice.writeLong(address, text);
      await alice.untilInMidSend();
      const newer = await updated(await alice.browser.evaluate(VERSION));
      await alice.browser.update(newer.path);
      await alice.openChat();
      await alice.browser.until('the new version', `${VERSION} === ${JSON.stringify(NEWER)}`);
      await bob.untilReceived(known + 1);
      await alice.write(address, 'That was all.');
      expect((await bob.untilReceived(known + 2)).at(-1)).toBe('That was all.');
      expect(await bob.received()).toHaveLength(known + 2);
      expect(await bob.lastLongInFull()).toBe(text);
      await newer.dispose();
    });
  });

/** The popup, and the same page in two more places. */
const TABS = ['popup/popup.html', 'popup/popup.html?tab', 'popup/popup.html?tab'];

const NEWER = '99.0.0';
const VERSION = `chrome.runtime?.getManifest().version`;

/** A Chromium with an extension of its own. */
function updatable(folder: string): Kind<BareChromium> {
  return { ...bareChromium, launch: (profile) => BareChromium.launch(profile, { folder }) };
}

/** The extension as a newer version. */
async function updated(old: string): Promise<Scratch> {
  const folder = await Scratch.create();
  await cp(EXTENSION, folder.path, { recursive: true });
  const manifest = join(folder.path, 'manifest.json');
  const text = await readFile(manifest, 'utf8');
  await writeFile(manifest, text.replace(`"version": "${old}"`, `"version": "${NEWER}"`));
  return folder;
}
