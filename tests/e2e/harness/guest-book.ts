import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Scratch } from './cleanup';
import { GUEST_BOOK } from './programs';
import { until } from './until';

/** Where the page looks for the address of its service. */
const ADDRESS = resolve('examples/guest-book/page/service.json');

/** The guest book of `examples/`: its service, and a web server with its page. */
export class GuestBook {
  private readonly lines: string[] = [];

  private constructor(
    /** The address of the page. */
    readonly url: string,
    private readonly service: ChildProcess,
    private readonly server: ChildProcess,
    private readonly state: Scratch,
  ) {
    createInterface({ input: service.stdout! }).on('line', (line) => this.lines.push(line));
  }

  /** Starts both, on a mixnet. One at a time: the page finds its service in a file of the repository. */
  static async start(directory: string): Promise<GuestBook> {
    const state = await Scratch.create();
    const server = spawn('node', ['examples/serve.mjs', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const args = ['--directory', directory, '--state', join(state.path, 'book'), '--publish', ADDRESS];
    const service = spawn(GUEST_BOOK, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const book = new GuestBook(line, service, server, state);
    await book.untilPrinted('The guest book is at');
    return book;
  }

  /** The first line that begins like this. */
  untilPrinted(beginning: string): Promise<string> {
    return until(`the service to print ${beginning}`, async () =>
      this.lines.find((line) => line.startsWith(beginning)),
    );
  }

  /** Types a line for the owner. */
  enter(line: string): void {
    this.service.stdin!.write(`${line}\n`);
  }

  /** Whether these bytes stand somewhere in what the service has on disk. */
  async keeps(bytes: Uint8Array): Promise<boolean> {
    const files = await readdir(this.state.path, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    const contents = await Promise.all(paths.map((path) => readFile(path)));
    return contents.some((content) => content.includes(Buffer.from(bytes)));
  }

  async stop(): Promise<void> {
    const ended = Promise.all([this.service, this.server].map((child) => once(child, 'exit')));
    this.enter('quit');
    this.server.kill();
    await ended;
    await this.state.dispose();
    await rm(ADDRESS, { force: true });
  }
}
