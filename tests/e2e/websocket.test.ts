import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scratch } from './harness/cleanup';
import { Mixnet } from './harness/mixnet';
import { ARTEFACTS } from './harness/programs';
import { type Running, Sotto } from './harness/sotto';

const run = promisify(execFile);

const EXAMPLES = resolve('examples/websocket');

/** A Python with what the examples need, made by the first run. */
async function python(): Promise<string> {
  const home = join(ARTEFACTS, 'python');
  const program = join(home, 'bin/python');
  const requirements = join(EXAMPLES, 'python/requirements.txt');
  const installed = join(home, 'installed.txt');
  const wanted = await readFile(requirements, 'utf8');
  if ((await readFile(installed, 'utf8').catch(() => '')) === wanted) return program;
  await mkdir(ARTEFACTS, { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', home]);
  await run(program, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  await writeFile(installed, wanted);
  return program;
}

describe('the examples for sotto serve', () => {
  let mixnet: Mixnet;
  let sotto: Sotto;
  let serving: Running;
  let url: string;
  let scratch: Scratch;
  let file: string;

  beforeAll(async () => {
    mixnet = await Mixnet.start();
    sotto = await Sotto.create(mixnet.directory);
    serving = sotto.start('serve', '--port', '0');
    url = (await serving.until('serving')).url!;
    scratch = await Scratch.create();
    file = join(scratch.path, 'file');
    await writeFile(file, Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 31) & 255)));
  });
  afterAll(async () => {
    await serving?.stop();
    await scratch?.dispose();
    await sotto?.dispose();
    await mixnet?.stop();
  });

  /** What a program prints, by lines. */
  async function prints(program: string, ...args: string[]): Promise<string[]> {
    const { stdout } = await run(program, args, { timeout: 120_000 });
    return stdout.trim().split('\n');
  }

  const key = String.raw`[1-9A-HJ-NP-Za-km-z]{32,44}`;
  const hello = [
    expect.stringMatching(new RegExp(`^I am ${key}\\.${key}@${key}$`)),
    'received: Hello, me!',
    expect.stringMatching(/^received: Who am I\? from [1-9A-HJ-NP-Za-km-z]{16,22}$/),
    'received: Nobody knows.',
  ];
  const bytes = [
    expect.stringMatching(/^connection 7: \d+ packets to go$/),
    'received 50000 bytes, the same',
  ];

  test('in Python: a message, an anonymous one and its answer', async () => {
    const program = await python();
    expect(await prints(program, join(EXAMPLES, 'python/hello.py'), url)).toEqual(hello);
  });

  test('in Python: a file, in bytes', async () => {
    const program = await python();
    expect(await prints(program, join(EXAMPLES, 'python/bytes.py'), file, url)).toEqual(bytes);
  });

  test('in JavaScript: a message, an anonymous one and its answer', async () => {
    expect(await prints('node', join(EXAMPLES, 'javascript/hello.js'), url)).toEqual(hello);
  });

  test('in JavaScript: a file, in bytes', async () => {
    expect(await prints('node', join(EXAMPLES, 'javascript/bytes.js'), file, url)).toEqual(bytes);
  });
});
