import type messages from '../_locales/en/messages.json';

/** The name of a string in `_locales`. */
export type StringName = keyof typeof messages;

/** The string of that name in the user's language, with its placeholders filled in order. */
export function text(name: StringName, ...substitutions: (string | number)[]): string {
  return chrome.i18n.getMessage(name, substitutions.map(String));
}
