import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Scratch } from './cleanup';
import { SOTTO } from './programs';
import { until } from './until';

/** What `sotto --json` prints. */
export interface Line {
  event: string;
  address?: string;
  text?: string;
  senderTag?: string;
  url?: string;
}

/** The terminal client, with a state of its own. */
export class Sotto {
  private constructor(
    private readonly directory: string,
    private readonly state: Scratch,
  ) {}

  static async create(directory: string): Promise<Sotto> {
    return new Sotto(directory, await Scratch.create());
  }

  /** Runs a command to its end: what it printed. */
  run(...command: string[]): Promise<Line[]> {
    return this.start(...command).ended();
  }

  /** Starts a command that goes on. */
  start(...command: string[]): Running {
    const common = ['--json', '--directory', this.directory, '--state', this.state.path];
    return new Running(spawn(SOTTO, [...common, ...command], { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  dispose(): Promise<void> {
    return this.state.dispose();
  }
}

/** A command under way. */
export class Running {
  private readonly lines: Line[] = [];
  private readonly printed: Promise<unknown>;
  private readonly exit: Promise<unknown>;

  constructor(private readonly child: ChildProcess & { stdout: NodeJS.ReadableStream }) {
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (text) => this.lines.push(JSON.parse(text) as Line));
    this.printed = once(reader, 'close');
    this.exit = once(child, 'exit');
  }

  /** The first line with that event. */
  until(event: string): Promise<Line> {
    return until(`sotto to tell of ${event}`, async () => this.lines.find((line) => line.event === event));
  }

  /** All it printed, once it has ended well. */
  async ended(): Promise<Line[]> {
    await Promise.all([this.printed, this.exit]);
    if (this.child.exitCode !== 0) throw new Error(`sotto failed: ${JSON.stringify(this.lines)}`);
    return this.lines;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    await this.exit;
  }
}
