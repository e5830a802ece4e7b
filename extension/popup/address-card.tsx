import { text } from '../browser/strings';
import { contactLink } from '../format/contact-link';
import { QrCode } from '../qr/qr-code';
import { CopyButton } from './copy';

interface Properties {
  address: string;
  /** How whoever takes the link should call its owner. */
  name: string;
  /** For screen readers: whose it is. */
  copyLabel: string;
}

/** A whole address: to be read, copied, sent as a link, or photographed. */
export function AddressCard({ address, name, copyLabel }: Properties) {
  return (
    <div class="address-card">
      <QrCode value={address} label={text('qrOfAddress')} />
      <code class="whole-address" data-testid="whole-address">
        {address}
      </code>
      <div class="buttons">
        <CopyButton value={address} label={copyLabel} caption="copyAddress" />
        <CopyButton value={contactLink({ address, name })} label={text('copyLinkLabel')} caption="copyLink" />
      </div>
    </div>
  );
}
