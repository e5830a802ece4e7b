import { encodeQR } from 'qr';
import { useMemo } from 'preact/hooks';
import { outline } from './outline';

/** Light around the code, in modules; readers need it to find the code. */
const MARGIN = 4;

/** A text as QR code, dark on light in every theme, as readers want it. */
export function QrCode({ value, label }: { value: string; label: string }) {
  const modules = useMemo(() => encodeQR(value, 'raw', { ecc: 'medium', border: MARGIN }), [value]);
  const size = modules.length;
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      data-testid="qr"
      data-value={value}
      viewBox={`0 0 ${size} ${size}`}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={outline(modules)} fill="#000" />
    </svg>
  );
}
