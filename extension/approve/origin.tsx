import { originParts, shortHost } from '../format/origin';

/** The most characters of a host that are shown; the whole one is in the title. */
const LONGEST = 60;

/** Who a site is: its origin as the browser gave it, with the host standing out. */
export function Origin({ origin }: { origin: string }) {
  const { scheme, host, port } = originParts(origin);
  return (
    <bdi class="origin" dir="ltr" title={origin} data-testid="origin">
      <span class="origin-rest">{scheme}</span>
      <strong>{shortHost(host, LONGEST)}</strong>
      <span class="origin-rest">{port}</span>
    </bdi>
  );
}
