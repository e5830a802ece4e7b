import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy that notes who is contacted through it: all that a browser does which uses it. */
export class RecordingProxy {
  /** As `host:port`, with how often. */
  readonly contacted = new Map<string, number>();

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
    // Whichever side breaks takes the other with it.
    far.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('error', () => far.destroy()).on('close', () => far.destroy());
  }
}
