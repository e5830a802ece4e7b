import type { SiteEvent, SiteReply } from 'sotto-wasm';
import type {
  Cancellable,
  Connection,
  ConnectOptions,
  Data,
  Events,
  Nym,
  NymError,
  Permission,
  ReplyOptions,
  Sending,
  SendOptions,
  Status,
  Unsubscribe,
} from '../../packages/client/src/types';
import { badParameter, extensionGone } from './error';
import { Inbox } from './inbox';
import { Listeners } from './listeners';
import { bare, freeze, SafePromise, settled } from './primordials';
import { cancelling, connecting, received, replying, sending, signalOf } from './request';
import { Sendings } from './sendings';
import { accepted, Wire } from './wire';

/** How long the user may take, in milliseconds: more than their question stays open. */
const PATIENCE_WITH_USER = 6 * 60_000;

/** Makes what `window.nym` is. */
export function makeNym(): Nym {
  const listeners = {
    status: new Listeners<Events['status']>(),
    connection: new Listeners<Connection>(),
    permissions: new Listeners<Permission[]>(),
  };
  const wire = new Wire({ event: hear, gone });
  const inbox = new Inbox((id) => wire.tell(received(id)));
  const sendings = new Sendings((id) => wire.ask(cancelling(id), done));

  function hear(event: SiteEvent): void {
    switch (event.type) {
      case 'message':
        return inbox.tell(event);
      case 'status':
        sendings.tell(statusOf(event));
        return void listeners.status.tell(statusOf(event));
      case 'connection':
        return void listeners.connection.tell({ state: event.state, reason: event.reason });
      case 'permissions':
        return void listeners.permissions.tell(event.permissions);
    }
  }

  function gone(): void {
    sendings.gone();
    listeners.connection.tell({ state: 'offline', reason: extensionGone().message });
  }

  /** Hands over a message. One that was given up and is accepted all the same is taken back. */
  function submit(request: string, signal: AbortSignal | undefined): Promise<Sending> {
    const late = (reply: SiteReply) => void (reply.type === 'accepted' && wire.tell(cancelling(reply.id)));
    const read = (reply: SiteReply) => sendings.follow(accepted(reply, 'accepted').id);
    return wire.ask(request, read, bare({ signal, late }));
  }

  const nym: Nym = {
    version: 1,
    connect: (options: ConnectOptions) =>
      attempt(() => {
        const patience = PATIENCE_WITH_USER;
        return wire.ask(connecting(options), granted, bare({ signal: signalOf(options), patience }));
      }),
    permissions: () => wire.ask('{"type":"permissions"}', granted),
    disconnect: () => wire.ask('{"type":"disconnect"}', done),
    address: (options?: Cancellable) =>
      attempt(() => {
        const read = (reply: SiteReply) => accepted(reply, 'address').address;
        return wire.ask('{"type":"address"}', read, bare({ signal: signalOf(options) }));
      }),
    send: (to: string, data: Data, options?: SendOptions) =>
      attempt(() => submit(sending(to, data, options), signalOf(options))),
    reply: (tag: string, data: Data, options?: ReplyOptions) =>
      attempt(() => submit(replying(tag, data, options), signalOf(options))),
    on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): Unsubscribe {
      switch (event as keyof Events) {
        case 'message':
          return inbox.on(listener as (detail: Events['message']) => void);
        case 'status':
          return listeners.status.add(listener as (detail: Events['status']) => void);
        case 'connection':
          return listeners.connection.add(listener as (detail: Connection) => void);
        case 'permissions':
          return listeners.permissions.add(listener as (detail: Permission[]) => void);
        default:
          throw badParameter('There is no such event.');
      }
    },
  };
  return freeze(nym);
}

/** A message of a site cannot be paused by it, so to the site such a message is one that waits. */
function statusOf({ id, state, reason }: Extract<SiteEvent, { type: 'status' }>): Status {
  return { id, state: state === 'paused' ? 'queued' : state, reason };
}

const done = (reply: SiteReply): void => void accepted(reply, 'ok');
const granted = (reply: SiteReply) => settled(accepted(reply, 'permissions').permissions);

/** What `act` throws becomes the promise's. */
function attempt<Value>(act: () => Promise<Value>): Promise<Value> {
  try {
    return act();
  } catch (error) {
    return new SafePromise((_, reject) => reject(error as NymError));
  }
}
