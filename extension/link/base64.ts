/** As many bytes as fit as arguments of one call. */
const CALL_BYTES = 32 * 1024;

/** Base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += CALL_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CALL_BYTES));
  }
  return btoa(binary);
}

/** The bytes of base64. */
export function fromBase64(data: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}
