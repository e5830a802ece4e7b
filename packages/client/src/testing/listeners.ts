import type { Events, Unsubscribe } from '../types.js';

/** Who listens to what. */
export class Listeners<E extends object = Events> {
  readonly #of = new Map<keyof E, Set<(detail: never) => void>>();

  add<K extends keyof E>(event: K, listener: (detail: E[K]) => void): Unsubscribe {
    const set = this.#of.get(event) ?? new Set();
    this.#of.set(event, set.add(listener));
    return () => set.delete(listener);
  }

  has(event: keyof E): boolean {
    return (this.#of.get(event)?.size ?? 0) > 0;
  }

  tell<K extends keyof E>(event: K, detail: E[K]): void {
    for (const listener of [...(this.#of.get(event) ?? [])]) (listener as (detail: E[K]) => void)(detail);
  }
}
