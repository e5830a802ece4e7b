/** How long the browser has for taking the file over, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Has the browser save a file where it saves downloads. A link to a blob is a download and no
 * connection, so the content security policy has nothing to allow.
 */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), PATIENCE);
}
