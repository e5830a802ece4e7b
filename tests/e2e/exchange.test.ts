import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kind } from './harness/browser';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { longText } from './harness/text';
import { User } from './harness/user';

const PAIRS = [pair(chromium, chromium), pair(firefox, firefox), pair(chromium, firefox)];

function pair(first: Kind, second: Kind) {
  return { first, second, name: `${first.name} and ${second.name}` };
}

for (const { first, second, name } of PAIRS)
  describe(name, () => {
    let mixnet: Mixnet;
    let alice: User;
    let bob: User;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      [alice, bob] = await Promise.all([
        User.start(first, mixnet.directory),
        User.start(second, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await mixnet?.stop();
    });

    test('exchange messages both ways, by typing into the popup', async () => {
      await alice.write(await bob.address(), 'Hello Bob, it is Alice.');
      await alice.untilSent('atGateway');
      await bob.openConversation(await alice.address());
      expect(await bob.untilReceived(1)).toEqual(['Hello Bob, it is Alice.']);
      await bob.write(await alice.address(), 'Hello <b>Alice</b> 🐢');
      await bob.untilSent('atGateway');
      await alice.openConversation(await bob.address());
      expect(await alice.untilReceived(1)).toEqual(['Hello <b>Alice</b> 🐢']);
    });

    test('a closed browser gets what was stored for it when it opens again, with the same identity', async () => {
      await bob.openConversation(await alice.address());
      const [before, seen] = [await bob.address(), (await bob.received()).length];
      await bob.quit();
      await alice.write(before, 'While you were away.');
      await alice.untilSent('atGateway');
      await bob.comeBack();
      expect(await bob.address()).toBe(before);
      await bob.openConversation(await alice.address());
      expect((await bob.untilReceived(seen + 1)).slice(seen)).toEqual(['While you were away.']);
    });

    test('a message survives the end of the background in mid-send, and arrives once', async () => {
      await bob.openConversation(await alice.address());
      const seen = (await bob.received()).length;
      const [address, text] = [await bob.address(), longText(1_000_000)];
      await alice.writeLong(address, text);
      await alice.untilInMidSend();
      await alice.browser.killBackground();
      await alice.untilSent('atGateway');
      await bob.untilReceived(seen + 1);
      // Whatever was sent twice would be shown before this.
      await alice.write(address, 'That was all.');
      const received = (await bob.untilReceived(seen + 2)).slice(seen);
      expect(received.map((shown) => shown.slice(0, 20))).toEqual([text.slice(0, 20), 'That was all.']);
      expect(await bob.lastLongInFull()).toBe(text);
    });
  });
