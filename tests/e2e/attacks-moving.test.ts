import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BareChromium } from './harness/bare-chromium';
import type { Kind } from './harness/browser';
import { chromium } from './harness/chromium';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { begin, inPage, isAsked, outcome, refuse, run, Site, untilAsked, untilOutcome } from './harness/site';
import { askFromChat, known, page, Stage, trust, turnTo } from './harness/stage';
import { until } from './harness/until';

let mixnet: Mixnet;
beforeAll(async () => void (mixnet = await Mixnet.start()));
afterAll(() => mixnet?.stop());

const ASK = `nym.connect({ permissions: ['send'] })`;
const PASSPHRASE = 'four words are enough';

for (const kind of [chromium, firefox])
  describe(`a page that moves in ${kind.name}`, () => {
    let stage: Stage;
    beforeAll(async () => void (stage = await Stage.set(kind, mixnet)));
    afterAll(() => stage?.strike());
    beforeEach(() => stage.show('/'));
    afterEach(() => turnTo(stage.browser, stage.back));

    const prompts = async () => (await known(stage.browser, stage.back)).prompts;
    const untilNobodyIsAsked = async () => {
      await until('the question to be gone', async () => (await prompts()).length === 0);
      await until('its window to be gone', async () => !(await isAsked(stage.browser)));
    };

    test('that asks and goes away leaves no question behind, and has not been refused', async () => {
      await stage.unharmed(async () => {
        for (const path of ['/away', '/#away', '/']) {
          await begin(stage.browser, ASK);
          await untilAsked(stage.browser);
          await turnTo(stage.browser, stage.back);
          expect(await prompts()).toHaveLength(1);
          if (path.includes('#')) {
            // Only the place in the page is another: the question stays, and the page may end it by reloading.
            await inPage(stage.browser, `location.hash = 'away'`);
            expect(await prompts()).toHaveLength(1);
          }
          await stage.show('/gone', page('Gone'));
          await untilNobodyIsAsked();
          await stage.show('/');
        }
        expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
      });
    });

    test('back and forward during a question: it is withdrawn, and no answer to it is for another page', async () => {
      await stage.unharmed(async () => {
        await stage.show('/second', page('Second'));
        await begin(stage.browser, ASK);
        await untilAsked(stage.browser);
        await turnTo(stage.browser, stage.back);
        const [asked] = await prompts();
        await inPage(stage.browser, 'history.back()');
        await until('the page before', async () =>
          (await stage.browser.addresses()).includes(`${stage.hostile.origin()}/`),
        );
        await until('the question to be gone', async () => (await prompts()).length === 0);
        const late = await askFromChat(stage.browser, stage.back, {
          type: 'answerPrompt',
          prompt: asked!.id,
          permissions: ['send'],
        });
        expect(late).toMatchObject({ type: 'error', error: { code: 'prompt.unknown' } });
        await inPage(stage.browser, 'history.forward()');
        await until('the page after', async () =>
          (await stage.browser.addresses()).includes(`${stage.hostile.origin()}/second`),
        );
        expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
        await untilNobodyIsAsked();
      });
    });

    test('in two tabs is asked once, and the second tab is told that it is', async () => {
      await stage.unharmed(async () => {
        const first = await begin(stage.browser, ASK);
        await untilAsked(stage.browser);
        await turnTo(stage.browser, stage.back);
        stage.hostile.set('/tab', page('Tab'));
        await stage.browser.newTab();
        await stage.browser.visit(`${stage.hostile.origin()}/tab`);
        for (let at = 0; at < 30; at++)
          expect(await outcome(stage.browser, ASK)).toMatchObject({
            error: { code: -32002, reason: 'user.being-asked' },
          });
        expect((await stage.browser.addresses()).filter((url) => url.includes('approve'))).toHaveLength(1);
        // The second tab is not the one that asked: its end is no answer.
        await stage.browser.closeTab();
        await turnTo(stage.browser, `${stage.hostile.origin()}/`);
        expect(await prompts()).toHaveLength(1);
        expect(await run(stage.browser, `window.outcomes?.${first} ?? null`)).toBeNull();
        await stage.show('/gone', page('Gone'));
        await untilNobodyIsAsked();
      });
    });

    test('in the middle of its requests gets no answer that was for the page before', async () => {
      await stage.unharmed(async () => {
        for (let at = 0; at < 5; at++) {
          stage.hostile.set(
            '/before',
            page(
              'Before',
              `<script>
                for (let at = 0; at < 20; at++) nym.permissions(), nym.address().catch(() => 0), nym.send('x', 'y').catch(() => 0);
              </script>`,
            ),
          );
          stage.hostile.set(
            '/after',
            page(
              'After',
              `<script>
                window.answers = [];
                document.addEventListener('sotto-answer', ({ detail }) => answers.push(detail));
              </script>`,
            ),
          );
          await stage.show('/before');
          await stage.show('/after');
          await turnTo(stage.browser, stage.back);
          expect(await run(stage.browser, 'nym.permissions().catch(({ reason }) => reason)')).toSatisfy(
            (answer) => answer === 'request.too-frequent' || (Array.isArray(answer) && answer.length === 0),
          );
          expect(await run<string[]>(stage.browser, 'answers')).toHaveLength(1);
        }
      });
    });

    test('that replaces its document by itself speaks on, as the same site', async () => {
      await stage.unharmed(async () => {
        await inPage(
          stage.browser,
          `document.open(); document.write('<title>Written</title><script>Promise.prototype.mine = 1;<\\/script>'); document.close();`,
        );
        expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
        expect(await outcome(stage.browser, 'nym.address()')).toMatchObject({
          error: { code: 4100, reason: 'site.unauthorised' },
        });
      });
    });

    test('that was refused does not get the user asked again, however often it tries', async () => {
      const site = await Site.start({ '/': page('Stubborn') });
      const back = `:${site.port}/`;
      try {
        await stage.browser.visit(`${site.origin()}/`);
        const wanted = await begin(stage.browser, ASK);
        await refuse(stage.browser, back);
        expect(await untilOutcome(stage.browser, wanted)).toMatchObject({
          error: { code: 4001, reason: 'user.rejected' },
        });
        for (let at = 0; at < 3; at++) {
          const again = await run<string[]>(
            stage.browser,
            `Promise.all(Array.from({ length: 10 }, () => ${ASK}.catch(({ code, reason }) => code + ' ' + reason)))`,
          );
          expect(new Set(again)).toEqual(new Set(['4001 user.asked-too-soon']));
          expect(await isAsked(stage.browser)).toBe(false);
          await stage.browser.visit(`${site.origin()}/`);
        }
        // Neither does another tab, nor the same after the background has ended.
        await turnTo(stage.browser, 'popup/popup.html');
        await stage.browser.killBackground();
        await turnTo(stage.browser, back);
        expect(await outcome(stage.browser, ASK)).toMatchObject({ error: { reason: 'user.asked-too-soon' } });
        expect((await known(stage.browser, back)).prompts).toEqual([]);
        expect(await stage.trustedAddress(back)).toBe(stage.address);
      } finally {
        await stage.show('/');
        await site.stop();
      }
    });

    test('that closes the window of its question has been refused', async () => {
      const site = await Site.start({ '/': page('Closes') });
      const back = `:${site.port}/`;
      try {
        await stage.browser.visit(`${site.origin()}/`);
        const wanted = await begin(stage.browser, ASK);
        await untilAsked(stage.browser);
        await stage.browser.closeTab();
        await turnTo(stage.browser, back);
        expect(await untilOutcome(stage.browser, wanted)).toMatchObject({
          error: { code: 4001, reason: 'user.rejected' },
        });
        expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
      } finally {
        await stage.show('/');
        await site.stop();
      }
    });

    test('cannot open, frame or read the window in which the user is asked', async () => {
      await stage.unchanged(async () => {
        const frame = await run<string>(
          stage.browser,
          `(async () => {
            const frame = document.body.appendChild(document.createElement('iframe'));
            frame.src = ${JSON.stringify(await approvalAddress(stage))};
            await new Promise((resolve) => setTimeout(resolve, 500));
            try { return frame.contentDocument?.querySelector('button')?.textContent ?? 'nothing'; } catch { return 'nothing'; } finally { frame.remove(); }
          })()`,
        );
        expect(frame).toBe('nothing');
        const fetched = await outcome(
          stage.browser,
          `fetch(${JSON.stringify(await approvalAddress(stage))}).then((reply) => reply.text())`,
        );
        expect(fetched).toHaveProperty('error');
      });
    });

    test('while Sotto is locked learns nothing and gets nothing, and nothing is decided', async () => {
      await askFromChat(stage.browser, stage.back, {
        type: 'setPassphrase',
        old: undefined,
        new: PASSPHRASE,
      });
      const before = await stage.everything();
      await askFromChat(stage.browser, stage.back, { type: 'lock' });
      const locked = { error: { name: 'NymError', code: 4900, reason: 'vault.locked' } };
      for (const call of ['nym.address()', `nym.send(${JSON.stringify(stage.address)}, 'hi')`])
        expect(await outcome(stage.browser, call), call).toMatchObject(locked);
      const wanted = await begin(stage.browser, ASK);
      await untilAsked(stage.browser);
      // The window asks for the passphrase, and has no button that would allow anything.
      await stage.browser.until(
        'the question for the passphrase',
        `document.querySelector('[data-testid="gate"]')?.dataset.stage === 'locked'`,
      );
      expect(await stage.browser.evaluate(`document.querySelector('[data-testid="allow"]') === null`)).toBe(
        true,
      );
      await stage.browser.closeTab();
      await turnTo(stage.browser, stage.back);
      expect(await untilOutcome(stage.browser, wanted)).toMatchObject({
        error: { code: 4001, reason: 'user.rejected' },
      });
      await askFromChat(stage.browser, stage.back, { type: 'unlock', passphrase: PASSPHRASE });
      await until(
        'the vault to be open',
        async () => (await known(stage.browser, stage.back)).sites.length > 0,
      );
      const grants = ({ sites }: { sites: { origin: string; permissions: string[] }[] }) =>
        sites
          .filter(({ permissions }) => permissions.length > 0)
          .map(({ origin, permissions }) => [origin, permissions]);
      expect(grants(await known(stage.browser, stage.back))).toEqual(grants(before));
      expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
      expect(await stage.trustedAddress()).toBe(stage.address);
    });
  });

