/** The dark modules of a QR code as the path of an SVG: a bar for each run of them in a row. */
export function outline(modules: readonly (readonly boolean[])[]): string {
  return modules
    .map((row, y) =>
      runs(row)
        .map(([x, length]) => bar(x, y, length))
        .join(''),
    )
    .join('');
}

const bar = (x: number, y: number, length: number) => `M${x} ${y}h${length}v1h${-length}z`;

/** Where dark modules begin and how many follow each other. */
function runs(row: readonly boolean[]): [start: number, length: number][] {
  const starts = row.flatMap((dark, x) => (dark && !row[x - 1] ? [x] : []));
  return starts.map((start) => {
    const end = row.indexOf(false, start);
    return [start, (end < 0 ? row.length : end) - start];
  });
}
