import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { text } from '../browser/strings';
import { MOST_POINTS, readPicture } from '../format/picture';

/** The longest side of a drawing, in points: what fills a bubble on a fine screen. */
const LONGEST = 960;

/**
 * A picture as its points and nothing else: decoded from bytes that are known to be of a plain format,
 * and drawn. No element of the page ever refers to it, so that nothing can be fetched for it.
 */
export function Picture({ file }: { file: Blob }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const state = useSignal<'drawing' | 'drawn' | 'noPicture'>('drawing');
  useEffect(() => {
    void draw(file, canvas.current).then((drawn) => (state.value = drawn ? 'drawn' : 'noPicture'));
  }, []);
  if (state.value === 'noPicture') {
    return (
      <p class="no-picture" role="status">
        {text('noPicture')}
      </p>
    );
  }
  return (
    <canvas ref={canvas} class="picture" role="img" aria-label={text('picture')} data-state={state.value} />
  );
}

async function draw(file: Blob, canvas: HTMLCanvasElement | null): Promise<boolean> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const picture = readPicture(bytes);
  if (!picture || !canvas || picture.width * picture.height > MOST_POINTS) return false;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes], { type: picture.type }));
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return true;
  } catch {
    return false; // It is damaged.
  }
}
