import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { byteLength, size } from '../format/size';
import type { PeerView, SurbLevel } from 'sotto-wasm';
import type { Composing } from './composing';
import { SendIcon } from './icons';

/** A text from this many characters on is shown with its size. */
const LARGE = 2_000;
export const NOTE_ID = 'composer-note';

/** Where a message is written. Without a correspondent it goes to whoever the user enters. */
export function Composer({ composing, peer }: { composing: Composing; peer: PeerView | undefined }) {
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
        <Anonymous composing={composing} />
      )}
      <div class="writing">
        <textarea
          ref={message}
          rows={2}
          aria-label={text('messageLabel')}
          aria-describedby={NOTE_ID}
          placeholder={text(peer?.kind === 'anonymous' ? 'answerPlaceholder' : 'messagePlaceholder')}
          data-testid="message-text"
          value={composing.draft.value.text}
          onInput={({ currentTarget }) => composing.write({ text: currentTarget.value })}
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

/** Whether the recipient can answer. Nobody learns the own address either way. */
function Anonymous({ composing }: { composing: Composing }) {
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
        <span class="hint">{text(on ? 'anonymousOn' : 'anonymousOff')}</span>
      </span>
    </label>
  );
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
