import { detect } from './detect.js';
import { extensionMissing } from './error.js';
import type {
  Cancellable,
  ConnectOptions,
  Data,
  Events,
  Nym,
  Permission,
  ReplyOptions,
  Sending,
  SendOptions,
  Unsubscribe,
} from './types.js';

let chosen: Nym | undefined;

/**
 * Has the functions of this package speak to that provider: one of several that the user chose, or a
 * test double. `undefined` has them look for one again.
 */
export function use(nym: Nym | undefined): void {
  chosen = nym;
}

/**
 * The provider that the functions of this package speak to.
 *
 * @throws NymError `extension.missing` if there is none. It is looked for again with the next call.
 */
export async function provider(): Promise<Nym> {
  const nym = chosen ?? (await detect());
  if (!nym) throw extensionMissing();
  chosen ??= nym;
  return chosen;
}

/** {@link Nym.connect} of the provider. */
export async function connect(options: ConnectOptions): Promise<Permission[]> {
  return (await provider()).connect(options);
}

/** {@link Nym.permissions} of the provider. */
export async function permissions(): Promise<Permission[]> {
  return (await provider()).permissions();
}

/** {@link Nym.disconnect} of the provider. */
export async function disconnect(): Promise<void> {
  return (await provider()).disconnect();
}

/** {@link Nym.address} of the provider. */
export async function address(options?: Cancellable): Promise<string> {
  return (await provider()).address(options);
}

/** {@link Nym.send} of the provider. */
export async function send(to: string, data: Data, options?: SendOptions): Promise<Sending> {
  return (await provider()).send(to, data, options);
}

/** {@link Nym.reply} of the provider. */
export async function reply(tag: string, data: Data, options?: ReplyOptions): Promise<Sending> {
  return (await provider()).reply(tag, data, options);
}

/**
 * {@link Nym.on} of the provider. Without one nothing is ever told; any other function of this package says so.
 */
export function on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): Unsubscribe {
  if (chosen) return chosen.on(event, listener);
  let end: Unsubscribe = () => {
    end = ENDED;
  };
  void provider().then(
    (nym) => {
      if (end !== ENDED) end = nym.on(event, listener);
    },
    () => undefined,
  );
  return () => end();
}

const ENDED: Unsubscribe = () => undefined;
