import { setTimeout as pause } from 'node:timers/promises';
import type { Kind, Mortal } from '../harness/browser';
import type { Mixnet } from '../harness/mixnet';
import { until } from '../harness/until';
import { User } from '../harness/user';
import { Ledger, type Verdict } from './ledger';
import { Participant } from './participant';
import { Random } from './random';

/**
 * Milliseconds for which the gateways keep what a browser confirmed. Enough for any client to save
 * it, so that what is lost is the client's fault and not the limit of the protocol that
 * docs/architecture.md names.
 */
export const LINGER = '5000';

/** Between two messages of one user, in milliseconds: from, to. */
const SPEAKS_AFTER = [50, 400] as const;
/** Between two kills, in milliseconds. */
const KILLS_AFTER = [300, 2_500] as const;
/** The same for the share of kills that come right after another. */
const AGAIN_AFTER = [0, 300] as const;
const AGAIN = 0.15;
/** How long to wait for the next message when all is quiet, in milliseconds. Far more than the longest wait of a repetition. */
const PATIENCE = 90_000;

/** Looks at what still comes, 100 ms apart, when all has arrived. */
const LATE_LOOKS = 30;

/** What a torture did and found. */
export interface Report extends Verdict {
  kills: number;
  /** Kills besides, of a background that had not said anything yet. */
  atStart: number;
  seconds: number;
  /** Codes of requests that were refused. */
  refusals: string[];
  /** Received messages that are not stored as they were sent. */
  damaged: string[];
  /** Own messages by how far they got. */
  states: Record<string, number>[];
}

/** Two users who write to each other while their backgrounds are killed. */
export class Torture {
  readonly #ledger = new Ledger();
  readonly #random: Random;
  readonly #began = Date.now();
  #kills = 0;
  #atStart = 0;
  #over = false;

  private constructor(
    readonly users: User<Mortal>[],
    seed: number,
  ) {
    this.#random = new Random(seed);
  }

  static async prepare(kind: Kind<Mortal>, mixnet: Mixnet, seed: number): Promise<Torture> {
    const start = () => User.start(kind, mixnet.directory);
    return new Torture(await Promise.all([start(), start()]), seed);
  }

  /** Kills so many times, then waits until all is quiet. */
  async run(kills: number): Promise<Report> {
    const [alice, bob] = this.users.map((user, index) => this.#participant('AB'[index] ?? '', user.browser));
    if (!alice || !bob) throw new Error('there must be two');
    const both = [alice, bob];
    await until('both addresses', () => known(both));
    const talks = [this.#converse(alice, bob), this.#converse(bob, alice)];
    await this.#kill(both, kills);
    this.#over = true;
    await Promise.all(talks);
    await this.#quiet(both);
    return this.#report(both);
  }

  async leave(): Promise<void> {
    await Promise.allSettled(this.users.map((user) => user.leave()));
  }

  #participant(name: string, browser: Mortal): Participant {
    return new Participant(name, browser, this.#ledger, this.#random);
  }

  async #converse(speaker: Participant, other: Participant): Promise<void> {
    while (!this.#over) {
      await pause(this.#random.between(...SPEAKS_AFTER));
      if (speaker.hasReadAll) await speaker.speak(other.address);
      else await speaker.listen();
    }
  }

  async #kill(victims: Participant[], kills: number): Promise<void> {
    while (this.#kills < kills) {
      const [least, most] = this.#random.chance(AGAIN) ? AGAIN_AFTER : KILLS_AFTER;
      await pause(this.#random.between(least, most));
      const state = await this.#random.pick(victims)?.kill();
      if (state === 'working') this.#kills += 1;
      if (state === 'starting') this.#atStart += 1;
      if (this.#kills % 20 === 0 && state === 'working') this.#tell();
    }
  }

  #tell(): void {
    const { accepted, lost, doubled } = this.#ledger.verdict();
    const [seconds, under] = [this.#seconds(), lost.length];
    console.log(
      `  ${seconds} s: ${this.#kills} kills, ${accepted} messages, ${under} under way, ${doubled.length} doubled`,
    );
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#began) / 1000);
  }

  /** Until everything has arrived and was read, or nothing has arrived for long. */
  async #quiet(both: Participant[]): Promise<void> {
    const isDone = () =>
      this.#ledger.verdict().lost.length === 0 && both.every(({ hasReadAll }) => hasReadAll);
    for (let end = Date.now() + PATIENCE; Date.now() < end && !isDone(); await pause(100)) {
      if ((await hear(both)) > 0) end = Date.now() + PATIENCE;
    }
    // What comes twice may come late.
    for (let looks = 0; looks < LATE_LOOKS; looks++) {
      await pause(100);
      await hear(both);
    }
  }

  #report(both: Participant[]): Report {
    return {
      ...this.#ledger.verdict(),
      kills: this.#kills,
      atStart: this.#atStart,
      seconds: this.#seconds(),
      refusals: both.flatMap(({ refusals }) => refusals),
      damaged: both.flatMap(({ damaged }) => [...damaged]),
      states: both.map((participant) => participant.states()),
    };
  }
}

async function hear(both: Participant[]): Promise<number> {
  const [one = 0, other = 0] = await Promise.all(both.map((participant) => participant.listen()));
  return one + other;
}

async function known(both: Participant[]): Promise<boolean> {
  await hear(both);
  return both.every(({ address }) => address !== '');
}
