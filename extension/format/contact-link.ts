/** Somebody as a link or a QR code names them. */
export interface Contact {
  address: string;
  /** How they want to be called, or nothing. */
  name: string;
}

/** Three keys in base58 with a dot and an @ between, as every Nym address is written. */
const ADDRESS = /[1-9A-HJ-NP-Za-km-z]{32,44}\.[1-9A-HJ-NP-Za-km-z]{32,44}@[1-9A-HJ-NP-Za-km-z]{32,44}/;
const LINK = /sotto:contact\?\S+/i;
/** The longest name that the background takes, in characters. */
export const LONGEST_NAME = 100;

/** A link that adds a contact. */
export function contactLink({ address, name }: Contact): string {
  const link = `sotto:contact?address=${encodeURIComponent(address)}`;
  return name === '' ? link : `${link}&name=${encodeURIComponent(name)}`;
}

/** The contact in a text: a link, an address, or either of them among other words. */
export function readContact(text: string): Contact | undefined {
  const link = LINK.exec(text)?.[0];
  const fields = new URLSearchParams(link?.slice(link.indexOf('?') + 1));
  const address = ADDRESS.exec(link ? (fields.get('address') ?? '') : text)?.[0];
  if (!address) return undefined;
  return { address, name: (fields.get('name') ?? '').trim().slice(0, LONGEST_NAME) };
}
