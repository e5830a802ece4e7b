import { encodeQR } from 'qr';
import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installFakeBrowser } from '../testing/fake-browser';
import { BOB } from '../testing/scenarios';
import { readFromCamera } from './camera';
import { outline } from './outline';
import { QrCode } from './qr-code';
import { QrReader } from './qr-reader';
import { readQr, type Pixels } from './read';

beforeEach(() => void installFakeBrowser());
afterEach(() => {
  render(null, document.body);
  vi.unstubAllGlobals();
});

const one = <E extends Element = HTMLElement>(selector: string) => document.body.querySelector(selector) as E;

/** A picture of modules, each so many pixels wide. */
function picture(modules: boolean[][], scale = 4): Pixels {
  const size = modules.length * scale;
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dark = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)];
      if (dark) data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3);
    }
  }
  return { width: size, height: size, data };
}

const photographed = (text: string) => picture(encodeQR(text, 'raw', { ecc: 'medium', border: 4 }));
const BLANK = picture(Array.from({ length: 40 }, () => Array<boolean>(40).fill(false)));

/** The modules that a path of bars paints. */
function painted(svg: SVGElement): boolean[][] {
  const size = Number(svg.getAttribute('viewBox')?.split(' ')[2]);
  const modules = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const path = svg.querySelector('path')?.getAttribute('d') ?? '';
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    modules[Number(y)]?.fill(true, Number(x), Number(x) + Number(length));
  }
  return modules;
}

test('runs of dark modules become bars', () => {
  expect(outline([[true, true, false, true], [false, false, false, false], [true]])).toBe(
    'M0 0h2v1h-2zM3 0h1v1h-1zM0 2h1v1h-1z',
  );
});

test('an address that is shown can be read again', async () => {
  render(<QrCode value={BOB} label="Your address as QR code" />, document.body);
  expect(one('svg').getAttribute('aria-label')).toBe('Your address as QR code');
  expect(await readQr(picture(painted(one<SVGElement>('svg'))))).toBe(BOB);
});

test('what is no code reads as nothing', async () => {
  expect(await readQr(BLANK)).toBeUndefined();
});

/** A camera; the tracks tell whether it is on. */
function camera() {
  const track = { stop: vi.fn() };
  const getUserMedia = vi.fn(async () => ({ getTracks: () => [track] }));
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  return { track, getUserMedia };
}

test('the camera looks until a code is in its picture, and is off then', async () => {
  const { track } = camera();
  const pictures = [undefined, BLANK, photographed(BOB)];
  const video = {} as HTMLVideoElement;
  const found = await readFromCamera(video, new AbortController().signal, () => pictures.shift());
  expect(found).toBe(BOB);
  expect(track.stop).toHaveBeenCalledOnce();
  expect(video.srcObject).toBeNull();
});

test('a camera that is told to stop is off, and has read nothing', async () => {
  const { track } = camera();
  const stop = new AbortController();
  const see = () => {
    stop.abort();
    return undefined;
  };
  expect(await readFromCamera({} as HTMLVideoElement, stop.signal, see)).toBeUndefined();
  expect(track.stop).toHaveBeenCalledOnce();
});

test('a camera that is not allowed is said to be, and the page goes on', async () => {
  camera().getUserMedia.mockRejectedValueOnce(new Error('NotAllowedError'));
  render(<QrReader tabHref="popup.html" onRead={() => undefined} />, document.body);
  one('[data-testid="qr-camera"]').click();
  await expect.poll(() => one('[data-testid="qr-problem"]').textContent).toMatch(/cannot be used/);
  expect(one('[data-testid="qr-camera"]').textContent).toBe('Use the camera');
});

test('a file that is no picture is said to be none', async () => {
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('InvalidStateError')));
  render(<QrReader tabHref="popup.html" onRead={() => undefined} />, document.body);
  const clipboardData = { files: [new File(['x'], 'a.png', { type: 'image/png' })] };
  document.dispatchEvent(Object.assign(new Event('paste'), { clipboardData }));
  await expect.poll(() => one('[data-testid="qr-problem"]').textContent).toMatch(/not a picture/);
});

test('in the popup, which cannot use a camera, the reader leads to a tab', () => {
  installFakeBrowser().popupViews = [window];
  render(<QrReader tabHref="popup.html#new" onRead={() => undefined} />, document.body);
  expect(one('[data-testid="qr-camera"]')).toBeNull();
  expect(one<HTMLAnchorElement>('a').getAttribute('href')).toBe('popup.html#new');
});
