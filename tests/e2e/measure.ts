// Figures of docs/performance.md that need a browser: cargo xtask bench --browser
import type { Kind } from './harness/browser';
import { Chromium } from './harness/chromium';
import { Mixnet } from './harness/mixnet';
import { longText } from './harness/text';
import { Sotto } from './harness/sotto';
import { User } from './harness/user';
import WebSocket from 'ws';

const STARTS = 9;
const MESSAGES = 3;
/** So many messages a popup opens with. */
const STORED = 10_000;
/** So many are on their way to the gateway at a time. */
const AT_A_TIME = 200;

/** From a dead worker to its first word to a page: start of the worker, wasm, stored state. */
const START = `new Promise((resolve) => {
  const began = performance.now();
  const port = chrome.runtime.connect({ name: 'sotto' });
  port.onMessage.addListener((message) => {
    if (!message.event) return;
    port.disconnect();
    resolve(performance.now() - began);
  });
  port.postMessage({ id: 1, request: { type: 'subscribe' } });
})`;

async function workerStart(user: User): Promise<number> {
  // A page without a port of its own, or that would start the worker first.
  await user.browser.open('manifest.json');
  await user.browser.killBackground();
  return user.browser.evaluate<number>(START);
}

async function largeMessage(from: User, to: User): Promise<number> {
  const known = (await to.received()).length;
  const [address, text] = [await to.address(), longText(1_000_000)];
  // The conversation is open already, as it is for whoever waits for a message.
  await from.fillRecipient(address);
  const began = performance.now();
  await from.writeLong(address, text);
  await to.untilReceived(known + 1);
  return performance.now() - began;
}

/** Fills somebody's disk with messages, which come over the mixnet like all others. */
async function fill(user: User, directory: string): Promise<void> {
  const sotto = await Sotto.create(directory);
  const serving = sotto.start('serve', '--port', '0');
  const { url } = await serving.until('serving');
  const socket = new WebSocket(url ?? '');
  await new Promise((opened) => socket.once('open', opened));
  const recipient = await user.address();
  for (let sent = 0; sent < STORED; sent += AT_A_TIME) {
    const numbers = Array.from({ length: AT_A_TIME }, (_, place) => sent + place);
    for (const number of numbers) {
      socket.send(JSON.stringify({ type: 'send', recipient, message: `Message number ${number}.` }));
    }
    await user.browser.until(`${sent} messages`, `(${UNREAD}) >= ${sent}`);
  }
  await user.browser.until('the last message', `(${UNREAD}) >= ${STORED}`);
  socket.close();
  await serving.stop();
  await sotto.dispose();
}

/** How many messages the list says are unread. */
const UNREAD = `[...document.querySelectorAll('[data-testid="unread"] [aria-hidden]')]
  .reduce((sum, one) => sum + Number(one.textContent), 0)`;

/** Notes when a page has drawn the first conversation of its list. */
const NOTE_LIST = `new MutationObserver((_, observer) => {
  if (!document.querySelector('[data-testid="conversation"]')) return;
  observer.disconnect();
  requestAnimationFrame(() => performance.mark('list'));
}).observe(document, { childList: true, subtree: true });`;

/** From the navigation to a list that can be used, in milliseconds. */
async function popupOpens(user: User<Chromium>, withWorker: boolean): Promise<number> {
  await user.browser.open('manifest.json');
  if (!withWorker) await user.browser.killBackground();
  await user.browser.open('popup/popup.html');
  return user.browser.until<number>('the list', `performance.getEntriesByName('list')[0]?.startTime`);
}

function report(what: string, figures: number[]): void {
  const sorted = figures.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  console.log(
    `${what}: ${middle.toFixed(0)} ms (median of ${figures.length}; ${least.toFixed(0)} to ${most.toFixed(0)})`,
  );
}

async function repeat(times: number, measure: () => Promise<number>): Promise<number[]> {
  const figures: number[] = [];
  while (figures.length < times) figures.push(await measure());
  return figures;
}

const chromium: Kind<Chromium> = { name: 'Chromium', launch: (profile) => Chromium.launch(profile) };
const mixnet = await Mixnet.start();
const [alice, bob] = await Promise.all([
  User.start(chromium, mixnet.directory),
  User.start(chromium, mixnet.directory),
]);
await alice.write(await bob.address(), 'The first opens the conversation.');
await bob.openConversation(await alice.address());
report(
  '1 MB message, Chromium to Chromium, pacing off',
  await repeat(MESSAGES, () => largeMessage(alice, bob)),
);
report('worker start to ready', await repeat(STARTS, () => workerStart(alice)));
await alice.leave();
await fill(bob, mixnet.directory);
await bob.browser.context.addInitScript(NOTE_LIST);
const popup = `popup with ${STORED} messages`;
report(`${popup}, worker awake`, await repeat(STARTS, () => popupOpens(bob, true)));
report(`${popup}, worker dead`, await repeat(STARTS, () => popupOpens(bob, false)));
await bob.leave();
await mixnet.stop();
