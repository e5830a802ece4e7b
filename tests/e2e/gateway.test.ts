import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { User } from './harness/user';

for (const kind of [chromium, firefox])
  describe(`in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let alice: User;
    let bob: User;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      [alice, bob] = await Promise.all([
        User.start(kind, mixnet.directory),
        User.start(chromium, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await mixnet?.stop();
    });

    test('who moves to another gateway is reached at the new address and at the old one', async () => {
      const before = await alice.address();
      await alice.moveGateway();
      await alice.openChat();
      const after = await alice.address();
      expect(after.split('@')[0]).toBe(before.split('@')[0]);
      expect(after.split('@')[1]).not.toBe(before.split('@')[1]);
      await bob.write(before, 'To the old address.');
      await bob.untilSent('atGateway');
      await alice.openConversation(await bob.address());
      expect(await alice.untilReceived(1)).toEqual(['To the old address.']);
      await bob.write(after, 'To the new one.');
      await bob.untilSent('atGateway');
      expect(await alice.untilReceived(2)).toEqual(['To the old address.', 'To the new one.']);
    });

    test('a background that ends afterwards comes back with the new address and hears both', async () => {
      await alice.openChat();
      const address = await alice.address();
      await alice.browser.killBackground();
      expect(await alice.address()).toBe(address);
      await bob.write(address, 'Still there?');
      await alice.openConversation(await bob.address());
      expect((await alice.untilReceived(3)).at(-1)).toBe('Still there?');
    });
  });
