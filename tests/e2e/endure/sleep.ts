import { setTimeout as pause } from 'node:timers/promises';
import type { Settings } from 'sotto-wasm';
import type { Kind, Mortal } from '../harness/browser';
import type { Mixnet } from '../harness/mixnet';
import { proxiedChromium, proxiedFirefox } from '../harness/proxied';
import { RecordingProxy } from '../harness/proxy';
import { type Running, Sotto } from '../harness/sotto';
import { until } from '../harness/until';
import { UNKNOWN, User } from '../harness/user';

/** Messages that are sent to who sleeps, spread over the sleep. */
const MESSAGES = 6;
/** Milliseconds in which the first of them is pushed. The gateway waits 10 s for its confirmation before it closes. */
const PUSHED_WITHIN = 3_000;

/** What came of a sleep. */
interface Slept {
  /** Milliseconds from waking up to being connected again. */
  connectedAfter: number;
  /** Messages sent during the sleep, and those that were shown, in any order. */
  sent: string[];
  shown: string[];
}

export const SLEEPERS: Record<string, (proxy: RecordingProxy) => Kind<Mortal>> = {
  chromium: (proxy) => proxiedChromium(proxy),
  firefox: proxiedFirefox,
};

/** Sends a browser to sleep, writes to it, and wakes it. Whether each message was shown once; prints what was seen. */
export async function sleeps(
  sleeper: (proxy: RecordingProxy) => Kind<Mortal>,
  mixnet: Mixnet,
  traffic: Settings['traffic'],
  seconds: number,
): Promise<boolean> {
  const proxy = await RecordingProxy.start();
  const kind = sleeper(proxy);
  const { connectedAfter, sent, shown } = await sleep(kind, proxy, mixnet, traffic, seconds);
  proxy.stop();
  const once = shown.join('\n') === sent.join('\n');
  if (!once) console.log(`sent: ${sent.join(', ')}\nshown: ${shown.join(', ')}`);
  console.log('| Browser | Traffic | Seconds asleep | Connected again after | Messages meanwhile | shown |');
  console.log('|---|---|---|---|---|---|');
  console.log(
    `| ${kind.name} | ${traffic} | ${seconds} | ${(connectedAfter / 1000).toFixed(1)} s | ${sent.length} | ${once ? 'each once' : shown.length} |`,
  );
  return once;
}

/**
 * Stops a browser for so many seconds, with no page of the extension open. Early in it the
 * router forgets the connection without a word, as it does with a computer that sleeps.
 */
async function sleep(
  kind: Kind<Mortal>,
  proxy: RecordingProxy,
  mixnet: Mixnet,
  traffic: Settings['traffic'],
  seconds: number,
): Promise<Slept> {
  const user = await User.start(kind, mixnet.directory, traffic);
  const peers = new Peers(mixnet.directory);
  try {
    await user.online();
    const address = await user.address();
    await user.browser.openNothing();
    const clients = async () => (await mixnet.gatewayCounts()).clients;
    await user.browser.sleep();
    const sent = await writeTo(address, peers, seconds, proxy).finally(() => user.browser.wake());
    const woke = Date.now();
    // Seen from the gateways: a page that looked would wake the background.
    await until('the connection', async () => (await clients()) === 1);
    const connectedAfter = Date.now() - woke;
    return { connectedAfter, sent, shown: await shownTo(user, address, peers, sent) };
  } finally {
    await user.leave();
    await peers.dispose();
  }
}

/** Those who write. Each writes once: who sleeps cannot confirm, and a sender waits until that is known. */
class Peers {
  readonly #all: { sotto: Sotto; sending: Running }[] = [];

  constructor(private readonly directory: string) {}

  async send(to: string, text: string): Promise<void> {
    const sotto = await Sotto.create(this.directory);
    this.#all.push({ sotto, sending: sotto.start('send', to, text) });
  }

  /** When all have sent what they had to send. */
  async ended(): Promise<void> {
    await Promise.all(this.#all.map(({ sending }) => sending.ended()));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#all.map(({ sending }) => sending.stop()));
    await Promise.all(this.#all.map(({ sotto }) => sotto.dispose()));
  }
}

/** Writes once while the connection stands, so that it is pushed to who sleeps, and the rest after it was forgotten. */
async function writeTo(to: string, peers: Peers, seconds: number, proxy: RecordingProxy): Promise<string[]> {
  const sent = Array.from({ length: MESSAGES }, (_, index) => `While you were asleep: ${index + 1}`);
  for (const [index, text] of sent.entries()) {
    await peers.send(to, text);
    await pause(index === 0 ? PUSHED_WITHIN : (seconds * 1000 - PUSHED_WITHIN) / (MESSAGES - 1));
    if (index === 0 && proxy.forget() === 0) throw new Error('there was no connection');
  }
  // Then nobody is connected to the gateways any more.
  await peers.ended();
  return sent;
}

/** What the chat shows once a message that was sent after all of them is there. */
async function shownTo(user: User, to: string, peers: Peers, sent: string[]): Promise<string[]> {
  await peers.send(to, LAST);
  await user.openChat();
  await user.openConversation(UNKNOWN);
  await user.untilReceived(sent.length + 1);
  const shown = await until('the last one', async () => {
    const all = await user.received();
    return all.includes(LAST) && all;
  });
  return shown.filter((text) => text !== LAST).sort();
}

const LAST = 'Good morning.';
