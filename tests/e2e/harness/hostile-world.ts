/**
 * A script for pages that turn their own world against whoever else runs in it. `pollute(what)` makes all
 * methods of some classes, and the names that the language and programs read from objects, throw; each notes
 * first what it was called with. `restore()` takes that back, as a test cannot look at such a world.
 * `attack(what, calls)` pollutes, makes the calls, waits until all have settled, restores, writes `report`
 * and then `#done` into the address.
 */
export const HOSTILE_WORLD = `
const { apply, ownKeys, setPrototypeOf, defineProperty: define, getOwnPropertyDescriptor: describe } = Reflect;
const { then } = Promise.prototype, PagePromise = Promise, { species } = Symbol, { stringify, parse } = JSON;
const later = setTimeout.bind(window), { getPrototypeOf } = Object, { replaceState } = History.prototype;
const undo = { __proto__: null, length: 0 };
let stolen = '';

function note(value) {
  if (typeof value === 'string') stolen += value;
  else if (typeof value === 'object' && value !== null && typeof value.detail === 'string') stolen += value.detail;
}
function boom() {
  for (let at = 0; at < arguments.length; at++) note(arguments[at]);
  throw 'polluted';
}
function put(owner, name, descriptor) {
  const before = describe(owner, name);
  if (before && !before.configurable) return;
  if (before) setPrototypeOf(before, null);
  undo[undo.length++] = { __proto__: null, owner, name, before };
  define(owner, name, descriptor);
}
const method = { __proto__: null, value: boom, writable: true, configurable: true };
const field = { __proto__: null, get: boom, set: boom, configurable: true };
const KEPT = ['prototype', 'length', 'name', 'arguments', 'caller', 'constructor'];

function spoil(owner) {
  const names = ownKeys(owner);
  const skipped = names.map((name) => KEPT.includes(name));
  return () => {
    for (let at = 0; at < names.length; at++) if (!skipped[at]) put(owner, names[at], method);
  };
}
function inherit(names, descriptor) {
  return () => {
    for (let at = 0; at < names.length; at++) put(Object.prototype, names[at], descriptor);
  };
}
const replace = (name) => () => put(window, name, method);

const SPOILT = {
  __proto__: null,
  'Object.prototype': [
    inherit(['then', 'toJSON', 'value', 'writable', 'enumerable', 'signal', 'patience', 'late', 'anonymous', 'surbs',
      'plain', 'bubbles', 'cancelable', 'detail', 'once', 'childList', 'left', 'permissions'], method),
    inherit(['code', 'reason', 'message', 'cause', 'id', 'status', 'listener', 'buffer', 'offset', 'kind', 'content',
      'type', 'reply', 'event', 'gone', 'error', 'request', 'state', 'to', 'data', 'x'], field),
  ],
  'Array.prototype': [spoil(Array), spoil(Array.prototype), spoil(getPrototypeOf([].keys())), () => put(Array.prototype, '0', field)],
  Promise: [spoil(Promise), spoil(Promise.prototype), replace('Promise')],
  JSON: [spoil(JSON)],
  EventTarget: [spoil(EventTarget.prototype), spoil(Event.prototype), spoil(CustomEvent.prototype), spoil(AbortSignal.prototype),
    spoil(MutationObserver.prototype), replace('CustomEvent'), replace('MutationObserver')],
  rest: [spoil(Map.prototype), spoil(Set.prototype), spoil(String.prototype), spoil(Number), spoil(Reflect), spoil(Math),
    spoil(Object), spoil(ArrayBuffer), spoil(ArrayBuffer.prototype), spoil(Uint8Array.prototype),
    spoil(getPrototypeOf(Uint8Array.prototype)), spoil(DataView.prototype), spoil(Error.prototype),
    spoil(getPrototypeOf(new Map().keys())), spoil(Function.prototype),
    replace('Map'), replace('Set'), replace('Date'), replace('Error'), replace('Uint8Array'), replace('setTimeout'), replace('clearTimeout')],
};

function pollute(what) {
  for (const name in SPOILT)
    if (what === 'everything' || what === name) for (let at = 0; at < SPOILT[name].length; at++) SPOILT[name][at]();
}
function restore() {
  while (undo.length > 0) {
    const { owner, name, before } = undo[--undo.length];
    if (before) define(owner, name, before);
    else delete owner[name];
  }
}

const CALLS = {
  __proto__: null,
  permissions: () => nym.permissions(),
  connect: () => nym.connect({ permissions: ['send', 'receive', 'reply'] }),
  address: () => nym.address(),
  text: () => nym.send(own, mark),
  json: () => nym.send(own, { mark: [1, mark, null] }, { anonymous: true, surbs: 2 }),
  bytes: () => nym.send(own, new bytes.constructor(bytes.buffer)),
  reply: () => nym.reply('none', 'polluted'),
  malformed: () => nym.send(own, undefined),
};
let own, mark = '', results = { __proto__: null };
const bytes = new Uint8Array([0, 255, 128]);
// A message may well come while nothing of an array works.
const got = { __proto__: null, length: 0 };

function outcome(value) {
  if (value === null || typeof value !== 'object') return typeof value;
  return value.name === 'NymError' ? value.reason : value === undefined ? 'undefined' : 'value';
}
function watch(name, settled) {
  try {
    const promise = CALLS[name]();
    define(promise, 'constructor', { __proto__: null, value: { __proto__: null, [species]: PagePromise }, configurable: true });
    apply(then, promise, [(value) => settled(name, value, true), (error) => settled(name, error, false)]);
  } catch (error) {
    settled(name, error, 'thrown');
  }
}
function assault(patience, ended) {
  let open = 0, over = false;
  const end = () => {
    if (over) return;
    over = true;
    restore();
    ended();
  };
  for (const name in CALLS) open++;
  for (const name in CALLS)
    watch(name, (name, value, well) => {
      results[name] = { __proto__: null, value, well };
      if (--open === 0) end();
    });
  later(end, patience);
}
function tell() {
  const said = {};
  for (const name in CALLS) {
    const result = results[name];
    said[name] = !result ? 'never settled' : result.well === 'thrown' ? 'thrown: ' + String(result.value) : result.well ? 'ok' : outcome(result.value);
  }
  window.report = { said, stolen };
  apply(replaceState, history, [null, '', '#done']);
}
function attack(what, address) {
  own = address;
  mark = what;
  nym.on('message', ({ data }) => void (got[got.length++] = data));
  later(() => {
    pollute(what);
    assault(30000, tell);
  }, 0);
}
`;
