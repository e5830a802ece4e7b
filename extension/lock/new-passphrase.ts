import { computed, signal } from '@preact/signals';
import { strength } from './strength';

/** A passphrase that is being chosen, typed twice. */
export class NewPassphrase {
  readonly first = signal('');
  readonly second = signal('');
  readonly strength = computed(() => strength(this.first.value));
  /** Whether the second one differs from what the first one begins with: it cannot become the same. */
  readonly differs = computed(() => !this.first.value.startsWith(this.second.value));
  /** Whether it can be used. */
  readonly ready = computed(() => this.strength.value !== 'short' && this.first.value === this.second.value);

  /** Forgets what was typed. */
  clear(): void {
    this.first.value = '';
    this.second.value = '';
  }
}
