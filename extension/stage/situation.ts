import { computed, signal } from '@preact/signals';
import type { ConnectionView, Event, Settings, Snapshot, StageView } from 'sotto-wasm';

/** Where the vault and the connection stand, for pages that show little else. */
export class Situation {
  /** Null until the background has answered. */
  readonly stage = signal<StageView | null>(null);
  /** Null until the background has answered. */
  readonly connection = signal<ConnectionView | null>(null);
  /** The own address; null until a gateway knows us. */
  readonly address = signal<string | null>(null);
  /** The settings in force; null until the background has answered. */
  readonly settings = signal<Settings | null>(null);
  /** What protects the open vault; null while it is not open. */
  readonly protection = computed(() =>
    this.stage.value?.name === 'open' ? this.stage.value.protection : null,
  );

  apply(event: Event): void {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event.snapshot);
      case 'stage':
        this.stage.value = event.stage;
        return;
      case 'connection':
        this.connection.value = event.connection;
        return;
      case 'address':
        this.address.value = event.address;
    }
  }

  #replace({ stage, connection, address, settings }: Snapshot): void {
    this.stage.value = stage;
    this.connection.value = connection;
    this.address.value = address;
    this.settings.value = settings;
  }
}
