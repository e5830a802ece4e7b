import { useSignal } from '@preact/signals';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';
import { CopyButton } from './copy';
import { QrIcon } from './icons';
import { Share } from './share';

/** The own address, with buttons that copy it and show all of it. */
export function OwnAddress({ address }: { address: string | null }) {
  const shares = useSignal(false);
  return (
    <div class="own-address">
      <div class="own-address-text">
        <span class="caption" id="own-address-label">
          {text('ownAddress')}
        </span>
        {address ? <Address address={address} /> : <span class="muted">{text('ownAddressUnknown')}</span>}
      </div>
      {address ? (
        <button
          type="button"
          class="tool"
          data-testid="share"
          aria-label={text('shareAddress')}
          title={text('shareAddress')}
          onClick={() => (shares.value = true)}
        >
          <QrIcon />
        </button>
      ) : null}
      <CopyButton value={address} label={text('copyAddressLabel')} />
      {address && shares.value ? <Share address={address} onClose={() => (shares.value = false)} /> : null}
    </div>
  );
}

/** Read-only, so that the keyboard reaches it and all of it can be selected. */
function Address({ address }: { address: string }) {
  const focused = useSignal(false);
  return (
    <input
      class="address"
      data-testid="own-address"
      aria-labelledby="own-address-label"
      readOnly
      title={address}
      data-full={address}
      value={focused.value ? address : shorten(address, 25)}
      onFocus={() => (focused.value = true)}
      onClick={(event) => event.currentTarget.select()}
      onBlur={() => (focused.value = false)}
    />
  );
}
