import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareChromium } from './harness/bare-chromium';
import type { Mortal } from './harness/browser';
import { Scratch } from './harness/cleanup';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { until } from './harness/until';
import { User } from './harness/user';

const PASSPHRASE = 'seven grey geese went home';
const byTestId = (name: string) => `[data-testid="${name}"]`;
const is = (name: string) => `document.querySelector('${byTestId(name)}') !== null`;

for (const kind of [bareChromium, firefox])
  describe(`with files in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let folder: Scratch;
    let alice: User<Mortal>;
    let bob: User<Mortal>;

    beforeAll(async () => {
      [mixnet, folder] = await Promise.all([Mixnet.start(), Scratch.create()]);
      [alice, bob] = await Promise.all([
        User.start<Mortal>(kind, mixnet.directory),
        User.start<Mortal>(kind, mixnet.directory),
      ]);
    });
    afterAll(async () => {
      await Promise.allSettled([alice?.leave(), bob?.leave()]);
      await Promise.allSettled([mixnet?.stop(), folder?.dispose()]);
    });

    /** A picture of the code that a user shows of the own address. */
    async function pictureOfAddress(user: User<Mortal>): Promise<string> {
      const address = await user.address();
      await user.browser.click(byTestId('share'));
      await user.browser.until(
        'the own address',
        `document.querySelector('${byTestId('share-dialog')}')?.textContent.includes(${JSON.stringify(address)})`,
      );
      const path = join(folder.path, 'address.png');
      await writeFile(path, await user.browser.screenshot());
      return path;
    }

    test('the address in a picture of a QR code is the one that was shown, and can be written to', async () => {
      const picture = await pictureOfAddress(bob);
      await alice.browser.open('popup/popup.html?tab');
      await alice.newConversation();
      await alice.browser.click(byTestId('read-qr'));
      await alice.browser.until('the reader', is('qr-file'));
      await alice.browser.chooseFile(byTestId('qr-file'), picture);
      const recipient = `document.querySelector('${byTestId('recipient')}')?.title`;
      expect(await alice.browser.until('the address', recipient)).toBe(await bob.address());
    });

    test('a picture without a code, and a file that is no picture, are told from one another', async () => {
      const [blank, none] = [join(folder.path, 'blank.png'), join(folder.path, 'none.png')];
      await bob.browser.openNothing();
      await writeFile(blank, await bob.browser.screenshot());
      await writeFile(none, 'This is no picture.');
      await bob.openChat();
      await alice.browser.click(byTestId('read-qr'));
      await alice.browser.until('the reader', is('qr-file'));
      const problem = `document.querySelector('${byTestId('qr-problem')}').textContent`;
      await alice.browser.chooseFile(byTestId('qr-file'), blank);
      const nothing = await alice.browser.until<string>('a problem', problem);
      await alice.browser.chooseFile(byTestId('qr-file'), none);
      await alice.browser.until('another problem', `${problem} && ${problem} !== ${JSON.stringify(nothing)}`);
    });

    /** The file that the browser saved, once all of it is there. */
    function saved(user: User<Mortal>): Promise<string> {
      return until('the download', async () => {
        const [name, other] = await readdir(user.browser.downloads).catch(() => []);
        // While it is not complete, there is another file, or it is empty.
        if (!name || other || /\.(part|crdownload)$/.test(name)) return undefined;
        const path = join(user.browser.downloads, name);
        return (await stat(path)).size > 0 && path;
      });
    }

    async function fill(user: User<Mortal>, passphrase: string): Promise<void> {
      for (const place of ['div:nth-of-type(1)', 'div:nth-last-of-type(1)'])
        await user.browser.paste(`.new-passphrase > ${place} ${byTestId('passphrase-new')}`, passphrase);
    }

    async function click(user: User<Mortal>, name: string): Promise<void> {
      const enabled = `document.querySelector('${byTestId(name)}')?.disabled === false`;
      await user.browser.until(`${name} to be enabled`, enabled);
      await user.browser.click(byTestId(name));
    }

    test('a backup that was saved brings back who one was, and what was said', async () => {
      await alice.openChat();
      await alice.write(await bob.address(), 'Remember this.');
      await alice.untilSent('delivered');
      const address = await alice.address();
      await alice.browser.open('settings/settings.html#backup');
      await alice.browser.until('the fields', is('passphrase-new'));
      await fill(alice, PASSPHRASE);
      await click(alice, 'backup-save');
      const file = await saved(alice);
      expect((await readFile(file)).includes('Remember this.')).toBe(false);
      const backup = join(folder.path, 'backup');
      await writeFile(backup, await readFile(file));
      await alice.leave();

      alice = await User.newcomer<Mortal>(kind);
      await alice.browser.open('welcome/welcome.html');
      await click(alice, 'next');
      await click(alice, 'kind-restore');
      await alice.browser.until('the field', is('restore-file'));
      await alice.browser.chooseFile(byTestId('restore-file'), backup);
      await alice.browser.paste(byTestId('passphrase-current'), `${PASSPHRASE}!`);
      await click(alice, 'restore');
      await alice.browser.until(
        'a refusal',
        `document.querySelector('${byTestId('restore-error')}').textContent`,
      );
      await alice.browser.paste(byTestId('passphrase-current'), PASSPHRASE);
      await click(alice, 'restore');
      await alice.browser.until('the way into the chat', is('open-chat'));
      await alice.openChat();
      expect(await alice.address()).toBe(address);
      await alice.openConversation(await bob.address());
      expect((await alice.messages()).map(({ text }) => text)).toEqual(['Remember this.']);
      // Whoever knew us reaches us again.
      await bob.openConversation(address);
      await bob.writeLong(address, 'Is it you?');
      expect(await alice.untilReceived(1)).toEqual(['Is it you?']);
    });
  });
