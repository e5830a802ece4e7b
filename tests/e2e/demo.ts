// The demo: a mixnet and two Chromium windows, each with the extension and a user of its own.
// With --headless the two write to each other by themselves and pictures are kept.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Chromium, POPUP_SIZE } from './harness/chromium';
import { Mixnet } from './harness/mixnet';
import { User } from './harness/user';

const PICTURES = resolve('docs/screenshots');
const headless = process.argv.includes('--headless');
/** The directory's port in the extension's default settings. */
const DEFAULT_PORT = 17_080;

function say(what: string): void {
  console.log(`  ${what}`);
}

async function picture(user: User, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await writeFile(join(PICTURES, `${name}.png`), await user.browser.screenshot());
  say(`picture: docs/screenshots/${name}.png`);
}

async function exchange(): Promise<void> {
  const mixnet = await Mixnet.start();
  say(`The mixnet runs; its directory is ${mixnet.directory}`);
  const [alice, bob] = await Promise.all([start('Alice', mixnet), start('Bob', mixnet)]);
  try {
    await ask(alice, bob, 'Hello Bob. Can you guess who writes this?');
    await answer(bob, alice, 'I cannot. But I can answer, and nobody between us knows whom.');
    await picture(alice, 'chat');
    await picture(bob, 'answer');
    await bob.openList();
    await picture(bob, 'list');
    await bob.browser.open('settings/settings.html');
    await bob.browser.until('the settings', `document.querySelector('form') !== null`);
    await picture(bob, 'settings');
  } finally {
    await Promise.allSettled([alice.leave(), bob.leave()]);
    await mixnet.stop();
  }
  console.log('The demo worked: two browsers exchanged messages through the mixnet.');
}

async function start(name: string, mixnet: Mixnet): Promise<User> {
  const options = { headless: true, viewport: POPUP_SIZE, deviceScaleFactor: 2 };
  const launch = (profile: string) => Chromium.launch(profile, options);
  const user = await User.start({ name, launch }, mixnet.directory);
  say(`${name} is ${await user.address()}`);
  return user;
}

/** Writes anonymously to somebody. */
async function ask(from: User, to: User, text: string): Promise<void> {
  await from.writeAnonymously(await to.address(), text);
  say(`written anonymously: ${text}`);
  await to.openAnonymous();
  await arrives(text, from, to);
}

/** Answers in the open conversation, which says nothing of who is answered. */
async function answer(from: User, to: User, text: string): Promise<void> {
  await from.reply(text);
  say(`answered: ${text}`);
  await arrives(text, from, to);
}

async function arrives(text: string, from: User, to: User): Promise<void> {
  const [received] = (await to.untilReceived(1)).slice(-1);
  if (received !== text) throw new Error(`something else arrived: ${received}`);
  await from.untilSent('atGateway');
  say(`arrived: ${text}`);
}

/** Two windows side by side, each with the address of the other filled in. */
async function windows(): Promise<void> {
  const mixnet = await Mixnet.start(DEFAULT_PORT);
  say(`The mixnet runs; its directory and status page is ${mixnet.directory}`);
  const opened = await Promise.all([openWindow(mixnet, 0), openWindow(mixnet, 660)]);
  const [alice, bob] = opened;
  await alice.fillRecipient(await bob.address());
  await bob.fillRecipient(await alice.address());
  say('Two windows are open, ready to write to each other. Close both, or press Ctrl+C, to end.');
  const closed = opened.map(({ browser }) =>
    (browser as Chromium).context.waitForEvent('close', { timeout: 0 }),
  );
  await Promise.race([Promise.all(closed), once(process, 'SIGINT')]);
  await Promise.allSettled(opened.map((user) => user.leave()));
  await mixnet.stop();
}

function openWindow(mixnet: Mixnet, left: number): Promise<User> {
  const extraArguments = [`--window-position=${left},40`, '--window-size=640,800'];
  const launch = (profile: string) =>
    Chromium.launch(profile, { headless: false, viewport: null, extraArguments });
  return User.start({ name: 'Chromium', launch }, mixnet.directory);
}

await (headless ? exchange() : windows());
