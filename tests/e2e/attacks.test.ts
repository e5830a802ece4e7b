import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Kind } from './harness/browser';
import { Chromium, chromium, POPUP_SIZE } from './harness/chromium';
import { Firefox, firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { inPage, outcome, run, Site } from './harness/site';
import { forge, page, Stage, turnTo } from './harness/stage';

/** All that pages of the extension can ask, from the list itself. */
async function requestTypes(): Promise<string[]> {
  const source = await readFile('crate/app/src/page/request.rs', 'utf8');
  const list = /request_kinds!\(([^$)]+)\);/.exec(source)?.[1] ?? '';
  return [...list.matchAll(/\w+/g)].map(([name]) => name[0]!.toLowerCase() + name.slice(1));
}

/** Requests that sites may make as well; with the fields of their own they are no attack. */
const SHARED = ['send', 'reply', 'cancel'];

let mixnet: Mixnet;
beforeAll(async () => void (mixnet = await Mixnet.start()));
afterAll(() => mixnet?.stop());

const UNKNOWN = { code: 4200, reason: 'request.unknown' };
/** Whether there is an API, and whether anybody hears what it would say. */
const HAS_NYM = `({ nym: 'nym' in window, heard: !document.dispatchEvent(new CustomEvent('sotto-request', { detail: JSON.stringify({ id: 1, request: { type: 'permissions' } }), cancelable: true })) })`;
const NOTHING = { nym: false, heard: false };
/** The same, told to the top page by a frame. */
const REPORT = `<script>top.postMessage({ report: ${HAS_NYM} }, '*')</script>`;
/** Notes what frames tell. */
const COLLECT = `<script>window.reports = []; addEventListener('message', ({ data }) => data.report && reports.push(data.report))</script>`;

/** A name of this computer that no browser counts as secure. */
const INSECURE = 'insecure.test';
const KINDS: Kind[] = [
  {
    ...chromium,
    launch: (profile) =>
      Chromium.launch(profile, {
        headless: true,
        viewport: POPUP_SIZE,
        extraArguments: [`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`],
      }),
  },
  {
    ...firefox,
    launch: (profile) => Firefox.launch(profile, { preferences: { 'network.dns.localDomains': INSECURE } }),
  },
];

