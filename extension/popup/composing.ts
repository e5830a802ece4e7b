import { batch, computed, effect, signal } from '@preact/signals';
import { clearDrafts, type Draft, loadDrafts, NO_DRAFT, saveDraft } from '../browser/draft';
import { text } from '../browser/strings';
import { fileName } from '../format/file-name';
import { size } from '../format/size';
import { RequestError, type BackgroundLink } from '../link/background-link';
import { upload } from '../link/transfer';
import type { ErrorView, Reply, Request } from 'sotto-wasm';
import { type Chat, NEW } from './chat';

/** The largest file that can be sent, in bytes. */
export const MOST_BYTES = 5 * 1024 * 1024;

/** A file that is to be sent. */
export interface Attachment {
  file: File;
  /** Which share of it the background has, from 0 to 1; nothing before it is sent. */
  carried: number | undefined;
}

/** What the user is writing in the open conversation, and what the background said to it. */
export class Composing {
  /** What is written in the place that is open. */
  readonly draft = computed(() => this.#drafts.value.get(this.#place()) ?? NO_DRAFT);
  /** The files that go with it. They are kept as long as the page is open. */
  readonly attachments = computed(() => this.#attached.value.get(this.#place()) ?? []);
  /** Whether it would go without telling who wrote it, and with a way to answer. */
  readonly anonymous = computed(() => this.draft.value.anonymous ?? this.chat.open.value?.anonymous ?? true);
  /** Why the last thing that the user asked for was refused. */
  readonly error = signal<ErrorView | null>(null);
  readonly #asking = signal(false);
  readonly #drafts = signal<ReadonlyMap<string, Draft>>(new Map());
  readonly #attached = signal<ReadonlyMap<string, readonly Attachment[]>>(new Map());
  readonly canSend = computed(
    () =>
      this.#recipient() !== undefined &&
      (this.draft.value.text.trim() !== '' || this.attachments.value.length > 0) &&
      !this.#asking.value,
  );

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    private readonly chat: Chat,
  ) {}

  /** Takes up what was left when the popup closed, except where the user was faster. */
  async restore(): Promise<void> {
    const stored = await loadDrafts();
    this.#drafts.value = new Map([...stored, ...this.#drafts.value]);
  }

  /** Forgets what was written, and where, when the vault is locked: it is as secret as what was sent. */
  forgetWhenLocked(): () => void {
    return effect(() => {
      const stage = this.chat.stage.value?.name ?? 'starting';
      if (stage === 'starting' || stage === 'open') return;
      batch(() => {
        this.#drafts.value = new Map();
        this.#attached.value = new Map();
        this.chat.place.value = undefined;
      });
      void clearDrafts();
    });
  }

  write(change: Partial<Draft>): void {
    this.error.value = null;
    this.#set(this.#place(), { ...this.draft.value, ...change });
  }

  /** Takes files along, except those that are too large, of which it says so. */
  attach(files: readonly File[]): void {
    const place = this.#place();
    const fitting = files.filter(({ size }) => size <= MOST_BYTES);
    const large = files.find(({ size }) => size > MOST_BYTES);
    this.error.value = large ? tooLarge(large) : null;
    const added = fitting.map((file) => ({ file, carried: undefined }));
    this.#setAttached(place, [...this.attachments.value, ...added]);
  }

  detach(file: File): void {
    this.error.value = null;
    this.#drop(this.#place(), file);
  }

  /** Sends what is written, and then the files. All stays until it is safely on disk, or is refused. */
  async send(): Promise<void> {
    if (!this.canSend.value) return;
    const [place, draft] = [this.#place(), this.draft.value];
    this.#asking.value = true;
    try {
      const conversation = await this.#sendAll(place, draft);
      if (conversation && place === NEW && this.chat.place.value === NEW) {
        this.chat.place.value = conversation;
      }
    } finally {
      this.#asking.value = false;
    }
  }

  /** Gives an address a name and a place in the list, without writing. */
  async addContact(): Promise<void> {
    const { to, name } = this.draft.value;
    const reply = await this.#asked({ type: 'addContact', address: to.trim(), name: name.trim() });
    if (reply?.type !== 'conversation') return;
    this.#set(NEW, { ...this.draft.value, to: '', name: '' });
    this.chat.place.value = reply.conversation.id;
  }

  /** Asks the background and shows what it refuses. */
  async ask(request: Request): Promise<boolean> {
    return (await this.#asked(request)) !== undefined;
  }

  /** Shows why something was refused that was asked elsewhere. */
  async shown<T>(asking: Promise<T>): Promise<T | undefined> {
    this.error.value = null;
    try {
      return await asking;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.error.value = error.view;
      return undefined;
    }
  }

  #asked(request: Request): Promise<Reply | undefined> {
    return this.shown(this.link.request(request));
  }

  /** The conversation that it went to, if anything did. Stops at what is refused. */
  async #sendAll(place: string, draft: Draft): Promise<string | undefined> {
    const to = this.#recipient();
    const [anonymous, files] = [this.anonymous.value, this.attachments.value];
    if (!to || !(await this.#named(to, draft.name))) return undefined;
    let conversation: string | undefined;
    if (draft.text.trim() !== '') {
      conversation = await this.#sendText(to, draft.text, anonymous);
      if (conversation === undefined) return undefined;
      this.#wasSent(place, draft, files.length === 0);
    }
    for (const { file } of files) {
      conversation = await this.#sendFile(place, file, to.id, anonymous);
      if (conversation === undefined) return undefined;
    }
    this.#wasSent(place, { ...draft, text: '' }, true);
    return conversation;
  }

  async #sendText({ id, isTag }: Recipient, text: string, anonymous: boolean): Promise<string | undefined> {
    const reply = await this.#asked(
      isTag ? { type: 'reply', to: id, text } : { type: 'send', to: id, text, anonymous },
    );
    return reply?.type === 'accepted' ? reply.conversation : undefined;
  }

  /** Nothing is left of a draft that was sent, unless the user has written on. */
  #wasSent(place: string, draft: Draft, all: boolean): void {
    const now = this.#drafts.value.get(place);
    if (now?.text === draft.text && now.to === draft.to) {
      this.#set(place, all ? NO_DRAFT : { ...draft, text: '' });
    }
  }

