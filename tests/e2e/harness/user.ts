import type { Browser, Kind } from './browser';
import { Scratch } from './cleanup';

const byTestId = (name: string) => `[data-testid="${name}"]`;
const TO = byTestId('recipient');
const TEXT = byTestId('message-text');

/** What the chat shows about a message, as read from the page. */
export interface Shown {
  direction: 'sent' | 'received';
  text: string;
  state: string | null;
  label: string;
}

/** A person with a browser that has the extension. */
export class User {
  private constructor(
    private readonly kind: Kind,
    private readonly profile: Scratch,
    /** The browser, with the chat or another page of the extension in its tab. */
    public browser: Browser,
  ) {}

  /** A new user, connected to the mixnet of that directory unless told not to wait for that. */
  static async start(kind: Kind, directory: string): Promise<User> {
    const profile = await Scratch.create();
    const user = new User(kind, profile, await kind.launch(profile.path));
    await user.setDirectory(directory);
    await user.openChat();
    return user;
  }

  async setDirectory(directory: string): Promise<void> {
    await this.browser.open('settings/settings.html');
    await this.browser.until('the settings', `document.querySelector('${byTestId('directory')}')?.value`);
    await this.browser.paste(byTestId('directory'), directory);
    await this.browser.click('button.primary');
    await this.browser.until(
      'the settings to be saved',
      `document.querySelector('${byTestId('saved')}').textContent`,
    );
  }

  openChat(): Promise<void> {
    return this.browser.open('popup/popup.html');
  }

  async quit(): Promise<void> {
    await this.browser.close();
  }

  /** Starts the browser again, with the same profile. */
  async comeBack(): Promise<void> {
    this.browser = await this.kind.launch(this.profile.path);
    await this.openChat();
  }

  /** Closes the browser for good. */
  async leave(): Promise<void> {
    await this.browser.close();
    await this.profile.dispose();
  }

  /** The own address, once there is one. */
  address(): Promise<string> {
    return this.browser.until(
      'an address',
      `document.querySelector('${byTestId('own-address')}')?.dataset.full`,
    );
  }

  async online(): Promise<void> {
    await this.browser.until('the connection', `document.querySelector('.connection.online') !== null`);
  }

  /** Types a message and presses Enter. */
  async write(to: string, text: string): Promise<void> {
    // A draft of before is still there.
    await this.browser.paste(TO, '');
    await this.browser.paste(TEXT, '');
    await this.browser.type(TO, to);
    await this.browser.type(TEXT, text);
    await this.browser.press(TEXT, 'Enter');
  }

  fillRecipient(to: string): Promise<void> {
    return this.browser.paste(TO, to);
  }

  /** Pastes a message, which for a long one is faster than typing, and presses the button. */
  async writeLong(to: string, text: string): Promise<void> {
    await this.fillRecipient(to);
    await this.browser.setValue(TEXT, text);
    await this.browser.click('button.send');
  }

  /** All messages that the chat shows. */
  messages(): Promise<Shown[]> {
    return this.browser.evaluate(`[...document.querySelectorAll('${byTestId('message')}')].map((item) => ({
      direction: item.classList.contains('sent') ? 'sent' : 'received',
      text: item.querySelector('${byTestId('text')}').textContent,
      state: item.querySelector('${byTestId('delivery')}')?.dataset.state ?? null,
      label: item.querySelector('${byTestId('delivery')}')?.textContent ?? '',
    }))`);
  }

  /** The texts of the received messages, in order. */
  async received(): Promise<string[]> {
    const messages = await this.messages();
    return messages.filter(({ direction }) => direction === 'received').map(({ text }) => text);
  }

  async untilReceived(count: number): Promise<string[]> {
    await this.browser.until(
      `${count} received messages`,
      `document.querySelectorAll('.message.received').length >= ${count}`,
    );
    return this.received();
  }

  /** Waits until the newest sent message is in that state. */
  async untilSent(state: string): Promise<void> {
    const newest = `[...document.querySelectorAll('.message.sent ${byTestId('delivery')}')].at(-1)`;
    await this.browser.until(
      `the message to be ${state}`,
      `${newest}?.dataset.state === ${JSON.stringify(state)}`,
    );
  }

  /** Waits until some, but not all, of the newest message is on its way. */
  async untilInMidSend(): Promise<void> {
    await this.browser.until(
      'a message in the middle of being sent',
      `(() => { const bar = document.querySelector('.message.sent progress'); return bar && bar.value > 0 && bar.value < bar.max; })()`,
    );
  }

  /** Opens the newest long message that was received, and returns all of it. */
  async lastLongInFull(): Promise<string> {
    const button = `[...document.querySelectorAll('.message.received .link')].at(-1)`;
    await this.browser.evaluate(`${button}.click()`);
    const text = `${button}.closest('.bubble').querySelector('${byTestId('text')}')`;
    await this.browser.until('the whole text', `${text}.textContent.length > 2001`);
    return this.browser.evaluate(`${text}.textContent`);
  }

  /** What is written and not sent. */
  draft(): Promise<string> {
    return this.browser.evaluate(`document.querySelector('${TEXT}').value`);
  }

  /** Why Sotto is offline, once it is. */
  problem(): Promise<string> {
    return this.browser.until('a problem', `document.querySelector('${byTestId('problem')}')?.textContent`);
  }

  /** Why the last request was refused, once it was. */
  error(): Promise<string> {
    return this.browser.until('an error', `document.querySelector('${byTestId('error')}')?.textContent`);
  }
}
