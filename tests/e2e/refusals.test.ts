import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { longText } from './harness/text';
import { User } from './harness/user';

const KINDS = [chromium, firefox];
let mixnet: Mixnet;
beforeAll(async () => {
  mixnet = await Mixnet.start();
});
afterAll(() => mixnet.stop());

for (const kind of KINDS)
  describe(kind.name, () => {
    let user: User;
    beforeAll(async () => {
      user = await User.start(kind, mixnet.directory);
    });
    afterAll(() => user.leave());
    afterEach(() => user.openChat());

    test('a malformed address is refused with a sentence, and the text is kept', async () => {
      await user.write('not-an-address', 'hello');
      expect(await user.error()).toMatch(/address/i);
      expect(await user.draft()).toBe('hello');
      expect(await user.conversations()).toEqual([]);
    });

    test('a message to a gateway that is not in the network waits and says so', async () => {
      const [identity, rest] = (await user.address()).split('.');
      const unknownGateway = `${identity}.${rest?.split('@')[0]}@${identity}`;
      await user.write(unknownGateway, 'anyone there?');
      await user.browser.until(
        'the reason',
        `/gateway/i.test(document.querySelector('[data-testid="delivery"]')?.textContent)`,
      );
      expect(await user.messages()).toMatchObject([{ text: 'anyone there?' }]);
    });
  });

describe('a directory', () => {
  let user: User;
  let server: Server | undefined;
  afterEach(async () => {
    await user.leave();
    server?.close();
  });

  async function serve(answer: string): Promise<string> {
    server = createServer((_, response) =>
      response.setHeader('access-control-allow-origin', '*').end(answer),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  for (const kind of KINDS)
    test(`that is dead is named in the popup of ${kind.name}, with what to do`, async () => {
      const directory = await serve('');
      server?.close();
      user = await User.start(kind, directory);
      expect(await user.problem()).toMatch(/directory/i);
      expect(
        await user.browser.evaluate(`document.querySelector('.offline a').getAttribute('href')`),
      ).toMatch(/settings/);
    });

  test('that answers nonsense is named in the popup', async () => {
    user = await User.start(chromium, await serve('<h1>Welcome to nginx!</h1>'));
    expect(await user.problem()).toMatch(/directory/i);
  });

  test('that comes to life, or is replaced in the settings, is used', async () => {
    user = await User.start(chromium, await serve('nonsense'));
    await user.problem();
    await user.setDirectory(mixnet.directory);
    await user.openChat();
    await user.online();
  });
});

for (const kind of KINDS)
  test(`a message that is too large is refused in the popup of ${kind.name}, and the text is kept`, async () => {
    const user = await User.start(kind, mixnet.directory);
    onTestFinished(() => user.leave());
    const text = longText(17_000_000);
    await user.writeLong(await user.address(), text);
    expect(await user.error()).toMatch(/too large/);
    expect((await user.draft()).length).toBe(text.length);
  });
