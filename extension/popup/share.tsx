import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { AddressCard } from './address-card';
import { CloseIcon } from './icons';

/** The own address, for giving it to somebody. Escape and a click beside it close it. */
export function Share({ address, onClose }: { address: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="share"
      aria-labelledby="share-title"
      data-testid="share-dialog"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div class="share-inside">
        <header>
          <h2 id="share-title">{text('ownAddress')}</h2>
          <button
            type="button"
            class="tool"
            aria-label={text('close')}
            title={text('close')}
            onClick={onClose}
          >
            <CloseIcon />
          </button>
        </header>
        <p class="muted">{text('shareHint')}</p>
        <AddressCard address={address} name="" copyLabel={text('copyAddressLabel')} />
      </div>
    </dialog>
  );
}
