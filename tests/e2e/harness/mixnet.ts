import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
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

/** Whom a gateway knows, in hexadecimal. */
export interface Registration {
  /** The identity key. */
  client: string;
  sharedKey: string;
}

/** Reads the clients of a gateway from its database, while it runs. */
const REGISTRATIONS = `import json, sqlite3, sys
database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
rows = database.execute("SELECT hex(client), hex(shared_key) FROM registration")
print(json.dumps([{"client": client.lower(), "sharedKey": key.lower()} for client, key in rows]))`;

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

  /** Whom each gateway knows, one gateway after the other. */
  async registrations(): Promise<Registration[][]> {
    const files = await readdir(this.state.path, { recursive: true });
    const databases = files.filter((file) => file.endsWith('gateway.sqlite'));
    return Promise.all(
      databases.map(async (file) => {
        const args = ['-c', REGISTRATIONS, join(this.state.path, file)];
        const { stdout } = await promisify(execFile)('python3', args);
        return JSON.parse(stdout) as Registration[];
      }),
    );
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
