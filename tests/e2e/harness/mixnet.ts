import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MIXNET } from './programs';
import { Scratch } from './cleanup';

interface Ready {
  directory: string;
  admin: string;
}

/** What a node counts, as far as it is used here. */
export interface Counts {
  /** Clients that are connected. */
  clients: number;
  /** Times that a client connected. */
  sessions: number;
}

interface Status {
  nodes: { id: number; websocket: string | null; identity: string; counts: Counts }[];
}

/** A local mixnet of its own, with all its nodes in one process. */
export class Mixnet {
  private constructor(
    private readonly child: ChildProcess,
    private readonly state: Scratch,
    private readonly ready: Ready,
  ) {}

  /** The address to give to clients. */
  get directory(): string {
    return this.ready.directory;
  }

  /** Starts one on free ports, or with its directory on this port; `more` goes to its command line. */
  static async start(directoryPort = 0, more: string[] = []): Promise<Mixnet> {
    const state = await Scratch.create();
    const args = ['run', '--directory-port', `${directoryPort}`, '--state', state.path, ...more];
    const child = spawn(MIXNET, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { RUST_LOG: 'error', ...process.env },
    });
    const ready = createInterface({ input: child.stdout });
    const line = await Promise.race([once(ready, 'line'), failed(child)]);
    return new Mixnet(child, state, JSON.parse(String(line[0])) as Ready);
  }

  /** What the status page tells. */
  async status(): Promise<Status> {
    const reply = await fetch(`${this.directory}status.json`);
    return (await reply.json()) as Status;
  }

  /** Whom clients contact: the directory and the gateways, as `host:port`. */
  async clientsContact(): Promise<string[]> {
    const { nodes } = await this.status();
    const gateways = nodes.flatMap(({ websocket }) => (websocket ? [new URL(websocket).host] : []));
    return [new URL(this.directory).host, ...gateways];
  }

  /** The number of the gateway of an address. */
  async gatewayOf(address: string): Promise<number> {
    const { nodes } = await this.status();
    const gateway = nodes.find(({ identity }) => identity === address.split('@')[1]);
    if (!gateway) throw new Error(`no gateway of this mixnet: ${address}`);
    return gateway.id;
  }

  /** What all gateways together count. */
  async gatewayCounts(): Promise<Counts> {
    const { nodes } = await this.status();
    const sum = (name: keyof Counts) => nodes.reduce((total, { counts }) => total + counts[name], 0);
    return { clients: sum('clients'), sessions: sum('sessions') };
  }

  /** Asks the admin endpoint for trouble, such as `epochs/skip`. */
  async trouble(path: string, body: object = {}): Promise<void> {
    const reply = await fetch(this.ready.admin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  }

  async stop(): Promise<void> {
    const ended = this.child.exitCode === null ? once(this.child, 'exit') : undefined;
    this.child.kill('SIGTERM');
    await ended;
    await this.state.dispose();
  }
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`the mixnet ended before it was ready, with code ${String(code)}`);
}