  /** A new contact has its name before it has its first message. */
  async #named({ id, isTag }: Recipient, name: string): Promise<boolean> {
    if (isTag || name.trim() === '') return true;
    return this.ask({ type: 'addContact', address: id, name: name.trim() });
  }

  async #sendFile(place: string, file: File, to: string, anonymous: boolean): Promise<string | undefined> {
    const number = await this.shown(upload(this.link, file, (share) => this.#carried(place, file, share)));
    this.#carried(place, file, undefined);
    if (number === undefined) return undefined;
    const { name, type: mediaType } = file;
    const sent = { conversation: to, upload: number, name, mediaType, anonymous };
    const reply = await this.#asked({ type: 'sendFile', ...sent });
    if (reply?.type !== 'accepted') return undefined;
    this.#drop(place, file);
    return reply.conversation;
  }

  #carried(place: string, file: File, carried: number | undefined): void {
    const attached = this.#attached.value.get(place) ?? [];
    this.#setAttached(
      place,
      attached.map((one) => (one.file === file ? { file, carried } : one)),
    );
  }

  #drop(place: string, file: File): void {
    const attached = this.#attached.value.get(place) ?? [];
    this.#setAttached(
      place,
      attached.filter((one) => one.file !== file),
    );
  }

  #place(): string {
    return this.chat.place.value ?? NEW;
  }

  /** To whom what is written would go, if there is somebody. */
  #recipient(): Recipient | undefined {
    if (this.chat.place.value === NEW) {
      const id = this.draft.value.to.trim();
      return id === '' ? undefined : { id, isTag: false };
    }
    const peer = this.chat.open.value?.peer;
    switch (peer?.kind) {
      case 'address':
        return { id: peer.address, isTag: false };
      case 'anonymous':
        return { id: peer.tag, isTag: true };
      default:
        return undefined;
    }
  }

  #setAttached(place: string, attachments: readonly Attachment[]): void {
    this.#attached.value = new Map(this.#attached.value).set(place, attachments);
  }

  #set(place: string, draft: Draft): void {
    this.#drafts.value = new Map(this.#drafts.value).set(place, draft);
    void saveDraft(place, draft);
  }
}

/** An address, or the tag of somebody anonymous. */
interface Recipient {
  id: string;
  isTag: boolean;
}

function tooLarge({ name, size: bytes }: File): ErrorView {
  const { stem, ending } = fileName(name);
  return { code: 'file.too-large', fault: 'you', message: text('fileTooLarge', stem + ending, size(bytes)) };
}
