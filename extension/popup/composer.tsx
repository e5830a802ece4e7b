import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { filesHaveToBeChosenElsewhere } from '../browser/file-choice';
import { text, type StringName } from '../browser/strings';
import { plainName } from '../format/file-name';
import { byteLength, size } from '../format/size';
import type { PeerView, SurbLevel } from 'sotto-wasm';
import type { Attachment, Composing } from './composing';
import { Name } from './file';
import { AttachIcon, CloseIcon, FileIcon, SendIcon } from './icons';

/** A text from this many characters on is shown with its size. */
const LARGE = 2_000;
export const NOTE_ID = 'composer-note';

interface Properties {
  composing: Composing;
  /** Without a correspondent it goes to whoever the user enters. */
  peer: PeerView | undefined;
  /** Whether the correspondent is told of us in plain text, which has no sender. */
  plain: boolean;
  place: string;
}

/** Where a message is written, and files are taken along. */
export function Composer({ composing, peer, plain, place }: Properties) {
  const message = useRef<HTMLTextAreaElement>(null);
  async function send() {
    await composing.send();
    message.current?.focus();
  }
  useEffect(() => {
    if (peer) message.current?.focus();
  }, []);
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {peer?.kind === 'anonymous' ? (
        <ReplyBlocks level={peer.level} written={composing.draft.value.text} />
      ) : (
        <Anonymous composing={composing} plain={plain} />
      )}
      <Attachments composing={composing} />
      <div class="writing">
        <Attach composing={composing} place={place} />
        <textarea
          ref={message}
          rows={2}
          aria-label={text('messageLabel')}
          aria-describedby={NOTE_ID}
          placeholder={text(peer?.kind === 'anonymous' ? 'answerPlaceholder' : 'messagePlaceholder')}
          data-testid="message-text"
          value={composing.draft.value.text}
          onInput={({ currentTarget }) => composing.write({ text: currentTarget.value })}
          onPaste={(event) => takeFiles(event, event.clipboardData, composing)}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return;
            event.preventDefault();
            void send();
          }}
        />
        <button
          class="send"
          disabled={!composing.canSend.value}
          aria-label={text('send')}
          title={text('send')}
        >
          <SendIcon />
        </button>
      </div>
      <Note composing={composing} />
    </form>
  );
}

/** Enter alone; not the Enter that picks a word in an input method. */
function isSendKey(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing;
}

/** Takes the files of a drop or a paste along. What else is in it goes its own way. */
export function takeFiles(event: globalThis.Event, data: DataTransfer | null, composing: Composing): void {
  const files = [...(data?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  composing.attach(files);
}

/** Whether the recipient learns who wrote. */
function Anonymous({ composing, plain }: { composing: Composing; plain: boolean }) {
  const on = composing.anonymous.value;
  return (
    <label class="manner">
      <input
        type="checkbox"
        role="switch"
        data-testid="anonymous"
        checked={on}
        onChange={({ currentTarget }) => composing.write({ anonymous: currentTarget.checked })}
      />
      <span>
        <strong>{text('sendAnonymously')}</strong>{' '}
        <span class="consequence" data-testid="manner">
          {text(mannerHint(on, plain))}
        </span>
      </span>
    </label>
  );
}

function mannerHint(anonymous: boolean, plain: boolean): StringName {
  if (anonymous) return 'anonymousOn';
  return plain ? 'plainOff' : 'signedOff';
}

/** What can be answered now, and whether this answer will have to wait. */
function ReplyBlocks({ level, written }: { level: SurbLevel; written: string }) {
  const waits = level.bytes === 0 || byteLength(written) > level.bytes;
  return (
    <p class={`manner ${waits ? 'waits' : ''}`} data-testid="reply-blocks" data-available={level.available}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{text(levelText(level, waits), level.available)}</span>
    </p>
  );
}

function levelText({ available, bytes }: SurbLevel, waits: boolean) {
  if (available === 0) return 'noReplyBlocks';
  if (bytes === 0) return 'fewReplyBlocks';
  return waits ? 'tooFewReplyBlocks' : 'replyBlocks';
}

/** The files that go along, each with a way to leave it here. */
function Attachments({ composing }: { composing: Composing }) {
  const attachments = composing.attachments.value;
  if (attachments.length === 0) return null;
  return (
    <ul class="attachments" aria-label={text('attachments')}>
      {attachments.map((one, index) => (
        <Attached key={index} attachment={one} composing={composing} />
      ))}
    </ul>
  );
}

function Attached({ attachment, composing }: { attachment: Attachment; composing: Composing }) {
  const { file, carried } = attachment;
  const label = text('removeAttachment', plainName(file.name));
  return (
    <li class="attachment" data-testid="attachment">
      <FileIcon />
      <Name file={file} />
      {carried === undefined ? (
        <button
          type="button"
          class="tool"
          aria-label={label}
          title={label}
          onClick={() => composing.detach(file)}
        >
          <CloseIcon />
        </button>
      ) : (
        <progress value={carried} aria-label={text('uploading')} />
      )}
    </li>
  );
}

function Attach({ composing, place }: { composing: Composing; place: string }) {
  const field = useRef<HTMLInputElement>(null);
  const elsewhere = useSignal(filesHaveToBeChosenElsewhere());
  const label = text('attach');
  if (elsewhere.value) {
    const href = `popup.html#conversation=${encodeURIComponent(place)}`;
    return (
      <a
        class="tool attach"
        href={href}
        target="_blank"
        aria-label={text('attachInTab')}
        title={text('attachInTab')}
      >
        <AttachIcon />
      </a>
    );
  }
  return (
    <>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        data-testid="file-field"
        onChange={({ currentTarget }) => {
          composing.attach([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
      <button
        type="button"
        class="tool attach"
        data-testid="attach"
        aria-label={label}
        title={label}
        onClick={() => field.current?.click()}
      >
        <AttachIcon />
      </button>
    </>
  );
}

/** One line that is always there, so that an error does not push the page about. */
function Note({ composing }: { composing: Composing }) {
  const error = composing.error.value;
  const written = composing.draft.value.text;
  const hint = written.length < LARGE ? text('keyboardHint') : size(byteLength(written));
  return (
    <p class={`note ${error ? 'error' : ''}`} id={NOTE_ID}>
      <span role="alert" data-testid="error" data-code={error?.code}>
        {error?.message}
      </span>
      {error ? null : hint}
    </p>
  );
}