/** Speaks to the background from the world of the extension's own script in the hostile page. */
async function contentWorld({ browser }: Stage) {
  const { context, page: tab } = browser as Chromium;
  const session = await context.newCDPSession(tab);
  const ours = new Promise<number>((resolve) => {
    session.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.origin.startsWith('chrome-extension://')) resolve(context.id);
    });
  });
  await session.send('Runtime.enable');
  const contextId = await ours;
  return async (port: string, message: object): Promise<unknown> => {
    const expression = `new Promise((resolve) => {
      const port = chrome.runtime.connect({ name: ${JSON.stringify(port)} });
      const heard = [];
      const end = () => { port.disconnect(); resolve(heard); };
      port.onMessage.addListener((message) => { heard.push(message); end(); });
      port.onDisconnect.addListener(end);
      port.postMessage(${JSON.stringify(message)});
    })`;
    const { result } = await session.send('Runtime.evaluate', {
      contextId,
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return result.value;
  };
}

for (const kind of KINDS)
  describe(`a hostile page in ${kind.name}`, () => {
    let stage: Stage;
    beforeAll(async () => void (stage = await Stage.set(kind, mixnet)));
    afterAll(() => stage?.strike());
    const untilReport = () =>
      stage.browser.until(
        'the report of the frame',
        '(window.wrappedJSObject ?? window).reports?.length === 1',
      );
    beforeEach(() => stage.show('/'));
    afterEach(() => turnTo(stage.browser, stage.back));

    test('is refused all that pages of the extension can ask, of each type there is', async () => {
      const types = await requestTypes();
      expect(types).toContain('exportBackup');
      await stage.unchanged(async () => {
        for (const type of types) {
          for (const request of [{ type }, { type, origin: stage.trusted.origin(), permissions: ['send'] }]) {
            const { taken, answers } = await forge(
              stage.browser,
              JSON.stringify(JSON.stringify({ id: 1, request })),
            );
            expect(taken, type).toBe(true);
            expect(answers, type).toMatchObject([{ id: 1, reply: { type: 'error', error: UNKNOWN } }]);
          }
        }
      });
      expect(types).toEqual(expect.arrayContaining(SHARED));
    });

    test('is refused answers to questions, and grants for itself', async () => {
      await stage.unchanged(async () => {
        const own = stage.hostile.origin();
        const requests = [
          { type: 'answerPrompt', prompt: 1, permissions: ['send', 'receive', 'reply'] },
          { type: 'setSitePermissions', origin: own, permissions: ['send'] },
          { type: 'forgetSite', origin: stage.trusted.origin() },
          { type: 'setPassphrase', old: null, new: 'mine now' },
          { type: 'subscribe' },
          { type: 'address', origin: stage.trusted.origin() },
          { type: 'permissions', __proto__: null, from: stage.trusted.origin() },
        ];
        for (const request of requests) {
          const detail = JSON.stringify(JSON.stringify({ id: 2, request }));
          const { answers } = await forge(stage.browser, detail);
          expect(answers, request.type).toMatchObject([{ id: 2, reply: { error: UNKNOWN } }]);
        }
        const elsewhere = JSON.stringify({
          id: 3,
          request: { type: 'address' },
          origin: stage.trusted.origin(),
        });
        const { answers } = await forge(stage.browser, JSON.stringify(elsewhere));
        expect(answers).toMatchObject([{ id: 3, reply: { error: UNKNOWN } }]);
      });
    });

    test('is heard with requests alone: nothing takes what is none', async () => {
      await stage.unchanged(async () => {
        const details = [
          'null',
          'undefined',
          '1',
          '({ id: 1, request: { type: "permissions" } })',
          'new Proxy({}, { get() { throw new Error("looked") } })',
          '""',
          '"{"',
          '"null"',
          '"[]"',
          `'[{"id":1,"request":{"type":"permissions"}}]'`,
          `'{"request":{"type":"permissions"}}'`,
          `'{"id":-1,"request":{"type":"permissions"}}'`,
          `'{"id":1e999,"request":{"type":"permissions"}}'`,
          `'{"id":{},"request":{"type":"permissions"}}'`,
          '"\\0".repeat(1000)',
          '"[".repeat(100000)',
          '"x".repeat(2 ** 23)',
        ];
        for (const detail of details)
          expect(await forge(stage.browser, detail), detail).toEqual({ taken: false, answers: [] });
      });
    });

    test('is refused requests of the right name and the wrong form, and huge ones unread', async () => {
      await stage.unchanged(async () => {
        const requests = [
          `'{"id":1,"request":null}'`,
          `'{"id":1,"request":[]}'`,
          `'{"id":1,"request":"permissions"}'`,
          `'{"id":1,"request":{"type":"permissions","type":"exportBackup"}}'`,
          `'{"id":1,"request":{"type":"toString"}}'`,
          `'{"id":1,"request":{"type":"__proto__"}}'`,
          `'{"id":1,"request":{"__proto__":{"type":"permissions"}}}'`,
          `'{"id":1,"request":{"type":"connect","permissions":["send","admin"]}}'`,
          `'{"id":1,"request":{"type":"connect","permissions":"send"}}'`,
          `'{"id":1,"request":{"type":"send"}}'`,
          `'{"id":1,"request":' + '['.repeat(100000) + ']'.repeat(100000) + '}'`,
        ];
        for (const detail of requests) {
          const { answers } = await forge(stage.browser, detail);
          expect(answers, detail).toMatchObject([{ id: 1, reply: { error: UNKNOWN } }]);
        }
        const huge = `'{"id":1,"request":{"type":"send","to":"' + 'x'.repeat(100 * 2 ** 20) + '"}}'`;
        expect((await forge(stage.browser, huge)).answers).toMatchObject([
          { id: 1, reply: { error: { code: -32602, reason: 'data.too-large' } } },
        ]);
      });
    });

    test('without a permission gets neither an address nor a message out, whatever it asks', async () => {
      await stage.unchanged(async () => {
        const unauthorised = { error: { name: 'NymError', code: 4100, reason: 'site.unauthorised' } };
        const calls = [
          'nym.address()',
          `nym.send(${JSON.stringify(stage.address)}, 'hi')`,
          `nym.reply('2222222222222222222222', 'hi')`,
        ];
        for (const call of calls)
          expect(await outcome(stage.browser, call), call).toMatchObject(unauthorised);
        for (const type of ['cancel', 'received']) {
          const detail = JSON.stringify(JSON.stringify({ id: 4, request: { type, id: 'AAAA' } }));
          const { answers } = await forge(stage.browser, detail);
          expect(answers, type).toMatchObject([{ id: 4, reply: { error: { code: 4100 } } }]);
        }
        expect(await run(stage.browser, 'nym.permissions()')).toEqual([]);
      });
    });

    test('has no other way to the extension: no runtime, no messages, no files', async () => {
      await stage.unchanged(async () => {
        const ways = await run<Record<string, unknown>>(
          stage.browser,
          `(async () => ({
            connect: typeof globalThis.chrome?.runtime?.connect,
            browser: typeof globalThis.browser?.runtime,
          }))()`,
        );
        expect(ways).toEqual({ connect: 'undefined', browser: 'undefined' });
      });
    });

    test('gets nothing by postMessage, to its window, its frames or others', async () => {
      await stage.show('/post', page('Posts', '', '<iframe src="/"></iframe>'));
      await stage.unchanged(async () => {
        const heard = await run<unknown[]>(
          stage.browser,
          `(async () => {
            const heard = [];
            addEventListener('message', (event) => heard.push(event.data));
            document.addEventListener('sotto-answer', (event) => heard.push(event.detail));
            const requests = ['connect', 'address', 'exportBackup', 'forgetEverything'].map((type) => ({ id: 5, request: { type, permissions: ['send'] } }));
            const channel = new MessageChannel();
            for (const request of requests)
              for (const target of [window, frames[0], window.top])
                for (const message of [request, JSON.stringify(request), { type: 'sotto-request', detail: JSON.stringify(request) }])
                  target.postMessage(message, '*');
            window.postMessage('port', '*', [channel.port2]);
            window.dispatchEvent(new MessageEvent('message', { data: requests[0], origin: ${JSON.stringify(stage.trusted.origin())}, source: window }));
            window.dispatchEvent(new CustomEvent('sotto-request', { detail: JSON.stringify(requests[1]), cancelable: true, bubbles: true }));
            await new Promise((resolve) => setTimeout(resolve, 1000));
            return heard.filter((said) => typeof said === 'string' && (said.includes('reply') || said.includes('event')));
          })()`,
        );
        expect(heard).toEqual([]);
      });
    });

    test('cannot put words into the mouth of the extension for another tab', async () => {
      await stage.unchanged(async () => {
        await turnTo(stage.browser, `:${stage.trusted.port}/`);
        await inPage(
          stage.browser,
          `window.heard = []; nym.on('message', (message) => heard.push(message));`,
        );
        await turnTo(stage.browser, stage.back);
        const event = {
          type: 'message',
          id: 'x',
          data: { kind: 'text', content: 'false' },
          tag: null,
          from: null,
          signed: false,
          receivedAt: 1,
        };
        await inPage(
          stage.browser,
          `document.dispatchEvent(new CustomEvent('sotto-answer', { detail: ${JSON.stringify(JSON.stringify({ event }))} }));
           window.dispatchEvent(new CustomEvent('sotto-answer', { detail: ${JSON.stringify(JSON.stringify({ event }))} }));`,
        );
        await turnTo(stage.browser, `:${stage.trusted.port}/`);
        expect(await run(stage.browser, 'heard')).toEqual([]);
        await turnTo(stage.browser, stage.back);
      });
    });

    const FRAMES: Record<string, (stage: Stage, other: Site) => string> = {
      'of the same origin': () => '<iframe src="/frame"></iframe>',
      'of a trusted origin': ({ trusted }) => `<iframe src="${trusted.origin()}/frame"></iframe>`,
      'of another origin': (_, other) => `<iframe src="${other.origin()}/frame"></iframe>`,
      'in a frame': () => '<iframe src="/nest"></iframe>',
      'in a sandbox': () => '<iframe sandbox="allow-scripts" src="/frame"></iframe>',
      'in a sandbox with the same origin': () =>
        '<iframe sandbox="allow-scripts allow-same-origin" src="/frame"></iframe>',
      'of about:srcdoc': () => `<iframe srcdoc="${REPORT.replaceAll('"', '&quot;')}"></iframe>`,
      'of a blob': () =>
        `<script>document.write('<iframe src="' + URL.createObjectURL(new Blob([${JSON.stringify(REPORT).replaceAll('</', '<\\/')}], { type: 'text/html' })) + '"></iframe>')</script>`,
    };
    for (const [name, frame] of Object.entries(FRAMES))
      test(`finds neither the API nor anybody who listens in a frame ${name}`, async () => {
        const other = await Site.start({ '/frame': page('Frame', REPORT) });
        stage.trusted.set('/frame', page('Frame', REPORT));
        stage.hostile.set('/frame', page('Frame', REPORT));
        stage.hostile.set('/nest', page('Nest', '', '<iframe src="/frame"></iframe>'));
        try {
          await stage.unchanged(async () => {
            await stage.show('/frames', page('Frames', COLLECT, frame(stage, other)));
            await untilReport();
            expect(await run(stage.browser, 'reports')).toEqual([NOTHING]);
          });
        } finally {
          await other.stop();
        }
      });

    test('that is in a sandbox as a whole belongs to no site: nothing is there, and nobody listens', async () => {
      await stage.unchanged(async () => {
        for (const sandbox of ['allow-scripts', 'allow-scripts allow-popups allow-forms']) {
          await stage.show('/sandbox', {
            body: page('Sandbox'),
            headers: { 'content-security-policy': `sandbox ${sandbox}` },
          });
          expect(await run(stage.browser, HAS_NYM), sandbox).toEqual(NOTHING);
        }
        await stage.show('/');
      });
    });

    // Only in Chromium can a test be the script of the extension in a page.
    if (kind.name === chromium.name)
      test('that has taken over the bridge itself, port and all, is still only its own site', async () => {
        await stage.unchanged(async () => {
          const world = await contentWorld(stage);
          for (const type of await requestTypes())
            for (const port of ['sotto', 'sotto-site']) {
              const said = await world(port, { id: 8, request: { type } });
              expect(said, `${type} on ${port}`).toMatchObject([{ id: 8, reply: { type: 'error' } }]);
            }
          const trusted = stage.trusted.origin();
          for (const more of [{ origin: trusted }, { url: `${trusted}/` }, { sender: { origin: trusted } }])
            expect(await world('sotto-site', { id: 9, ...more, request: { type: 'address' } })).toMatchObject(
              [{ reply: { type: 'error' } }],
            );
          expect(await world('sotto', { id: 10, request: { type: 'permissions' } })).toEqual([
            { id: 10, reply: { type: 'permissions', permissions: [] } },
          ]);
        });
      });

    test('over plain http finds nothing and nobody, but the same server over a secure name does', async () => {
      await stage.unchanged(async () => {
        expect(await run(stage.browser, HAS_NYM)).toEqual({ nym: true, heard: true });
        await stage.browser.visit(`http://${INSECURE}:${stage.hostile.port}/`);
        expect(await run(stage.browser, 'isSecureContext')).toBe(false);
        expect(await run(stage.browser, HAS_NYM)).toEqual(NOTHING);
        stage.hostile.set('/frame', page('Frame', REPORT));
        stage.hostile.set(
          '/secure',
          page('Secure', COLLECT, `<iframe src="${stage.hostile.origin()}/frame"></iframe>`),
        );
        await stage.browser.visit(`http://${INSECURE}:${stage.hostile.port}/secure`);
        await untilReport();
        expect(await run(stage.browser, 'reports')).toEqual([NOTHING]);
      });
    });

    test('keeps what it has in window.nym, and is announced the API all the same', async () => {
      const script = `<script>window.before = window.nym; window.nym = 'mine';</script>`;
      await stage.unchanged(async () => {
        await stage.show('/taken', page('Taken', script));
        const announced = await run(
          stage.browser,
          `(async () => {
            const all = [];
            addEventListener('nym:announce', ({ detail }) => all.push([detail.name, detail.nym === before, Object.isFrozen(detail.nym)]));
            dispatchEvent(new Event('nym:request'));
            return { all, nym };
          })()`,
        );
        expect(announced).toEqual({ all: [['Sotto', true, true]], nym: 'mine' });
      });
    });
  });
