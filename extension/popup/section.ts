import type { MessageView } from 'sotto-wasm';

/** Messages of one conversation that are next to one another, oldest first: as many as a page keeps. */
export interface Section {
  readonly messages: readonly MessageView[];
  /** Whether there may be older ones than these. */
  readonly older: boolean;
  /** Whether there are newer ones than these. */
  readonly newer: boolean;
}

/** A part of a conversation as the background answers it, oldest first. */
export interface Page {
  messages: readonly MessageView[];
  /** Whether there is more on the side that was asked for. */
  more: boolean;
}

/** At most so many messages are kept and shown at a time, however long the conversation is. */
export const MOST = 160;

/** The section with a message that is new or changed. One that belongs outside of it changes nothing. */
export function withMessage(section: Section, message: MessageView): Section {
  const { messages } = section;
  const index = messages.findIndex(({ id }) => id === message.id);
  if (index >= 0) return { ...section, messages: messages.with(index, message) };
  const next = messages.findIndex(({ at }) => at > message.at);
  if (next < 0) return section.newer ? section : cutOldest({ ...section, messages: [...messages, message] });
  if (next === 0 && section.older) return section;
  return cutOldest({ ...section, messages: messages.toSpliced(next, 0, message) });
}

/** The section without a message. */
export function withoutMessage(section: Section, id: string): Section {
  if (!section.messages.some((message) => message.id === id)) return section;
  return { ...section, messages: section.messages.filter((message) => message.id !== id) };
}

/** The section with the messages just before it. */
export function withOlder(section: Section, page: Page): Section {
  const messages = [...unknownTo(section, page), ...section.messages];
  const newer = section.newer || messages.length > MOST;
  return { messages: messages.slice(0, MOST), older: page.more, newer };
}

/** The section with the messages just after it. */
export function withNewer(section: Section, page: Page): Section {
  const messages = [...section.messages, ...unknownTo(section, page)];
  return cutOldest({ ...section, messages, newer: page.more });
}

/** The newest messages as they are now, and before them what is known already. */
export function withNewest(section: Section | undefined, page: Page): Section {
  const fresh = { messages: page.messages, older: page.more, newer: false };
  if (!section || section.newer) return fresh;
  const first = section.messages.findIndex(({ id }) => id === page.messages[0]?.id);
  if (first < 0) return fresh;
  const messages = [...section.messages.slice(0, first), ...page.messages];
  return cutOldest({ messages, older: first > 0 ? section.older : page.more, newer: false });
}

/** What is kept of a section that is not in view: the end of the conversation. */
export function atRest(section: Section): Section | undefined {
  if (section.newer) return undefined;
  return cutOldest(section, MOST / 4);
}

function cutOldest(section: Section, most = MOST): Section {
  const { messages } = section;
  return messages.length <= most ? section : { ...section, messages: messages.slice(-most), older: true };
}

function unknownTo(section: Section, page: Page): MessageView[] {
  const known = new Set(section.messages.map(({ id }) => id));
  return page.messages.filter(({ id }) => !known.has(id));
}
