import { computed, signal } from '@preact/signals';
import type { ErrorView, Event, GatewaysView, Request } from 'sotto-wasm';
import { RequestError, type BackgroundLink } from '../link/background-link';

/** How a gateway is found: at random, by speed, or by the name that the user picks. */
export type Way = 'random' | 'fastest' | 'named';

/** The gateways that know us, as the user sees and changes them. */
export class Gateways {
  /** Null until the background has said which there are. */
  readonly view = signal<GatewaysView | null>(null);
  /** The names that can be picked. */
  readonly choices = signal<readonly string[]>([]);
  readonly way = signal<Way>('random');
  readonly picked = signal<string | null>(null);
  readonly error = signal<ErrorView | null>(null);
  /** Those that can be picked, without the one in use. */
  readonly others = computed(() => this.choices.value.filter((name) => name !== this.view.value?.own));
  readonly canMove = computed(() => this.way.value !== 'named' || this.picked.value !== null);

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {}

  apply(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        this.view.value = event.snapshot.gateways;
        void this.#fetchChoices();
        return;
      case 'gateways':
        this.view.value = event.gateways;
        return;
      case 'topology':
        void this.#fetchChoices();
    }
  }

  async move(): Promise<void> {
    const to = this.way.value === 'named' ? this.picked.value : this.way.value;
    if (to !== null) await this.#ask({ type: 'changeGateway', to });
  }

  async stay(): Promise<void> {
    await this.#ask({ type: 'stayAtGateway' });
  }

  async leave(gateway: string): Promise<void> {
    await this.#ask({ type: 'leaveGateway', gateway });
  }

  async #ask(request: Request): Promise<void> {
    this.error.value = null;
    try {
      await this.link.request(request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
    }
  }

  async #fetchChoices(): Promise<void> {
    const reply = await this.link.request({ type: 'gatewayChoices' }).catch(() => undefined);
    if (reply?.type === 'gatewayChoices') this.choices.value = reply.gateways;
  }
}
