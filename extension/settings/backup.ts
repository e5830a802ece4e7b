import { signal } from '@preact/signals';
import { saveFile } from '../browser/save-file';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import { download } from '../link/transfer';
import { NewPassphrase } from '../lock/new-passphrase';

/** Saving everything into a file. */
export class Backup extends Asking {
  readonly passphrase = new NewPassphrase();
  /** The share of the file that is here, from 0 to 1; nothing while none is made. */
  readonly share = signal<number | null>(null);
  /** The name of the file that was saved last. */
  readonly savedAs = signal<string | null>(null);

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly save = saveFile,
  ) {
    super();
  }

  async export(): Promise<void> {
    if (!this.passphrase.ready.value) return;
    this.savedAs.value = null;
    const name = await this.run(() => this.#export(this.passphrase.first.value));
    this.share.value = null;
    if (name === undefined) return;
    this.passphrase.clear();
    this.savedAs.value = name;
  }

  async #export(passphrase: string): Promise<string | undefined> {
    this.share.value = 0;
    const reply = await this.link.request({ type: 'exportBackup', passphrase });
    if (reply.type !== 'download') return undefined;
    const file = await download(this.link, reply, (share) => (this.share.value = share));
    this.save(file, reply.name);
    return reply.name;
  }
}
