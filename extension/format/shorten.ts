/**
 * A long name with its middle left out, so that both ends, which people compare, can be seen.
 * `length` is how many characters remain, the ellipsis among them.
 */
export function shorten(name: string, length: number): string {
  if (name.length <= length) return name;
  const kept = length - 1;
  const head = Math.ceil(kept / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (kept - head))}`;
}
