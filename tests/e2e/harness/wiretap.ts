import type { Cdp, CdpEvent } from './cdp';

/** What Chromium itself says of the network: the addresses that any of its pages and workers asked for. */
export class Wiretap {
  readonly urls = new Set<string>();

  /** Listens to everything that there is, and to what comes from its first moment on. */
  async attach(cdp: Cdp): Promise<void> {
    cdp.listen((event) => void this.#hear(cdp, event));
    await cdp.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
    });
  }

  async #hear(cdp: Cdp, { method, params }: CdpEvent): Promise<void> {
    switch (method) {
      case 'Target.attachedToTarget': {
        const session = String(params.sessionId);
        await cdp.send('Network.enable', {}, session).catch(() => undefined);
        await cdp.send('Runtime.runIfWaitingForDebugger', {}, session).catch(() => undefined);
        break;
      }
      case 'Network.requestWillBeSent':
        this.urls.add((params.request as { url: string }).url);
        break;
      case 'Network.webSocketCreated':
        this.urls.add(String(params.url));
        break;
    }
  }
}
