const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** A number of bytes for people, to two digits. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const style = { style: 'unit', unit: UNITS[unit] ?? 'byte', unitDisplay: unit ? 'short' : 'long' } as const;
  return new Intl.NumberFormat(undefined, { ...style, maximumSignificantDigits: unit ? 2 : 3 }).format(value);
}

/** How many bytes a text is on the wire. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
