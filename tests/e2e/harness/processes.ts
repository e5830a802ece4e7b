import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** A process, as Linux tells of it. */
interface Process {
  pid: number;
  parent: number;
  /** The short name, which a program may choose. */
  name: string;
  commandLine: string;
}

/** Ends those of the processes of `child` without a warning. How many there were. */
export async function kill(child: ChildProcess, which: (process: Process) => boolean): Promise<number> {
  const chosen = (await family(child)).filter(which);
  return chosen.filter(({ pid }) => signal(pid, 'SIGKILL')).length;
}

/** Sends a signal to all processes of `child`. */
export async function signalAll(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  for (const { pid } of await family(child)) signal(pid, name);
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    // It was faster.
    return false;
  }
}

/** `child` with all that it has started, and those have started. */
async function family(child: ChildProcess): Promise<Process[]> {
  const all = await processes();
  const found = all.filter(({ pid }) => pid === child.pid);
  // Grows while it is gone through.
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

async function processes(): Promise<Process[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(numbers.map((number) => look(Number(number)).catch(() => undefined)));
  return read.filter((process) => process !== undefined);
}

async function look(pid: number): Promise<Process> {
  const [stat, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ]);
  // `pid (name) state parent ...`, where the name may have anything in it.
  const end = stat.lastIndexOf(')');
  return {
    pid,
    parent: Number(stat.slice(end + 2).split(' ')[1]),
    name: stat.slice(stat.indexOf('(') + 1, end),
    commandLine: commandLine.replaceAll('\0', ' '),
  };
}
