import type { PeerView } from 'sotto-wasm';
import { MaskIcon, QuestionIcon } from './icons';
import { hue } from './peer';

/** By what a correspondent is recognised at a glance: a colour, and letters or a sign. */
export function Avatar({ peer }: { peer: PeerView }) {
  return (
    <span class={`avatar ${peer.kind}`} data-hue={hue(peer)} aria-hidden="true">
      <Sign peer={peer} />
    </span>
  );
}

function Sign({ peer }: { peer: PeerView }) {
  switch (peer.kind) {
    case 'address':
      return <>{peer.address.slice(0, 2)}</>;
    case 'anonymous':
      return <MaskIcon />;
    case 'unknown':
      return <QuestionIcon />;
  }
}
