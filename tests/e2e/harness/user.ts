import type { Request, Settings } from 'sotto-wasm';
import type { Attached, Browser, Kind } from './browser';
import { Scratch } from './cleanup';

const byTestId = (name: string) => `[data-testid="${name}"]`;
const TO = byTestId('recipient');
const TEXT = byTestId('message-text');
const ANONYMOUS = byTestId('anonymous');
const CONVERSATION = byTestId('conversation');
const REPLY_BLOCKS = byTestId('reply-blocks');

/** Those of a new user, beside what the test chooses. */
export const SETTINGS: Omit<Settings, 'directory' | 'traffic'> = {
  lockAfterMinutes: null,
  receipts: true,
  notifications: 'plain',
  keepDays: null,
};

/** The states of a message that is at the recipient's gateway, or further. */
const ARRIVED = ['atGateway', 'delivered'];

/** What the chat shows about a message, as read from the page. */
export interface Shown {
  direction: 'sent' | 'received';
  text: string;
  state: string | null;
  label: string;
  /** How many elements its text has in it. */
  elements: number;
}

/** What the list shows about a conversation, as read from the page. */
export interface Listed {
  /** Address, sender tag or `unknown`. */
  id: string;
  kind: 'address' | 'anonymous' | 'unknown';
  name: string;
  last: string;
  unread: number;
}

/** A person with a browser that has the extension. */
export class User<B extends Browser = Browser> {
  private constructor(
    private readonly kind: Kind<B>,
    private readonly profile: Scratch,
    /** The browser, with the chat or another page of the extension in its tab. */
    public browser: B,
  ) {}

  /** Somebody who has just installed the extension, and has no vault yet. */
  static async newcomer<B extends Browser>(kind: Kind<B>): Promise<User<B>> {
    const profile = await Scratch.create();
    return new User(kind, profile, await kind.launch(profile.path));
  }

  /** A new user, who has the chat open and connects to the mixnet of that directory. */
  static async start<B extends Browser>(
    kind: Kind<B>,
    directory: string,
    traffic: Settings['traffic'] = 'direct',
  ): Promise<User<B>> {
    const user = await User.newcomer(kind);
    await user.#begin(directory, traffic);
    return user;
  }

