/** A picture as bytes: red, green, blue and opacity of each pixel, row by row. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** How long a picture may be looked at, in milliseconds. */
const PATIENCE = 1_000;

/** What the QR code in a picture says; nothing if there is none that can be read. */
export async function readQr(pixels: Pixels, patience = PATIENCE): Promise<string | undefined> {
  // Large, and of no use to who reads no code: looked at when it is needed.
  const { decodeQR } = await import('qr/decode.js');
  try {
    return decodeQR(pixels, { format: 'RGBA', timeLimit: patience });
  } catch {
    return undefined;
  }
}
