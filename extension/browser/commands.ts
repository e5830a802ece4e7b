import type manifest from '../manifest.json';

/** The keyboard commands that reach the background: those the browser carries out itself have an underscore. */
export type Command = Exclude<keyof (typeof manifest)['commands'], `_${string}`>;

/** Carries out keyboard commands. Must be called while the background loads. */
export function onCommand(commands: Record<Command, () => void>): void {
  chrome.commands.onCommand.addListener((name) => {
    if (Object.hasOwn(commands, name)) commands[name as Command]();
  });
}
