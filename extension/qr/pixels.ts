import type { Pixels } from './read';

/** The longest side of a picture that is looked at, in pixels. A code fills a good part of it. */
const LONGEST = 1_600;

/** The pixels of a picture file, made smaller if it is large. Rejects if it is no picture. */
export async function pixelsOf(file: Blob): Promise<Pixels> {
  // Reads the bytes themselves: nothing has an address that the browser would fetch.
  const picture = await createImageBitmap(file);
  try {
    return draw(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** The pixels of what a drawing or a video shows now, of this size; nothing if it has none. */
export function draw(source: CanvasImageSource, width: number, height: number): Pixels {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('The browser cannot draw.');
  // What is transparent would be black, and a code on it invisible.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
