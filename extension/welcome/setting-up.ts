import { computed, signal } from '@preact/signals';
import type { Settings } from 'sotto-wasm';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import { NewPassphrase } from '../lock/new-passphrase';
import { Restoring } from '../recovery/restoring';
import type { Situation } from '../stage/situation';

/** The steps that come before there is a vault. After them it is connected. */
export type Step = 'about' | 'kind' | 'restore' | 'passphrase' | 'network';
/** All steps as they are counted. */
export type Place = Step | 'connect';

/** The networks that can be joined. */
export type Network = 'public' | 'local' | 'own';

/** The directories of those that are known. */
export const DIRECTORIES: Record<Exclude<Network, 'own'>, string> = {
  public: 'https://validator.nymtech.net/api/',
  local: 'http://127.0.0.1:17080/',
};

const ANEW: readonly Place[] = ['about', 'kind', 'passphrase', 'network', 'connect'];
const RESTORED: readonly Place[] = ['about', 'kind', 'restore', 'connect'];

/** What the user chooses on the way to a vault, and the way itself. */
export class SettingUp {
  readonly step = signal<Step>('about');
  readonly passphrase = new NewPassphrase();
  readonly network = signal<Network>('public');
  /** The directory of an own network. */
  readonly own = signal('');
  readonly traffic = signal<Settings['traffic']>('protected');
  readonly beginning = new Asking();
  readonly restoring: Restoring;
  /** Where the user is. */
  readonly place = computed<Place>(() =>
    this.situation.stage.value?.name === 'open' ? 'connect' : this.step.value,
  );
  /** The way that leads through the place where the user is. */
  readonly way = computed(() => (this.step.value === 'restore' ? RESTORED : ANEW));
  /** Whether a vault is being made: what was chosen stays in view until it is there. */
  readonly busy = computed(() => this.beginning.busy.value || this.restoring.busy.value);
  readonly #skipped = signal(false);

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly situation: Situation,
  ) {
    this.restoring = new Restoring(link);
  }

  go(step: Step): void {
    this.step.value = step;
  }

  /** One step back; from the first there is none. */
  back(): void {
    const way = this.way.value;
    const before = way[way.indexOf(this.step.value) - 1];
    if (before && before !== 'connect') this.step.value = before;
  }

  /** The passphrase that was typed locks the vault. */
  lockWithPassphrase(): void {
    if (!this.passphrase.ready.value) return;
    this.#skipped.value = false;
    this.go('network');
  }

  /** A device key locks the vault. */
  goWithoutPassphrase(): void {
    this.passphrase.clear();
    this.#skipped.value = true;
    this.go('network');
  }

  /** Makes the vault. */
  async begin(): Promise<void> {
    const settings = this.#settings();
    if (!settings) return;
    const passphrase = this.#skipped.value ? undefined : this.passphrase.first.value;
    const done = await this.beginning.run(() => this.link.request({ type: 'begin', settings, passphrase }));
    if (done) this.passphrase.clear();
  }

  #settings(): Settings | undefined {
    const settings = this.situation.settings.value;
    const network = this.network.value;
    const directory = network === 'own' ? this.own.value.trim() : DIRECTORIES[network];
    return settings ? { ...settings, directory, traffic: this.traffic.value } : undefined;
  }
}
