import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { LONGEST_NAME } from '../format/contact-link';
import type { BackgroundLink } from '../link/background-link';
import type { ConversationView, Request } from 'sotto-wasm';
import { AddressCard } from './address-card';
import { Avatar } from './avatar';
import { CopyButton } from './copy';
import { DeleteIcon, SignedIcon, UnsignedIcon, VerifiedIcon } from './icons';
import { description, peerName } from './peer';

interface Properties {
  conversation: ConversationView;
  link: Pick<BackgroundLink, 'request'>;
  /** Asks the background; what it refuses is shown below. */
  ask: (request: Request) => Promise<boolean>;
  error: string | undefined;
}

/** All there is to know and to decide about a correspondent. */
export function Details({ conversation, link, ask, error }: Properties) {
  const { id, peer } = conversation;
  return (
    <div class="details" data-testid="details">
      <div class="details-who">
        <Avatar conversation={conversation} />
        <div>
          <p class="details-name">{peerName(conversation, 25)}</p>
          <p class="muted">{description(conversation)}</p>
        </div>
      </div>
      <p class="error" role="alert" data-testid="details-error">
        {error}
      </p>
      {peer.kind === 'unknown' ? null : (
        <Rename key={conversation.name} conversation={conversation} ask={ask} />
      )}
      {peer.kind === 'address' ? (
        <>
          <Safety conversation={conversation} link={link} ask={ask} />
          <section aria-labelledby="details-address">
            <h3 id="details-address">{text('address')}</h3>
            <AddressCard
              address={peer.address}
              name={conversation.name ?? ''}
              copyLabel={text('copyTheirAddress')}
            />
          </section>
          <Plain conversation={conversation} ask={ask} />
        </>
      ) : null}
      {peer.kind === 'anonymous' ? <Tag tag={peer.tag} /> : null}
      <Delete ask={() => ask({ type: 'deleteConversation', conversation: id })} />
    </div>
  );
}

type Asks = Pick<Properties, 'conversation' | 'ask'>;

function Rename({ conversation, ask }: Asks) {
  const name = useSignal(conversation.name ?? '');
  const changed = name.value.trim() !== (conversation.name ?? '');
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        void ask({ type: 'rename', conversation: conversation.id, name: name.value.trim() });
      }}
    >
      <label for="details-rename">{text('contactName')}</label>
      <input
        id="details-rename"
        autocomplete="off"
        maxLength={LONGEST_NAME}
        placeholder={text('contactNamePlaceholder')}
        data-testid="rename"
        value={name.value}
        onInput={({ currentTarget }) => (name.value = currentTarget.value)}
      />
      <button class="secondary" data-testid="save-name" disabled={!changed}>
        {text('save')}
      </button>
    </form>
  );
}

function Tag({ tag }: { tag: string }) {
  return (
    <section aria-labelledby="details-tag">
      <h3 id="details-tag">{text('tag')}</h3>
      <p class="muted">{text('tagHint')}</p>
      <div class="tag-row">
        <code class="whole-address">{tag}</code>
        <CopyButton value={tag} label={text('copyTag')} />
      </div>
    </section>
  );
}

/** The number that both sides see if nobody is between them, and what the user found when comparing it. */
function Safety({ conversation, link, ask }: Asks & Pick<Properties, 'link'>) {
  const { id, trust } = conversation;
  const number = useSafetyNumber(id, link);
  const setVerified = (verified: boolean) => ask({ type: 'setVerified', conversation: id, verified });
  const Mark = { none: UnsignedIcon, signed: SignedIcon, verified: VerifiedIcon }[trust];
  return (
    <section aria-labelledby="details-safety">
      <h3 id="details-safety">{text('safetyTitle')}</h3>
      <p class={`trust ${trust}`} data-testid="trust" data-trust={trust}>
        <Mark />
        <span>
          {text(({ none: 'trustNone', signed: 'trustSigned', verified: 'trustVerified' } as const)[trust])}
        </span>
      </p>
      {number.problem ? (
        <p class="muted" role="status">
          {number.problem}
        </p>
      ) : (
        <>
          <Digits digits={number.digits} />
          <p class="muted">{text('safetyHint')}</p>
          <button
            type="button"
            class={trust === 'verified' ? 'secondary' : 'primary'}
            data-testid="set-verified"
            disabled={!number.digits}
            onClick={() => void setVerified(trust !== 'verified')}
          >
            {text(trust === 'verified' ? 'safetyDoubt' : 'safetySame')}
          </button>
        </>
      )}
    </section>
  );
}

interface SafetyNumber {
  digits: string;
  problem: string | undefined;
}

function useSafetyNumber(conversation: string, link: Properties['link']): SafetyNumber {
  const number = useSignal<SafetyNumber>({ digits: '', problem: undefined });
  useEffect(() => {
    link.request({ type: 'safetyNumber', conversation }).then(
      (reply) => {
        if (reply.type === 'safetyNumber') number.value = { digits: reply.digits, problem: undefined };
      },
      (error: Error) => (number.value = { digits: '', problem: error.message }),
    );
  }, [conversation]);
  return number.value;
}

/** Twelve groups of five, as people read them to one another. */
function Digits({ digits }: { digits: string }) {
  return (
    <p class="digits" data-testid="safety-number">
      {digits.split(' ').map((group, index) => (
        <span key={index}>{group} </span>
      ))}
    </p>
  );
}

function Plain({ conversation: { id, plain }, ask }: Asks) {
  return (
    <section aria-labelledby="details-plain">
      <label class="manner">
        <input
          type="checkbox"
          role="switch"
          data-testid="plain"
          checked={plain}
          onChange={({ currentTarget }) =>
            void ask({ type: 'setPlain', conversation: id, plain: currentTarget.checked })
          }
        />
        <span>
          <strong id="details-plain">{text('plainTitle')}</strong>{' '}
          <span class="consequence">{text('plainHint')}</span>
        </span>
      </label>
    </section>
  );
}

/** Asked for a second time, with what it means, before anything is gone. */
function Delete({ ask }: { ask: () => Promise<boolean> }) {
  const asked = useSignal(false);
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), [asked.value]);
  if (!asked.value) {
    return (
      <button
        type="button"
        class="grave-button"
        data-testid="delete-conversation"
        onClick={() => (asked.value = true)}
      >
        <DeleteIcon /> {text('deleteConversation')}
      </button>
    );
  }
  return (
    <div class="sure" role="alertdialog" aria-labelledby="details-sure">
      <p id="details-sure">{text('deleteConversationWarning')}</p>
      <div class="buttons">
        <button type="button" class="grave" data-testid="delete-for-good" onClick={() => void ask()}>
          {text('deleteForGood')}
        </button>
        <button type="button" class="secondary" ref={keep} onClick={() => (asked.value = false)}>
          {text('keep')}
        </button>
      </div>
    </div>
  );
}
