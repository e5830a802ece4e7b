import { signal } from '@preact/signals';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import { dropUpload, upload } from '../link/transfer';

/** Putting a backup back: the file, its passphrase, and how far it is. */
export class Restoring extends Asking {
  readonly file = signal<File | null>(null);
  readonly passphrase = signal('');
  /** The share of the file that was handed over, from 0 to 1; nothing while none is. */
  readonly share = signal<number | null>(null);

  constructor(private readonly link: Pick<BackgroundLink, 'request'>) {
    super();
  }

  /** Whether everything is as it was in the backup. What was chosen stays if not. */
  async restore(): Promise<boolean> {
    const [file, passphrase] = [this.file.value, this.passphrase.value];
    if (!file || passphrase === '') return false;
    const done = await this.run(() => this.#restore(file, passphrase));
    this.share.value = null;
    return done !== undefined;
  }

  async #restore(file: File, passphrase: string): Promise<true> {
    this.share.value = 0;
    const number = await upload(this.link, file, (share) => (this.share.value = share));
    try {
      await this.link.request({ type: 'restoreBackup', upload: number, passphrase });
    } catch (error) {
      await dropUpload(this.link, number);
      throw error;
    }
    return true;
  }
}
