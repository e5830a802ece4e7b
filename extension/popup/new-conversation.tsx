import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { text } from '../browser/strings';
import { LONGEST_NAME, readContact } from '../format/contact-link';
import { shorten } from '../format/shorten';
import { QrReader } from '../qr/qr-reader';
import type { Composing } from './composing';
import { NOTE_ID } from './composer';
import { QrIcon } from './icons';

/** The page of a new conversation, in a tab. */
const IN_TAB = 'popup.html#new';

/** To whom a new conversation is, and what it is about to be. */
export function NewConversation({ composing }: { composing: Composing }) {
  const reads = useSignal(false);
  function onRead(found: string) {
    take(composing, found);
    reads.value = false;
  }
  return (
    <div class="new-talk">
      <div class="recipient-row">
        <Recipient composing={composing} />
        <button
          type="button"
          class="tool"
          data-testid="read-qr"
          aria-expanded={reads.value}
          aria-label={text('readQr')}
          title={text('readQr')}
          onClick={() => (reads.value = !reads.value)}
        >
          <QrIcon />
        </button>
      </div>
      {reads.value ? <QrReader tabHref={IN_TAB} onRead={onRead} /> : null}
      <Name composing={composing} />
      <p class="muted">{text('newHint')}</p>
    </div>
  );
}

/** Takes what was pasted or read: a link brings a name along, and anything else is shown as it is. */
function take(composing: Composing, written: string): void {
  const contact = readContact(written);
  const name = contact?.name || composing.draft.value.name;
  composing.write(contact ? { to: contact.address, name } : { to: written });
}

/** Shows both ends of an address, and all of it while it is edited. */
function Recipient({ composing }: { composing: Composing }) {
  const focused = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const { to } = composing.draft.value;
  const wrong = composing.error.value?.code.includes('address') ?? false;
  useEffect(() => {
    if (to === '') field.current?.focus();
  }, []);
  return (
    <label class="recipient">
      <span>{text('recipient')}</span>
      <input
        ref={field}
        class="address"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder={text('recipientPlaceholder')}
        data-testid="recipient"
        title={to}
        aria-invalid={wrong}
        aria-describedby={wrong ? NOTE_ID : undefined}
        value={focused.value ? to : shorten(to, 37)}
        onFocus={() => (focused.value = true)}
        onBlur={() => (focused.value = false)}
        onInput={({ currentTarget }) => take(composing, currentTarget.value)}
      />
    </label>
  );
}

/** What they are to be called, and a way to stop there. */
function Name({ composing }: { composing: Composing }) {
  const { to, name } = composing.draft.value;
  return (
    <div class="recipient-row">
      <label class="recipient">
        <span>{text('contactName')}</span>
        <input
          autocomplete="off"
          maxLength={LONGEST_NAME}
          placeholder={text('contactNamePlaceholder')}
          data-testid="contact-name"
          value={name}
          onInput={({ currentTarget }) => composing.write({ name: currentTarget.value })}
        />
      </label>
      <button
        type="button"
        class="secondary"
        data-testid="add-contact"
        disabled={to.trim() === ''}
        onClick={() => void composing.addContact()}
      >
        {text('addContact')}
      </button>
    </div>
  );
}