  /** Makes a vault without a passphrase, by asking for it as the page for that does. */
  async #begin(directory: string, traffic: Settings['traffic']): Promise<void> {
    const settings = { ...SETTINGS, directory, traffic };
    const gate = `document.querySelector('${byTestId('gate')}')`;
    await this.openChat();
    await this.browser.until('the stage', `${gate}?.dataset.stage === 'new'`);
    await this.ask({ type: 'begin', settings, passphrase: undefined });
    await this.browser.until('the vault', `${gate} === null`);
  }

  /** Asks the background for something as the page does, and does not wait for the answer. */
  async ask(request: Request): Promise<void> {
    const message = JSON.stringify({ id: 1, request });
    // A test in Firefox sees a page through a glass; what the page has itself lies behind it.
    await this.browser.evaluate(`((page) => {
      const port = page.chrome.runtime.connect(page.JSON.parse('{"name":"sotto"}'));
      port.postMessage(page.JSON.parse(${JSON.stringify(message)}));
    })(window.wrappedJSObject ?? window)`);
  }

  /** Makes somebody who uses another program a contact, who is written to in plain text. */
  async addPlainContact(address: string): Promise<void> {
    await this.ask({ type: 'addContact', address, name: '' });
    const row = `document.querySelector('${CONVERSATION}[data-id="${address}"]')`;
    await this.browser.until('the contact', `${row} !== null`);
    await this.ask({ type: 'setPlain', conversation: address, plain: true });
  }

  async setDirectory(directory: string): Promise<void> {
    await this.browser.open('settings/settings.html');
    await this.browser.until('the settings', `document.querySelector('${byTestId('directory')}')?.value`);
    await this.browser.paste(byTestId('directory'), directory);
    await this.#saveSettings();
  }

  async #saveSettings(): Promise<void> {
    await this.browser.click('button.primary');
    await this.browser.until(
      'the settings to be saved',
      `document.querySelector('${byTestId('saved')}').textContent`,
    );
  }

  /** Moves to another gateway, by the button in the settings, and waits until it is done. */
  async moveGateway(): Promise<void> {
    await this.browser.open('settings/settings.html');
    const own = `document.querySelector('${byTestId('own-gateway')}')?.dataset.gateway`;
    const before = await this.browser.until<string>('a gateway', own);
    const button = byTestId('move-gateway');
    await this.browser.until('another gateway', `document.querySelector('${button}')?.disabled === false`);
    await this.browser.click(button);
    await this.browser.until('the move', `(${own} ?? '') !== '' && ${own} !== ${JSON.stringify(before)}`);
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

  /** Types a message to an address and presses Enter. It can only be answered by who knows ours. */
  write(to: string, text: string): Promise<void> {
    return this.#compose(to, text, false);
  }

  /** The same, with a way to answer and without telling who we are. */
  writeAnonymously(to: string, text: string): Promise<void> {
    return this.#compose(to, text, true);
  }

  async #compose(to: string, text: string, anonymous: boolean): Promise<void> {
    await this.newConversation();
    // A draft of before is still there.
    await this.browser.paste(TO, '');
    await this.browser.paste(TEXT, '');
    await this.browser.type(TO, to);
    await this.#setAnonymous(anonymous);
    await this.browser.type(TEXT, text);
    await this.browser.press(TEXT, 'Enter');
  }

  async #setAnonymous(anonymous: boolean): Promise<void> {
    const checked = await this.browser.evaluate<boolean>(`document.querySelector('${ANONYMOUS}').checked`);
    if (checked !== anonymous) await this.browser.click(ANONYMOUS);
  }

  /** Types a text into the open conversation and presses Enter: an answer, if it is anonymous. */
  async reply(text: string): Promise<void> {
    await this.browser.paste(TEXT, '');
    await this.browser.type(TEXT, text);
    await this.browser.press(TEXT, 'Enter');
  }

  /** The same with a text that is too long for typing. */
  async replyLong(text: string): Promise<void> {
    await this.browser.setValue(TEXT, text);
    await this.browser.click('button.send');
  }

  /** How many reply blocks the open conversation says are on hand. */
  async replyBlocks(): Promise<number> {
    return Number(
      await this.browser.until(
        'the reply blocks',
        `document.querySelector('${REPLY_BLOCKS}')?.dataset.available`,
      ),
    );
  }

  /**
   * Begins a new conversation; a message to an address that is known goes to its conversation. Waits
   * for the own address first, without which nothing can be sent.
   */
  async newConversation(): Promise<void> {
    await this.address();
    await this.openList();
    await this.browser.click(byTestId('new-conversation'));
    await this.browser.until('the field for the recipient', `document.querySelector('${TO}') !== null`);
  }

  /** Fills in the recipient of a new conversation, and goes no further. */
  async fillRecipient(to: string): Promise<void> {
    await this.newConversation();
    await this.browser.paste(TO, to);
  }

  /** Pastes a message, which for a long one is faster than typing, and presses the button. */
  async writeLong(to: string, text: string): Promise<void> {
    await this.newConversation();
    await this.#setAnonymous(false);
    await this.browser.setValue(TEXT, text);
    // After the text, so that a browser that lays out megabytes is waited for here and not by a click.
    await this.browser.paste(TO, to);
    await this.browser.click('button.send');
  }

  /** All conversations that are listed. */
  conversations(): Promise<Listed[]> {
    return this.browser.evaluate(`[...document.querySelectorAll('${CONVERSATION}')].map((row) => ({
      id: row.dataset.id,
      kind: row.dataset.kind,
      name: row.querySelector('.name').textContent,
      last: row.querySelector('.last').textContent,
      unread: Number(row.querySelector('${byTestId('unread')} [aria-hidden]')?.textContent ?? 0),
    }))`);
  }

  /** Opens a conversation by its id: an address, a sender tag, or `unknown`. Waits until it is there. */
  openConversation(id: string): Promise<void> {
    return this.#openRow(`${CONVERSATION}[data-id="${id}"]`);
  }

  /** Opens the conversation with an anonymous correspondent, the one that was active last. */
  openAnonymous(): Promise<void> {
    return this.#openRow(`${CONVERSATION}[data-kind="anonymous"]`);
  }

  async #openRow(row: string): Promise<void> {
    const open = `document.querySelector('${row}[aria-current]') !== null`;
    await this.browser.until('the conversation', `document.querySelector('${row}') !== null`);
    if (await this.browser.evaluate<boolean>(open)) return;
    await this.openList();
    await this.browser.click(row);
    await this.browser.until('the conversation to open', open);
  }

  /** Goes back to the list of conversations. */
  async openList(): Promise<void> {
    const list = `document.querySelector('.panes:not(.open)') !== null`;
    // The conversation that was open before opens again once the background has told of it.
    await this.browser.until(
      'the background to answer',
      `(document.querySelector('${byTestId('connection')}')?.dataset.state ?? 'starting') !== 'starting'`,
    );
    if (await this.browser.evaluate<boolean>(list)) return;
    await this.browser.click(byTestId('back'));
    await this.browser.until('the list', list);
  }

  /** Goes from the details back to the messages. */
  async closeDetails(): Promise<void> {
    await this.browser.click(byTestId('back'));
    await this.browser.until('the messages', `document.querySelector('${byTestId('details')}') === null`);
  }

  /** Opens what there is to know of the correspondent in the open conversation. */
  async openDetails(): Promise<void> {
    await this.browser.click(byTestId('open-details'));
    await this.browser.until('the details', `document.querySelector('${byTestId('details')}') !== null`);
  }

  /** Types another name for the correspondent into the open details, and saves it. */
  async rename(name: string): Promise<void> {
    await this.browser.paste(byTestId('rename'), name);
    const save = byTestId('save-name');
    await this.browser.until('a name to save', `document.querySelector('${save}')?.disabled === false`);
    await this.browser.click(save);
  }

  /** Looks for a text in names and messages. */
  async search(text: string): Promise<void> {
    await this.browser.paste(byTestId('search'), text);
    await this.browser.until(
      'the end of the search',
      `document.querySelector('${byTestId('found')} .row') && !/…$/.test(document.querySelector('${byTestId('search-state')}').textContent)`,
    );
  }

  /** Shows all conversations again. */
  async endSearch(): Promise<void> {
    await this.browser.click('[role="search"] button');
    await this.browser.until('the list', `document.querySelector('${byTestId('found')}') === null`);
  }

  /** Takes files along with what is written in the open conversation, as oneself, and waits until they are offered. */
  async attach(files: readonly Attached[]): Promise<void> {
    await this.#setAnonymous(false);
    await this.browser.attach(byTestId('file-field'), files);
    const offered = `document.querySelectorAll('${byTestId('attachment')}').length === ${files.length}`;
    await this.browser.until('the files to be offered', offered);
  }

  /** All messages that the open conversation shows. */
  messages(): Promise<Shown[]> {
    return this.browser.evaluate(`[...document.querySelectorAll('${byTestId('message')}')].map((item) => ({
      direction: item.classList.contains('sent') ? 'sent' : 'received',
      text: item.querySelector('${byTestId('text')}')?.textContent ?? '',
      state: item.querySelector('${byTestId('delivery')}')?.dataset.state ?? null,
      label: item.querySelector('${byTestId('delivery')}')?.textContent ?? '',
      elements: item.querySelector('${byTestId('text')}')?.childElementCount ?? 0,
    }))`);
  }

  /** The texts of the received messages in the open conversation, in order. */
  async received(): Promise<string[]> {
    const messages = await this.messages();
    return messages.filter(({ direction }) => direction === 'received').map(({ text }) => text);
  }

  /** Waits for so many received messages in the open conversation. */
  async untilReceived(count: number): Promise<string[]> {
    await this.browser.until(
      `${count} received messages`,
      `document.querySelectorAll('.message.received').length >= ${count}`,
    );
    return this.received();
  }

  /** Waits until the newest sent message of the open conversation is in that state, or further. */
  async untilSent(state: 'waitingForReplyBlocks' | 'atGateway' | 'delivered'): Promise<void> {
    const newest = `[...document.querySelectorAll('.message.sent ${byTestId('delivery')}')].at(-1)`;
    const states = state === 'atGateway' ? ARRIVED : [state];
    await this.browser.until(
      `the message to be ${state}`,
      `${JSON.stringify(states)}.includes(${newest}?.dataset.state)`,
    );
  }

  /** How many sent messages of the open conversation the recipient has confirmed. */
  delivered(): Promise<number> {
    return this.browser.evaluate(
      `document.querySelectorAll('.message.sent [data-state="delivered"]').length`,
    );
  }

  /** Waits until the open conversation has so many sent messages, all of them at the recipient's gateway. */
  async untilSaid(count: number): Promise<void> {
    const arrived = ARRIVED.map((state) => `.message.sent ${byTestId('delivery')}[data-state="${state}"]`);
    await this.browser.until(
      `${count} sent messages to arrive`,
      `document.querySelectorAll('${arrived}').length === ${count}`,
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

  /** What is written in the open conversation and not sent. */
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

/** The conversation with all who gave neither an address nor a way to answer, nor signed. */
export const UNKNOWN = 'unknown';
