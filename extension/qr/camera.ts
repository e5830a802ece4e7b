import { draw } from './pixels';
import { readQr, type Pixels } from './read';

/** How often the camera's picture is looked at, in milliseconds, and for how long each time. */
const LOOK_EVERY = 200;
const LOOK_FOR = 100;

/** What the camera shows now; nothing before its first picture. */
export type Look = (video: HTMLVideoElement) => Pixels | undefined;

const look: Look = (video) =>
  video.videoWidth === 0 ? undefined : draw(video, video.videoWidth, video.videoHeight);

/**
 * Shows the camera's picture in `video` until a QR code is in it, and gives what the code says. The
 * camera is off again afterwards, and when it is told to stop; then there is nothing to give.
 * Rejects if there is no camera, or the user does not allow it.
 */
export async function readFromCamera(
  video: HTMLVideoElement,
  stop: AbortSignal,
  see: Look = look,
): Promise<string | undefined> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  try {
    // A stream has no address, so the content security policy has nothing to allow.
    video.srcObject = stream;
    return await watch(video, stop, see);
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

async function watch(video: HTMLVideoElement, stop: AbortSignal, see: Look): Promise<string | undefined> {
  while (!stop.aborted) {
    const pixels = see(video);
    const found = pixels && (await readQr(pixels, LOOK_FOR));
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
  return undefined;
}
