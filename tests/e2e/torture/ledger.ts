/** How a message was sent. */
export type Manner = 'plain' | 'anonymous' | 'reply';

/** A message that a user asked to be sent. */
interface Said {
  manner: Manner;
  text: string;
  /** Whether the user was told, or shown after a restart, that it will be sent. */
  accepted: boolean;
  /** The ids under which the recipient was shown it. */
  shownAs: Set<string>;
}

/** What must not be. */
export interface Verdict {
  /** Messages that were accepted. */
  accepted: number;
  /** Requests that the background did not live to answer, and whose message was never seen again. */
  unanswered: number;
  /** Accepted and never shown to the recipient. */
  lost: string[];
  /** Shown more than once, or shown though nobody said it. */
  doubled: string[];
}

/** Who said what, and what the other was shown of it. Each message begins with a key of its own. */
export class Ledger {
  readonly #said = new Map<string, Said>();
  readonly #strange = new Set<string>();

  say(manner: Manner, text: string): void {
    this.#said.set(keyOf(text), { manner, text, accepted: false, shownAs: new Set() });
  }

  /** The sender knows that it will be sent. */
  accept(text: string): void {
    const said = this.#said.get(keyOf(text));
    if (said) said.accepted = true;
    else this.#strange.add(keyOf(text));
  }

  /** The recipient was shown a message under that id: the same id again is the same message. */
  show(text: string, id: string): void {
    const said = this.#said.get(keyOf(text));
    if (said) said.shownAs.add(id);
    else this.#strange.add(keyOf(text));
  }

  /** The text that begins with the same key. */
  original(text: string): string | undefined {
    return this.#said.get(keyOf(text))?.text;
  }

  verdict(): Verdict {
    const said = [...this.#said].map(([key, message]) => ({ key, ...message }));
    const name = ({ key, manner }: (typeof said)[number]) => `${key} (${manner})`;
    const accepted = said.filter((message) => message.accepted);
    return {
      accepted: accepted.length,
      unanswered: said.filter((message) => !message.accepted && message.shownAs.size === 0).length,
      lost: accepted.filter(({ shownAs }) => shownAs.size === 0).map(name),
      doubled: [...said.filter(({ shownAs }) => shownAs.size > 1).map(name), ...this.#strange],
    };
  }
}

function keyOf(text: string): string {
  return text.split(' ', 1)[0] ?? '';
}
