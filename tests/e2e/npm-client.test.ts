import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { NpmClient } from './harness/npm-client';
import { Sotto } from './harness/sotto';
import { User } from './harness/user';

describe('the official client of npm', () => {
  let mixnet: Mixnet;
  let official: NpmClient;

  beforeAll(async () => {
    mixnet = await Mixnet.start(0, ['--loopback', 'mixed', '--rotation-epochs', '2']);
    official = await NpmClient.start(mixnet.directory);
  });
  afterAll(async () => {
    await official?.stop();
    await mixnet?.stop();
  });

  /** What it gets while `action` happens. */
  async function gets(count: number, action: () => Promise<unknown>) {
    const before = (await official.received()).length;
    await action();
    return (await official.untilReceived(before + count)).slice(before);
  }

  test('registers with a gateway of ours and sends to itself', async () => {
    const own = await official.address();
    expect(await gets(1, () => official.send(own, 'Note to self 🐢'))).toEqual([
      { text: 'Note to self 🐢', tag: null },
    ]);
  });

  test('is answered by Sotto through its reply blocks, with more than they carry', async () => {
    const sotto = await Sotto.create(mixnet.directory);
    const echo = sotto.start('echo');
    try {
      const { address } = await echo.until('address');
      const text = 'Who am I? '.repeat(2000);
      expect(await gets(1, () => official.sendAnonymously(address!, text, 5))).toEqual([{ text, tag: null }]);
    } finally {
      await echo.stop();
      await sotto.dispose();
    }
  });

  test('answers Sotto through the reply blocks of Sotto', async () => {
    const sotto = await Sotto.create(mixnet.directory);
    try {
      const own = await official.address();
      const [question] = await gets(1, () => sotto.run('send', '--anonymous', own, 'Who am I?'));
      expect(question!.text).toBe('Who am I?');
      await official.reply(question!.tag!, 'Nobody I know.');
      const lines = await sotto.run('listen', '--count', '1');
      expect(lines.find(({ event }) => event === 'message')?.text).toBe('Nobody I know.');
    } finally {
      await sotto.dispose();
    }
  });

  for (const kind of [chromium, firefox])
    test(`exchanges messages and answers through reply blocks with the extension in ${kind.name}`, async () => {
      const alice = await User.start(kind, mixnet.directory);
      try {
        const [own, address] = [await official.address(), await alice.address()];
        // A question of the official client, answered in the popup.
        await official.sendAnonymously(address, 'Who am I?', 20);
        await alice.openAnonymous();
        expect(await alice.untilReceived(1)).toEqual(['Who am I?']);
        expect(await gets(1, () => alice.reply('Somebody polite.'))).toEqual([
          { text: 'Somebody polite.', tag: null },
        ]);
        await alice.addPlainContact(own);
        // A question from the popup, answered by the official client.
        const [question] = await gets(1, () => alice.writeAnonymously(own, 'And who am I?'));
        expect(question!.text).toBe('And who am I?');
        await official.reply(question!.tag!, 'Nobody I know.');
        await alice.openConversation(own);
        expect(await alice.untilReceived(1)).toEqual(['Nobody I know.']);
        await alice.untilSent('atGateway');
        // And without anonymity.
        expect(await gets(1, () => alice.write(own, 'It is Alice.'))).toEqual([
          { text: 'It is Alice.', tag: null },
        ]);
      } finally {
        await alice.leave();
      }
    });

  test('goes on after the nodes have changed their keys', async () => {
    const own = await official.address();
    for (const epochs of [1, 1, 1, 4]) {
      await mixnet.trouble('epochs/skip', { count: epochs });
      const text = `After ${epochs} more epochs.`;
      expect(await gets(1, () => official.send(own, text))).toEqual([{ text, tag: null }]);
    }
  });
});
