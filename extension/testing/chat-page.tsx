import { render } from 'preact';
import { vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { App } from '../popup/app';
import { Chat } from '../popup/chat';
import { Composing } from '../popup/composing';
import { History } from '../popup/history';
import { tellWhatIsSeen } from '../popup/reading';
import { Search } from '../popup/search';
import { FakeBackground, type Scenario } from './fake-background';
import { installFakeBrowser } from './fake-browser';
import { SCENARIOS } from './scenarios';

/** The chat page with a fake background, as a person uses it. Needs fake timers. */
export class ChatPage {
  readonly chat = new Chat();
  readonly background: FakeBackground;
  readonly #stops: (() => void)[];

  private constructor(scenario: Scenario) {
    this.background = new FakeBackground(installFakeBrowser(), scenario);
    const link = new BackgroundLink((event) => this.chat.apply(event));
    const composing = new Composing(link, this.chat);
    const history = new History(link, this.chat);
    const search = new Search(link, this.chat);
    this.#stops = [tellWhatIsSeen(this.chat, link), history.follow(), search.follow()];
    this.chat.place.value = scenario.open;
    render(<App {...{ chat: this.chat, composing, history, search, link }} inTab={false} />, document.body);
  }

  /** The page in a scenario, by its name or as it is. */
  static async show(scenario: string | Scenario): Promise<ChatPage> {
    const known = typeof scenario === 'string' ? (SCENARIOS[scenario] as Scenario) : scenario;
    const page = new ChatPage(structuredClone(known));
    await page.settle();
    return page;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    render(null, document.body);
  }

  settle = () => vi.advanceTimersByTimeAsync(50);
  all = (selector: string) => [...document.body.querySelectorAll<HTMLElement>(selector)];
  one = (selector: string) => this.all(selector)[0] as HTMLElement;
  /** The text of the first such element. */
  says = (selector: string) => this.one(selector)?.textContent;
  requests = (type: string) => this.background.requests.filter((request) => request.type === type);

  async click(selector: string): Promise<void> {
    this.one(selector).click();
    await this.settle();
  }

  async write(selector: string, text: string): Promise<void> {
    const field = this.one(selector) as HTMLTextAreaElement;
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await this.settle();
  }

  async press(selector: string, key: string, more: KeyboardEventInit = {}): Promise<void> {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
    this.one(selector).dispatchEvent(event);
    await this.settle();
  }
}
