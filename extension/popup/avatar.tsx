import type { ConversationView } from 'sotto-wasm';
import { MaskIcon, QuestionIcon } from './icons';
import { hue } from './peer';

type Named = Pick<ConversationView, 'name' | 'peer'>;

/** By what a correspondent is recognised at a glance: a colour, and letters or a sign. */
export function Avatar({ conversation }: { conversation: Named }) {
  const { peer } = conversation;
  return (
    <span class={`avatar ${peer.kind}`} data-hue={hue(peer)} aria-hidden="true">
      <Sign {...conversation} />
    </span>
  );
}

function Sign({ name, peer }: Named) {
  if (name) return <>{initials(name)}</>;
  switch (peer.kind) {
    case 'address':
      return <>{peer.address.slice(0, 2)}</>;
    case 'anonymous':
      return <MaskIcon />;
    case 'unknown':
      return <QuestionIcon />;
  }
}

/** The first letters of the first and the last word. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return ends
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
