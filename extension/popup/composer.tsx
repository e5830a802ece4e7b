import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';
import { byteLength, size } from '../format/size';
import type { Composing } from './composing';
import { SendIcon } from './icons';

/** A text from this many characters on is shown with its size. */
const LARGE = 2_000;
const NOTE_ID = 'composer-note';

/** Where a message is written: to whom, and what. */
export function Composer({ composing }: { composing: Composing }) {
  const message = useRef<HTMLTextAreaElement>(null);
  async function send() {
    await composing.send();
    message.current?.focus();
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Recipient composing={composing} />
      <div class="writing">
        <textarea
          ref={message}
          rows={2}
          aria-label={text('messageLabel')}
          aria-describedby={NOTE_ID}
          placeholder={text('messagePlaceholder')}
          data-testid="message-text"
          value={composing.text.value}
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

/** Shows both ends of an address, and all of it while it is edited. */
function Recipient({ composing }: { composing: Composing }) {
  const focused = useSignal(false);
  const to = composing.to.value;
  const wrong = composing.error.value?.code.includes('address') ?? false;
  return (
    <label class="recipient">
      <span>{text('recipient')}</span>
      <input
        class="address"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder={text('recipientPlaceholder')}
        data-testid="recipient"
        title={to}
        aria-invalid={wrong}
        aria-describedby={wrong ? NOTE_ID : undefined}
        value={focused.value ? to : shorten(to, 39)}
        onFocus={() => (focused.value = true)}
        onBlur={() => (focused.value = false)}
        onInput={({ currentTarget }) => composing.write({ to: currentTarget.value })}
      />
    </label>
  );
}

/** One line that is always there, so that an error does not push the page about. */
function Note({ composing }: { composing: Composing }) {
  const error = composing.error.value;
  const written = composing.text.value;
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
