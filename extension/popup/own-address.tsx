import { useSignal } from '@preact/signals';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';
import { CopyButton } from './copy';

/** The own address, with a button that copies it. */
export function OwnAddress({ address }: { address: string | null }) {
  return (
    <div class="own-address">
      <div class="own-address-text">
        <span class="caption" id="own-address-label">
          {text('ownAddress')}
        </span>
        {address ? <Address address={address} /> : <span class="muted">{text('ownAddressUnknown')}</span>}
      </div>
      <CopyButton value={address} label={text('copyAddressLabel')} />
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
      value={focused.value ? address : shorten(address, 31)}
      onFocus={() => (focused.value = true)}
      onClick={(event) => event.currentTarget.select()}
      onBlur={() => (focused.value = false)}
    />
  );
}
