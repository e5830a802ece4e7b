import type { Background, BackgroundMessage, PageMessage, Request, SiteBackgroundMessage } from 'sotto-wasm';
import { wakeEveryMinute } from '../browser/alarm';
import { stayAwake } from '../browser/runtime';
import { extensionItself, senderOf } from '../browser/site-port';
import { text } from '../browser/strings';

/** How often the browser is told that we are in use; it ends a background after 30 s without. */
const STAY_AWAKE_EVERY = 20_000;
/** How long a page waits for the start before it is told that something is wrong. */
const START_PATIENCE = 30_000;
/** How long a page shows that starting failed before it asks again. */
const START_AGAIN_AFTER = 5_000;

/** The brain, as far as the host needs it. */
export type Brain = Pick<
  Background,
  'connectPort' | 'portMessage' | 'disconnectPort' | 'wake' | 'networkChanged' | 'isConnected'
>;

/** What goes to a page of the extension, or to a site. */
type Message = BackgroundMessage | SiteBackgroundMessage;

/** Starts the brain at the first event and hands every event to it. Decides nothing. */
export class Host {
  #brain: Promise<Brain> | undefined;

  constructor(private readonly start: () => Promise<Brain>) {}

  /** A page of the extension opened a port. */
  connect(port: chrome.runtime.Port): void {
    const { joined, send } = this.#join(port);
    const slow = setTimeout(() => send(startFailed(text('errorStartSlow'))), START_PATIENCE);
    joined
      .catch((error: unknown) => {
        send(startFailed(error));
        setTimeout(() => port.disconnect(), START_AGAIN_AFTER);
      })
      .finally(() => clearTimeout(slow));
  }

  /** The content script of a site opened a port. It is closed if there is nobody who could answer. */
  connectSite(port: chrome.runtime.Port): void {
    this.#join(port).joined.catch((error: unknown) => {
      console.error('Sotto did not start:', error);
      port.disconnect();
    });
  }

  /** The browser started, or a minute has passed. */
  wake(): void {
    this.#tell((brain) => brain.wake());
  }

  /** The computer is on another network, or on one again. */
  networkChanged(): void {
    this.#tell((brain) => brain.networkChanged());
  }

  /** The user asked for something by the keyboard, with no page that would wait for the answer. */
  ask(request: Request): void {
    this.#tell((brain) => {
      // The answer ends it. The brain may not be called while it is calling.
      const end = () => queueMicrotask(() => brain.disconnectPort(port));
      const port = brain.connectPort(end, extensionItself());
      brain.portMessage(port, { id: 1, request } satisfies PageMessage);
    });
  }

  /** Hands a port over to the brain, once that has started. */
  #join(port: chrome.runtime.Port) {
    let open = true;
    const brain = this.#started();
    const send = (message: Message) => {
      if (open) port.postMessage(message);
    };
    // Everything is chained on one promise, so that the brain sees events in their order.
    const joined = brain.then((brain) => brain.connectPort(send, senderOf(port)));
    const tell = (act: (brain: Brain, number: number) => void) =>
      void Promise.all([brain, joined]).then(
        ([brain, number]) => act(brain, number),
        () => undefined,
      );
    port.onMessage.addListener((message: unknown) =>
      tell((brain, number) => brain.portMessage(number, message)),
    );
    port.onDisconnect.addListener(() => {
      open = false;
      tell((brain, number) => brain.disconnectPort(number));
    });
    return { joined, send };
  }

  #tell(act: (brain: Brain) => void): void {
    this.#started().then(act, (error: unknown) => console.error('Sotto did not start:', error));
  }

  #started(): Promise<Brain> {
    this.#brain ??= this.#boot();
    return this.#brain;
  }

  async #boot(): Promise<Brain> {
    try {
      await wakeEveryMinute();
      const brain = await this.start();
      setInterval(() => void (brain.isConnected() && stayAwake()), STAY_AWAKE_EVERY);
      return brain;
    } catch (error) {
      this.#brain = undefined;
      throw error;
    }
  }
}

/** What pages show when there is no brain to tell them anything. */
function startFailed(error: unknown): BackgroundMessage {
  const message = text('errorStartFailed', error instanceof Error ? error.message : String(error));
  const problem = { code: 'start_failed', fault: 'internal', message } as const;
  return { event: { type: 'connection', connection: { state: 'offline', problem, retryAt: null } } };
}
