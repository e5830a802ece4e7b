import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { longText } from './harness/text';
import { User } from './harness/user';

for (const kind of [chromium, firefox])
  describe(`an anonymous conversation in ${kind.name}`, () => {
    let mixnet: Mixnet;
    /** Writes without saying who she is. */
    let alice: User;
    /** Is asked. */
    let bob: User;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      [alice, bob] = await Promise.all([
        User.start(kind, mixnet.directory),
        User.start(kind, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await mixnet?.stop();
    });

    const unread = async (user: User) => (await user.conversations()).map((listed) => listed.unread);

    test('begins with somebody who has no name, can be answered, and stays one conversation', async () => {
      const address = await bob.address();
      await alice.writeAnonymously(address, 'Guess who.');
      await bob.browser.until('an unread message', `document.querySelector('[data-testid="unread"]')`);
      expect(await bob.conversations()).toMatchObject([
        { kind: 'anonymous', name: expect.stringMatching(/^Anonymous ....$/), last: 'Guess who.', unread: 1 },
      ]);
      await bob.openAnonymous();
      expect(await bob.untilReceived(1)).toEqual(['Guess who.']);
      expect(await bob.replyBlocks()).toBe(20);
      await bob.reply('Alice?');
      await bob.untilSent('atGateway');
      expect(await alice.untilReceived(1)).toEqual(['Alice?']);
      expect(await alice.conversations()).toMatchObject([{ id: address, kind: 'address', last: 'Alice?' }]);
      await alice.writeAnonymously(address, 'Warm.');
      expect(await bob.untilReceived(2)).toEqual(['Guess who.', 'Warm.']);
      expect(await alice.messages()).toMatchObject([
        { text: 'Guess who.' },
        { text: 'Alice?' },
        { text: 'Warm.' },
      ]);
    });

    test('what was read stays read, and what was not stays unread, though the background is killed', async () => {
      await bob.browser.until('nothing unread', `!document.querySelector('[data-testid="unread"]')`);
      await bob.openList();
      await bob.browser.killBackground();
      await alice.writeAnonymously(await bob.address(), 'Are you there?');
      await alice.untilSent('atGateway');
      await bob.browser.until('an unread message', `document.querySelector('[data-testid="unread"]')`);
      expect(await unread(bob)).toEqual([1]);
      expect(await bob.browser.evaluate<string>(`chrome.action.getBadgeText({})`)).toBe('1');
      await bob.browser.killBackground();
      await bob.openChat();
      await bob.online();
      expect(await unread(bob)).toEqual([1]);
      await bob.openAnonymous();
      await bob.browser.until('nothing unread', `!document.querySelector('[data-testid="unread"]')`);
      expect(await bob.browser.evaluate<string>(`chrome.action.getBadgeText({})`)).toBe('');
    });

    test('an answer that waits for reply blocks says so, and survives the end of the background', async () => {
      const [address, text] = [await bob.address(), longText(200_000)];
      const seen = (await alice.received()).length;
      await alice.quit();
      await bob.openAnonymous();
      await bob.replyLong(text);
      await bob.untilSent('waitingForReplyBlocks');
      expect((await bob.messages()).at(-1)?.label).toMatch(/waits for reply blocks/);
      await bob.browser.killBackground();
      await bob.openChat();
      await bob.openAnonymous();
      await bob.online();
      await bob.untilSent('waitingForReplyBlocks');
      await alice.comeBack();
      await bob.untilSent('atGateway');
      await alice.openConversation(address);
      await alice.untilReceived(seen + 1);
      expect(await alice.lastLongInFull()).toBe(text);
      // Whatever was sent twice would be shown before this.
      await bob.reply('That was all.');
      expect((await alice.untilReceived(seen + 2)).slice(seen + 1)).toEqual(['That was all.']);
    });
  });
