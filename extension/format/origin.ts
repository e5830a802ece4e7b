/** The parts of an origin, as the browser writes them. */
export interface OriginParts {
  /** Such as `https://`. */
  scheme: string;
  /** With names of other alphabets as `xn--…`, so that no letter can look like another. */
  host: string;
  /** Such as `:8443`; empty for the usual one. */
  port: string;
}

/** Takes an origin apart. */
export function originParts(origin: string): OriginParts {
  const [, scheme = '', host = '', port = ''] = /^([a-z-]+:\/\/)?(.*?)(:\d+)?$/.exec(origin) ?? [];
  return { scheme, host, port };
}

/** So many characters of a host are kept at its start, if it is too long. */
const HEAD = 8;

/**
 * A host of at most `length` characters. What is left out is in its middle: its end says whose it is, so
 * that comes as a whole.
 */
export function shortHost(host: string, length: number): string {
  if (host.length <= length) return host;
  return `${host.slice(0, HEAD)}…${host.slice(host.length - (length - HEAD - 1))}`;
}

/** Whether a site is a program on this computer, rather than one of the web. */
export function isLocal(origin: string): boolean {
  return origin.startsWith('http://');
}
