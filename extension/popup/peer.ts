import { text, type StringName } from '../browser/strings';
import { shorten } from '../format/shorten';
import type { ConversationView, PeerView, Trust } from 'sotto-wasm';

/** As many colours tell correspondents apart. */
const HUES = 8;
/** So much of a tag is shown, which tells a few thousand correspondents apart. */
const TAG_SHOWN = 4;

type Named = Pick<ConversationView, 'name' | 'peer'>;

/** What a correspondent is called; the same each time. `length` is how much of an address is shown. */
export function peerName({ name, peer }: Named, length = 21): string {
  if (name) return name;
  switch (peer.kind) {
    case 'address':
      return shorten(peer.address, length);
    case 'anonymous':
      return text('anonymousName', peer.tag.slice(0, TAG_SHOWN));
    case 'unknown':
      return text('unknownName');
  }
}

/** All of an address or tag, for those who want to compare it. */
export function fullName(peer: PeerView): string {
  switch (peer.kind) {
    case 'address':
      return peer.address;
    case 'anonymous':
      return peer.tag;
    case 'unknown':
      return text('unknownName');
  }
}

const KINDS: Record<PeerView['kind'], StringName> = {
  address: 'addressDescription',
  anonymous: 'anonymousDescription',
  unknown: 'unknownDescription',
};
const TRUSTS: Record<Exclude<Trust, 'none'>, StringName> = {
  signed: 'signedDescription',
  verified: 'verifiedDescription',
};

/** What is known of a correspondent, in a few words. */
export function description({ peer, trust }: Pick<ConversationView, 'peer' | 'trust'>): string {
  return text(trust === 'none' ? KINDS[peer.kind] : TRUSTS[trust]);
}

/** The number of a correspondent's colour. */
export function hue(peer: PeerView): number {
  let sum = 0;
  for (const letter of peer.kind === 'unknown' ? '' : fullName(peer)) {
    sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  }
  return sum % HUES;
}
