// Whether the extension stays connected while nobody touches it: cargo xtask endure
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { SLEEPERS, sleeps } from './endure/sleep';
import { bareChromium } from './harness/bare-chromium';
import type { Kind } from './harness/browser';
import { firefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { ARTEFACTS } from './harness/programs';
import { Sotto } from './harness/sotto';
import { UNKNOWN, User } from './harness/user';

/** Between two looks, in milliseconds. */
const EVERY = 10_000;
const KINDS: Record<string, Kind> = { chromium: bareChromium, firefox };
const TRAFFICS = ['direct', 'protected', 'fast'] as const;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    browser: { type: 'string', default: 'chromium' },
    traffic: { type: 'string', default: 'direct' },
    // Seconds; instead of leaving it alone, the computer sleeps.
    sleep: { type: 'string' },
  },
});
const kind = KINDS[values.browser];
const traffic = TRAFFICS.find((name) => name === values.traffic);
const sleeper = SLEEPERS[values.browser];
if (!kind || !sleeper || !traffic)
  throw new Error('--browser is chromium or firefox; --traffic direct, protected or fast');

/** What the gateways saw. */
interface Seen {
  looks: number;
  connected: number;
  /** Connections in all: one, if none was lost. */
  sessions: number;
}

/** Looks from the gateways' side alone: a page that is open would keep the background alive. */
async function watch(mixnet: Mixnet, minutes: number): Promise<Seen> {
  const seen = { looks: 0, connected: 0, sessions: 0 };
  const before = (await mixnet.gatewayCounts()).sessions - 1;
  for (const end = Date.now() + minutes * 60_000; Date.now() < end;) {
    await pause(EVERY);
    const { clients, sessions } = await mixnet.gatewayCounts();
    if (clients !== 1 || sessions - before !== Math.max(seen.sessions, 1))
      note(`${clients} clients, ${sessions - before} connections`);
    seen.looks += 1;
    seen.connected += clients === 1 ? 1 : 0;
    seen.sessions = sessions - before;
    if (seen.looks % 60 === 0) note(`${seen.connected} of ${seen.looks} looks found it connected`);
  }
  return seen;
}

function note(what: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${what}`);
}

/** One message each way must still arrive. */
async function exchange(user: User, address: string, mixnet: Mixnet): Promise<void> {
  const peer = await Sotto.create(mixnet.directory);
  await peer.run('send', address, 'Still there?');
  await user.openChat();
  await user.openConversation(UNKNOWN);
  const [text] = await user.untilReceived(1);
  if (text !== 'Still there?') throw new Error(`something else arrived: ${text}`);
  const own = (await peer.run('address')).find(({ event }) => event === 'address');
  const listening = peer.start('listen', '--count', '1');
  const theirs = own?.address ?? '';
  await user.addPlainContact(theirs);
  await user.write(theirs, 'Yes.');
  const heard = await listening.until('message');
  if (heard.text !== 'Yes.') throw new Error(`something else arrived: ${heard.text}`);
  await listening.ended();
  await peer.dispose();
}

/** The diagnostics page after all, as its user reads it. */
async function diagnostics(user: User): Promise<string> {
  await user.browser.open('diagnostics/diagnostics.html');
  const facts = `[...document.querySelectorAll('.fact')].map((fact) => [...fact.children].map((part) => part.textContent).join(': '))`;
  const lines = await user.browser.until<string[]>('the counts', `(${facts}).length > 20 && ${facts}`);
  return lines.join('\n');
}

/** Left alone for an hour. */
async function endure(kind: Kind, mixnet: Mixnet, traffic: (typeof TRAFFICS)[number]): Promise<boolean> {
  const user = await User.start(kind, mixnet.directory, traffic);
  await user.online();
  const address = await user.address();
  await user.browser.openNothing();
  note(`${kind.name}, traffic ${traffic}: connected, and left alone for ${values.minutes} minutes`);
  const seen = await watch(mixnet, Number(values.minutes));
  const facts = await diagnostics(user);
  await exchange(user, address, mixnet);
  await mkdir(ARTEFACTS, { recursive: true });
  await writeFile(join(ARTEFACTS, `endure-${values.browser}-${traffic}.txt`), `${facts}\n`);
  console.log(facts);
  console.log(
    '| Browser | Traffic | Minutes | Looks | found connected | Connections | Message each way at the end |',
  );
  console.log('|---|---|---|---|---|---|---|');
  console.log(
    `| ${kind.name} | ${traffic} | ${values.minutes} | ${seen.looks} | ${seen.connected} | ${seen.sessions} | arrived |`,
  );
  await user.leave();
  return seen.connected === seen.looks;
}

const mixnet = await Mixnet.start();
try {
  const good = values.sleep
    ? await sleeps(sleeper, mixnet, traffic, Number(values.sleep))
    : await endure(kind, mixnet, traffic);
  if (!good) process.exitCode = 1;
} finally {
  await mixnet.stop();
}
