import { useSignal } from '@preact/signals';
import { copy } from '../browser/clipboard';
import { text } from '../browser/strings';
import { shorten } from '../format/shorten';

/** How long the button says that it copied, in milliseconds. */
const SAID_FOR = 2_000;

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
      <CopyButton address={address} />
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

function CopyButton({ address }: { address: string | null }) {
  const said = useSignal<'copyAddress' | 'copied' | 'copyFailed'>('copyAddress');
  async function onClick() {
    if (!address) return;
    said.value = (await copy(address)) ? 'copied' : 'copyFailed';
    setTimeout(() => (said.value = 'copyAddress'), SAID_FOR);
  }
  return (
    <button
      type="button"
      class="copy"
      disabled={!address}
      aria-label={text('copyAddressLabel')}
      onClick={onClick}
    >
      <span aria-live="polite">{text(said.value)}</span>
    </button>
  );
}
