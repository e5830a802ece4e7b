import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { until } from './harness/until';
import { User } from './harness/user';

const PASSPHRASE = 'four words are enough';
const byTestId = (name: string) => `[data-testid="${name}"]`;
const STAGE = `document.querySelector('${byTestId('gate')}')?.dataset.stage ?? 'open'`;

/** Asks the background for something, as a page of the extension does. */
async function ask({ browser }: User, request: object): Promise<void> {
  const message = JSON.stringify(JSON.stringify({ id: 1, request }));
  await browser.evaluate(`((page) => {
    const port = page.chrome.runtime.connect(page.JSON.parse('{"name":"sotto"}'));
    port.postMessage(page.JSON.parse(${message}));
    port.disconnect();
  })(window.wrappedJSObject ?? window)`);
}

async function untilStage({ browser }: User, stage: string): Promise<void> {
  await browser.until(`the stage ${stage}`, `(${STAGE}) === ${JSON.stringify(stage)}`);
}

/** Locks the vault. Until it has a passphrase that is refused. */
async function lock(user: User): Promise<void> {
  await until('the lock', async () => {
    await ask(user, { type: 'lock' });
    await pause(500);
    return user.browser.evaluate<boolean>(`(${STAGE}) === 'locked'`);
  });
}

async function unlock({ browser }: User, passphrase: string): Promise<void> {
  await browser.paste(byTestId('passphrase-current'), passphrase);
  await browser.click(byTestId('unlock'));
}

for (const kind of [chromium, firefox])
  describe(`the vault in ${kind.name}`, () => {
    let mixnet: Mixnet;
    let alice: User;
    let address: string;

    beforeAll(async () => {
      mixnet = await Mixnet.start();
      alice = await User.start(kind, mixnet.directory);
      address = await alice.address();
      await ask(alice, { type: 'setPassphrase', old: null, new: PASSPHRASE });
      await lock(alice);
      await unlock(alice, PASSPHRASE);
      await untilStage(alice, 'open');
    });
    afterAll(async () => {
      await alice?.leave();
      await mixnet?.stop();
    });

    test('a background that the browser ends goes on without asking', async () => {
      await alice.browser.killBackground();
      await alice.openChat();
      expect(await alice.address()).toBe(address);
    });

    test('what is locked stays locked when the background ends, and a wrong passphrase opens nothing', async () => {
      await lock(alice);
      await alice.browser.killBackground();
      await alice.openChat();
      await untilStage(alice, 'locked');
      expect(await alice.browser.evaluate('document.body.textContent')).not.toContain(address.slice(0, 12));
      await unlock(alice, `${PASSPHRASE}!`);
      await alice.browser.until('the error', `document.querySelector('${byTestId('passphrase-error')}')`);
      await unlock(alice, PASSPHRASE);
      await untilStage(alice, 'open');
      expect(await alice.address()).toBe(address);
    });

    test('a browser that starts anew asks for the passphrase', async () => {
      await alice.quit();
      await alice.comeBack();
      await untilStage(alice, 'locked');
      await unlock(alice, PASSPHRASE);
      await untilStage(alice, 'open');
      expect(await alice.address()).toBe(address);
    });

    test('after everything was forgotten nothing is there, also for the next background', async () => {
      await ask(alice, { type: 'forgetEverything' });
      await untilStage(alice, 'new');
      await alice.browser.killBackground();
      await alice.openChat();
      await untilStage(alice, 'new');
    });
  });
