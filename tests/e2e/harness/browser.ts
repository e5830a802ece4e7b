import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ARTEFACTS } from './programs';
import { until } from './until';

/** Keys that tests press. */
export type Key = 'Enter' | 'Tab';

/** A file that a test makes up. */
export interface Attached {
  name: string;
  /** Its media type. */
  type: string;
  content: string;
}

/** What the system was to show. */
export interface Notified {
  title: string;
  message: string;
}

/**
 * A browser with the extension loaded and one tab or more, of which the current one shows pages of the extension. The same
 * for both kinds, so that they are tested by the same tests.
 */
export abstract class Browser {
  /** Shows a page of the extension, such as `popup/popup.html`. */
  abstract open(path: string): Promise<void>;
  /** Shows a page that is not the extension's, so that nothing of it but the background is left. */
  abstract openNothing(): Promise<void>;
  /** Opens another tab, which is the current one from then on. The first is number 0. */
  abstract newTab(): Promise<void>;
  abstract switchTo(tab: number): Promise<void>;
  /** Shows a page of the web. */
  abstract visit(url: string): Promise<void>;
  /** The addresses of the pages in all tabs and windows. */
  abstract addresses(): Promise<string[]>;
  /** Makes the tab or window current whose address has that in it. Whether there is one. */
  abstract switchToPage(part: string): Promise<boolean>;
  /** Closes the current tab or window, as a user does. Switch to another afterwards. */
  abstract closeTab(): Promise<void>;
  /** What a JavaScript expression is in the page. */
  abstract evaluate<T>(expression: string): Promise<T>;
  abstract click(selector: string): Promise<void>;
  /** Types into a field, key by key. */
  abstract type(selector: string, text: string): Promise<void>;
  abstract press(selector: string, key: Key): Promise<void>;
  abstract screenshot(): Promise<Buffer>;
  /** Ends the background as the browser may at any moment. The next event starts it again. */
  abstract killBackground(): Promise<void>;
  /** Closes it as a user does. Its profile stays. */
  abstract close(): Promise<void>;

  /** Waits until a JavaScript expression is true in the page, and returns its value. */
  async until<T>(what: string, expression: string): Promise<T> {
    try {
      return await until(what, () => this.evaluate<T>(expression));
    } catch (error) {
      await this.#keepPicture(what);
      throw error;
    }
  }

  /** Puts a text into a field at once, as pasting does, in place of what was there. */
  async paste(selector: string, text: string): Promise<void> {
    await this.evaluate(`(() => {
      const field = document.querySelector(${JSON.stringify(selector)});
      field.focus();
      field.select();
      document.execCommand('insertText', false, ${JSON.stringify(text)});
    })()`);
  }

  /** Sets a text too long for {@link paste}, whose undo history browsers keep. */
  async setValue(selector: string, text: string): Promise<void> {
    await this.evaluate(`(() => {
      const field = document.querySelector(${JSON.stringify(selector)});
      field.value = ${JSON.stringify(text)};
      field.dispatchEvent(new Event('input', { bubbles: true }));
    })()`);
  }

  /** Gives files to a field for them that need not be on disk, so that they may be called anything. */
  async attach(selector: string, files: readonly Attached[]): Promise<void> {
    // A test in Firefox sees a page through a glass; the page's own objects lie behind it.
    await this.evaluate(`((page) => {
      const data = new page.DataTransfer();
      for (const { name, type, content } of page.JSON.parse(${JSON.stringify(JSON.stringify(files))}))
        data.items.add(new page.File(page.Array.of(content), name, page.Object.fromEntries(page.Array.of(page.Array.of('type', type)))));
      const field = page.document.querySelector(${JSON.stringify(selector)});
      field.files = data.files;
      field.dispatchEvent(new page.Event('change', page.JSON.parse('{"bubbles":true}')));
    })(window.wrappedJSObject ?? window)`);
  }

  async #keepPicture(what: string): Promise<void> {
    await mkdir(ARTEFACTS, { recursive: true });
    const name = what.replace(/[^a-z0-9]+/gi, '-').slice(0, 60);
    await writeFile(join(ARTEFACTS, `failed-${name}-${Date.now()}.png`), await this.screenshot()).catch(
      console.error,
    );
  }
}

/** One whose background can be ended in the hardest way. */
export interface Mortal extends Browser {
  /**
   * Ends the process of the background with SIGKILL. The pages of the extension live in it and end
   * too. How many processes there were.
   */
  crashBackground(): Promise<number>;
  /** Puts another version of the extension, from that folder, in place of the one that is running. */
  update(folder: string): Promise<void>;
  /** Stops all of its processes where they are, as a computer that falls asleep does. */
  sleep(): Promise<void>;
  wake(): Promise<void>;
  /** Tells it that the computer has left its network, or is on one again. Its connections stay as they are. */
  setOnline(online: boolean): Promise<void>;
  /** Chooses a file from the disk in a field for it. */
  chooseFile(selector: string, path: string): Promise<void>;
  /** The folder in which it saves downloads, without asking. */
  readonly downloads: string;
  /** The notifications of the extension, from the first call on. Not while nothing but the background is there. */
  notified(): Promise<Notified[]>;
}

/** A kind of browser. */
export interface Kind<B extends Browser = Browser> {
  readonly name: string;
  /** Starts one with this profile folder; a folder used before gives the same user again. */
  launch(profile: string): Promise<B>;
}