/** The address of the window in which the user is asked. */
async function approvalAddress({ browser, back }: Stage): Promise<string> {
  await turnTo(browser, 'popup/popup.html');
  const url = await browser.evaluate<string>('location.href');
  await turnTo(browser, back);
  return new URL('/approve/approve.html', url).href;
}

/** Chromium as users have it: Playwright's keeps no page that was left. */
const bareChromium: Kind = { name: 'Chromium', launch: (profile) => BareChromium.launch(profile) };

for (const kind of [bareChromium, firefox])
  test(`a page that comes back from the cache of ${kind.name} goes on by itself, and as the same site`, async () => {
    const stage = await Stage.set(kind, mixnet);
    try {
      const address = await trust(stage.browser, stage.back);
      await inPage(
        stage.browser,
        `window.heard = []; window.returned = [];
         nym.on('message', ({ data }) => heard.push(data));
         addEventListener('pageshow', ({ persisted }) => returned.push(persisted));`,
      );
      await stage.unharmed(async () => {
        await stage.show('/other', page('Other'));
        await inPage(stage.browser, 'history.back()');
        await stage.browser.until(
          'the page to come back',
          '(window.wrappedJSObject ?? window).returned?.length === 1',
        );
        expect(await run(stage.browser, 'returned')).toEqual([true]);
        expect(await run(stage.browser, 'nym.address()')).toBe(address);
        await turnTo(stage.browser, `:${stage.trusted.port}/`);
        await run(stage.browser, `nym.send(${JSON.stringify(address)}, 'welcome back')`);
        await turnTo(stage.browser, stage.back);
        await stage.browser.until('the message', '(window.wrappedJSObject ?? window).heard?.length === 1');
        expect(await run(stage.browser, 'heard')).toEqual(['welcome back']);
      });
    } finally {
      await stage.strike();
    }
  });
