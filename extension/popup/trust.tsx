import { text } from '../browser/strings';
import type { Trust } from 'sotto-wasm';
import { SignedIcon, VerifiedIcon } from './icons';

/** Beside a name: whether who writes under it is who they say. */
export function TrustMark({ trust }: { trust: Trust }) {
  if (trust === 'none') return null;
  const said = text(trust === 'signed' ? 'signedMark' : 'verifiedMark');
  return (
    <span class={`trust-mark ${trust}`} title={said} data-testid="trust-mark" data-trust={trust}>
      {trust === 'signed' ? <SignedIcon /> : <VerifiedIcon />}
      <span class="unseen">{said}</span>
    </span>
  );
}
