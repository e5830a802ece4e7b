import type { Reply, Request } from 'sotto-wasm';
import { fromBase64, toBase64 } from './base64';
import { RequestError, type BackgroundLink } from './background-link';

type Link = Pick<BackgroundLink, 'request'>;

/** Hears which share of a file is over, from 0 to 1. */
export type Progress = (share: number) => void;

/** So many bytes are handed over at once. */
export const PART_BYTES = 512 * 1024;

/** How long to wait when the background wants fewer requests, in milliseconds, and how often. */
const PAUSE = 100;
const MOST_PAUSES = 50;

let lastUpload = 0;

/** Hands a file to the background in parts, and gives the number that names it in requests. */
export async function upload(link: Link, file: Blob, progress: Progress = () => undefined): Promise<number> {
  const upload = ++lastUpload;
  // An empty file is one empty part.
  for (let start = 0; start === 0 || start < file.size; start += PART_BYTES) {
    const part = file.slice(start, start + PART_BYTES);
    const data = toBase64(new Uint8Array(await part.arrayBuffer()));
    await patiently(link, { type: 'uploadPart', upload, data });
    progress(Math.min(1, (start + PART_BYTES) / file.size));
  }
  return upload;
}

/** Has the background forget an upload that is of no use any more. It may be gone already. */
export async function dropUpload(link: Link, upload: number): Promise<void> {
  await link.request({ type: 'dropUpload', upload }).catch(() => undefined);
}

/** Fetches a file that the background has ready. */
export async function download(
  link: Link,
  { download, mediaType, size }: Extract<Reply, { type: 'download' }>,
  progress: Progress = () => undefined,
): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let [got, last] = [0, false]; !last; progress(size === 0 ? 1 : got / size)) {
    const reply = await patiently(link, { type: 'downloadPart', download });
    if (reply.type !== 'part') break;
    const part = fromBase64(reply.data);
    parts.push(part);
    [got, last] = [got + part.length, reply.last];
  }
  return new Blob(parts, { type: mediaType });
}

/** Asks again after a while if the background says that there were too many requests. */
async function patiently(link: Link, request: Request): Promise<Reply> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await link.request(request);
    } catch (error) {
      const tooFrequent = error instanceof RequestError && error.view.code === 'request.too-frequent';
      if (!tooFrequent || pauses === MOST_PAUSES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
