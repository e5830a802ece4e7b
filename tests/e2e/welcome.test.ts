import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from './harness/browser';
import { chromium } from './harness/chromium';
import { Scratch } from './harness/cleanup';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';

const PASSPHRASE = 'four small wet stones';
const byTestId = (name: string) => `[data-testid="${name}"]`;

for (const kind of [chromium, firefox])
  describe(`a vault in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let profile: Scratch;
    let browser: Browser;
    let address: string;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      profile = await Scratch.create();
      browser = await kind.launch(profile.path);
    });
    afterAll(async () => {
      await browser?.close();
      await profile?.dispose();
      await mixnet?.stop();
    });

    const shown = (selector: string) =>
      browser.until(selector, `document.querySelector('${selector}') !== null`);
    const words = (id: string) =>
      browser.until<string>(`words in ${id}`, `document.querySelector('${byTestId(id)}')?.textContent`);

    async function click(selector: string): Promise<void> {
      const enabled = `document.querySelector('${selector}')?.disabled === false`;
      await browser.until(`${selector} to be enabled`, enabled);
      await browser.click(selector);
    }

    async function unlock(passphrase: string): Promise<void> {
      const field = byTestId('passphrase-current');
      await shown(field);
      await browser.paste(field, passphrase);
      await browser.press(field, 'Enter');
    }

    const ownAddress = () =>
      browser.until<string>(
        'the own address',
        `document.querySelector('${byTestId('own-address')}')?.dataset.full`,
      );

    test('is set up step by step in the welcome tab, until there is an address', async () => {
      await browser.open('popup/popup.html');
      await shown(byTestId('set-up'));
      await browser.open('welcome/welcome.html');
      await click(byTestId('next'));
      await click(byTestId('kind-new'));
      await shown(byTestId('passphrase-new'));
      const [first, second] = ['div:nth-of-type(1)', 'div:nth-last-of-type(1)'].map(
        (place) => `.new-passphrase > ${place} ${byTestId('passphrase-new')}`,
      );
      await browser.paste(first ?? '', PASSPHRASE);
      await browser.paste(second ?? '', PASSPHRASE);
      await click(byTestId('next'));
      await click('[name="network"][value="own"]');
      await shown(byTestId('own-directory'));
      await browser.paste(byTestId('own-directory'), mixnet.directory);
      await click('[name="traffic"][value="direct"]');
      await click(byTestId('begin'));
      await shown(byTestId('open-chat'));
      address = await ownAddress();
      expect(address).toMatch(/^\w+\.\w+@\w+$/);
    });

    test('is locked by the button, stays locked when the background dies, and opens with its passphrase', async () => {
      await browser.open('settings/settings.html#lock');
      await click(byTestId('lock-now'));
      await shown(byTestId('unlock'));
      await browser.killBackground();
      await browser.open('popup/popup.html');
      await unlock('not the passphrase');
      expect(await words('passphrase-error')).toMatch(/^That is not the passphrase/);
      await unlock(PASSPHRASE);
      expect(await ownAddress()).toBe(address);
    });

    test('stays open when the background dies, as long as the browser runs', async () => {
      await browser.killBackground();
      await browser.open('popup/popup.html');
      expect(await ownAddress()).toBe(address);
    });

    test('is gone after everything was deleted', async () => {
      await browser.open('settings/settings.html#delete');
      await click(byTestId('delete'));
      await click(byTestId('forget-agree'));
      await click(byTestId('forget-do'));
      await shown(byTestId('set-up'));
    });
  });
