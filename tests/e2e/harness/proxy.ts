import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A connection through the proxy. */
interface Tunnel {
  client: Duplex;
  far: Socket;
}

/** An HTTP proxy that notes who is contacted through it: all that a browser does which uses it. */
export class RecordingProxy {
  /** As `host:port`, with how often. */
  readonly contacted = new Map<string, number>();
  readonly #tunnels = new Set<Tunnel>();

  private constructor(private readonly server: Server) {
    server.on('request', (asked, answer) => this.#forward(asked, answer));
    server.on('connect', (asked, client, head) => this.#tunnel(asked, client, head));
  }

  static async start(): Promise<RecordingProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RecordingProxy(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /**
   * Forgets the connections that it carries, as a router does in time: those at the far end are told
   * that they ended, and the browser hears nothing at all. How many there were.
   */
  forget(): number {
    const forgotten = [...this.#tunnels];
    this.#tunnels.clear();
    for (const { client, far } of forgotten) {
      far.destroy();
      // What it still says is heard by nobody.
      client.unpipe().resume();
    }
    return forgotten.length;
  }

  #note(host: string): void {
    this.contacted.set(host, (this.contacted.get(host) ?? 0) + 1);
  }

  /** A plain HTTP request, which names all of its address. */
  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const url = new URL(asked.url ?? '');
    this.#note(url.host);
    const { method, headers } = asked;
    const forwarded = request(url, { ...(method ? { method } : {}), headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    asked.pipe(forwarded);
  }

  /** A websocket, or anything with TLS. */
  #tunnel(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    const address = asked.url ?? '';
    this.#note(address);
    const { hostname, port } = new URL(`http://${address}`);
    const far = connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      far.write(head);
      far.pipe(client);
      client.pipe(far);
    });
    this.#join({ client, far });
  }

  /** Whichever side breaks takes the other with it, unless they were forgotten. */
  #join(tunnel: Tunnel): void {
    this.#tunnels.add(tunnel);
    const end = () => {
      if (!this.#tunnels.delete(tunnel)) return;
      tunnel.client.destroy();
      tunnel.far.destroy();
    };
    for (const side of [tunnel.client, tunnel.far]) side.on('error', end).on('close', end);
  }
}
