/** The kinds of pictures that are shown: each decoded by the browser to points and nothing else. */
export type PictureType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';

/** A picture as its first bytes describe it. */
export interface Picture {
  type: PictureType;
  /** In points. */
  width: number;
  height: number;
}

/** The most points that a picture may have: more would take hundreds of megabytes to decode. */
export const MOST_POINTS = 40_000_000;

/** What the bytes are, whatever the name says; undefined if it is no picture that is shown. */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return png(view) ?? gif(view) ?? webp(view) ?? jpeg(view);
  } catch {
    return undefined; // It ends before it says how large it is.
  }
}

/** Whether a file of this media type may be a picture that is shown. */
export function mayBePicture(mediaType: string): boolean {
  return /^image\/(png|jpe?g|gif|webp)$/i.test(mediaType);
}

function starts(view: DataView, at: number, letters: string): boolean {
  return [...letters].every((letter, index) => view.getUint8(at + index) === letter.charCodeAt(0));
}

function png(view: DataView): Picture | undefined {
  if (!starts(view, 0, '\x89PNG\r\n\x1A\n') || !starts(view, 12, 'IHDR')) return undefined;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): Picture | undefined {
  if (!starts(view, 0, 'GIF87a') && !starts(view, 0, 'GIF89a')) return undefined;
  return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function webp(view: DataView): Picture | undefined {
  if (!starts(view, 0, 'RIFF') || !starts(view, 8, 'WEBP')) return undefined;
  const size = webpSize(view);
  return size && { type: 'image/webp', ...size };
}

function webpSize(view: DataView): { width: number; height: number } | undefined {
  const side = (at: number, mask: number) => view.getUint16(at, true) & mask;
  if (starts(view, 12, 'VP8 ')) return { width: side(26, 0x3fff), height: side(28, 0x3fff) };
  if (starts(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!starts(view, 12, 'VP8X')) return undefined;
  const long = (at: number) => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1;
  return { width: long(24), height: long(27) };
}

/** The size is in the first frame header, behind segments of any length. */
function jpeg(view: DataView): Picture | undefined {
  if (!starts(view, 0, '\xFF\xD8\xFF')) return undefined;
  let at = 2;
  while (!isFrame(view.getUint16(at))) {
    if (view.getUint8(at) !== 0xff) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
  return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
}

/** SOF0 to SOF15, without the three markers among them that are something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}
