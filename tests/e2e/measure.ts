// Figures of docs/performance.md that need a browser: cargo xtask bench --browser
import { chromium } from './harness/chromium';
import { Mixnet } from './harness/mixnet';
import { longText } from './harness/text';
import { User } from './harness/user';

const STARTS = 9;
const MESSAGES = 3;

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
await Promise.all([alice.leave(), bob.leave()]);
await mixnet.stop();
