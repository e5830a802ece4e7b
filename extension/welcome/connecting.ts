import { computed, signal } from '@preact/signals';
import type { ConnectionStep, ConnectionView } from 'sotto-wasm';
import { Asking } from '../link/asking';
import type { BackgroundLink } from '../link/background-link';
import type { Situation } from '../stage/situation';

/** What has to be done before messages can be written, in this order. */
export const TASKS = ['directory', 'gateway', 'registered', 'loop'] as const;
export type Task = (typeof TASKS)[number];
export type TaskState = 'waiting' | 'active' | 'failed' | 'done';

const STEP_TASKS: Record<ConnectionStep, Task> = {
  directory: 'directory',
  gateway: 'gateway',
  registering: 'registered',
  authenticating: 'registered',
};

/** The first connection, task by task: until a packet has gone round the network and come back. */
export class Connecting extends Asking {
  /** How long the packet took, in milliseconds; null until it is back. */
  readonly milliseconds = signal<number | null>(null);
  /** The furthest that it came: a gateway that does not answer does not undo the directory. */
  readonly #furthest = signal<Task>('directory');
  /** The task that is not done yet; null at the end. */
  readonly current = computed<Task | null>(() =>
    this.milliseconds.value === null ? this.#furthest.value : null,
  );
  /** Whether there is no more to wait for: a packet that got lost keeps nobody from writing. */
  readonly usable = computed(() => this.current.value === null || this.error.value !== null);

  constructor(
    private readonly link: Pick<BackgroundLink, 'request'>,
    situation: Situation,
  ) {
    super();
    situation.connection.subscribe((connection) => this.#follow(connection));
  }

  state(task: Task): TaskState {
    const current = this.current.value;
    if (current === null) return 'done';
    const [place, now] = [TASKS.indexOf(task), TASKS.indexOf(current)];
    if (place !== now) return place < now ? 'done' : 'waiting';
    return task === 'loop' && this.error.value ? 'failed' : 'active';
  }

  /** Sends a packet round, once there is a connection. */
  async probe(): Promise<void> {
    if (this.current.value !== 'loop') return;
    const reply = await this.run(() => this.link.request({ type: 'probe' }));
    if (reply?.type === 'probe') this.milliseconds.value = reply.milliseconds;
  }

  #follow(connection: ConnectionView | null): void {
    if (connection?.state === 'online') this.#furthest.value = 'loop';
    if (connection?.state === 'connecting') this.#furthest.value = STEP_TASKS[connection.step];
  }
}
