/*
 * What this script uses of the page's world, taken before any script of the page runs. Pages change
 * `Array.prototype`, `JSON` or `Promise`, by design or by mistake, and `window.nym` goes on working.
 * So in this folder no method is called on a value that looks itself up in a prototype, nothing is
 * awaited or iterated, and what the language reads from objects has no prototype or its own fields.
 * It is no wall: nothing here may do more than the page itself. The walls are the bridge and the
 * background.
 */

const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;

type Method<This, Arguments extends unknown[], Result> = (this: This, ...values: Arguments) => Result;

/** A method as a function that takes its `this` first. */
function free<This, Arguments extends unknown[], Result>(method: Method<This, Arguments, Result>) {
  return (self: This, ...values: Arguments): Result => apply(method, self, values) as Result;
}

/** A getter as a function. It throws for what is of another class. */
function getter<Value>(owner: object, name: PropertyKey): (self: unknown) => Value {
  const get = getOwnPropertyDescriptor(owner, name)?.get;
  if (!get) throw new TypeError(`no getter ${String(name)}`);
  return (self) => apply(get, self, []) as Value;
}

export const window = globalThis as unknown as Window & typeof globalThis;
const TypedArray = getPrototypeOf(Uint8Array.prototype) as object;

export { apply, getPrototypeOf };
export const { defineProperty, freeze, hasOwn, keys } = Object;
export const { isArray } = Array;
export const { isFinite, isInteger } = Number;
export const { parse, stringify } = JSON;
export const { isView } = ArrayBuffer;
export const { floor, random } = Math;
export const { setTimeout, clearTimeout, reportError, document } = window;
export const SafePromise = Promise;
export const SafeMap = Map;
export const SafeSet = Set;
export const SafeDate = Date;
export const SafeError = Error;
export const Bytes = Uint8Array;
export const SafeCustomEvent = CustomEvent;
export const SafeMutationObserver = MutationObserver;

export const mapGet = free(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined;
export const mapSet = free(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => void;
export const mapDelete = free(Map.prototype.delete) as <K>(map: Map<K, unknown>, key: K) => boolean;
export const mapForEach = free(Map.prototype.forEach) as <K, V>(
  map: Map<K, V>,
  visit: (value: V, key: K) => void,
) => void;
export const mapSize = getter<number>(Map.prototype, 'size');
export const setAdd = free(Set.prototype.add) as <V>(set: Set<V>, value: V) => void;
export const setDelete = free(Set.prototype.delete) as <V>(set: Set<V>, value: V) => boolean;
export const setForEach = free(Set.prototype.forEach) as <V>(set: Set<V>, visit: (value: V) => void) => void;
export const setSize = getter<number>(Set.prototype, 'size');

const mapKeys = free(Map.prototype.keys);
const mapNext = free((getPrototypeOf(new Map().keys()) as Iterator<unknown>).next);
/** The key that was put in first. */
export const firstKey = <K>(map: Map<K, unknown>): K => mapNext(mapKeys(map) as never).value as K;

export const charCodeAt = free(String.prototype.charCodeAt);
export const isWellFormed = free(
  (String.prototype as unknown as { isWellFormed: (this: string) => boolean }).isWellFormed,
);

export const bufferLength = getter<number>(ArrayBuffer.prototype, 'byteLength');
/** Of which class a typed array is; nothing for anything else. */
export const typedArrayName = getter<string | undefined>(TypedArray, Symbol.toStringTag);
export const arrayBuffer = getter<ArrayBuffer>(TypedArray, 'buffer');
export const arrayOffset = getter<number>(TypedArray, 'byteOffset');
export const arrayLength = getter<number>(TypedArray, 'byteLength');
export const viewBuffer = getter<ArrayBuffer>(DataView.prototype, 'buffer');
export const viewOffset = getter<number>(DataView.prototype, 'byteOffset');
export const viewLength = getter<number>(DataView.prototype, 'byteLength');

export const listen = free(EventTarget.prototype.addEventListener) as (
  target: EventTarget,
  type: string,
  listener: (event: Event) => void,
) => void;
export const unlisten = free(EventTarget.prototype.removeEventListener) as typeof listen;
export const dispatch = free(EventTarget.prototype.dispatchEvent);
export const preventDefault = free(Event.prototype.preventDefault) as (event: Event) => void;
export const detailOf = getter<unknown>(CustomEvent.prototype, 'detail');
export const isAborted = getter<boolean>(AbortSignal.prototype, 'aborted');
export const abortReason = getter<unknown>(AbortSignal.prototype, 'reason');
export const observe = free(MutationObserver.prototype.observe);

/** A copy of an object without a prototype, for what the language or the browser reads fields of. */
export function bare<Fields extends object>(fields: Fields): Fields {
  return { __proto__: null, ...fields } as Fields;
}

/** A value that a promise can be resolved with: it is not asked for a `then` that others may have given it. */
export function settled<Value extends object>(value: Value): Value {
  return defineProperty(value, 'then', bare({ value: undefined, configurable: true, writable: true }));
}
