import type { ReceivedData } from '../types.js';
import { TestNym, type TestNymOptions } from './nym.js';

/** What travels between two of a network. */
export interface Parcel {
  data: ReceivedData;
  tag: string | null;
  from: string | null;
  signed: boolean;
}

/** A mixnet in memory: what is written by one of its members arrives at the other. */
export class TestNetwork {
  readonly #members = new Map<string, TestNym>();
  /** Who wrote to whom behind each tag. */
  readonly #tags = new Map<string, { writer: TestNym; recipient: TestNym }>();
  #last = 0;

  /** A new member. */
  nym(options: TestNymOptions = {}): TestNym {
    const nym = new TestNym(this, options);
    this.#members.set(nym.ownAddress, nym);
    return nym;
  }

  /** Another number with each call. */
  number(): number {
    return ++this.#last;
  }

  at(address: string): TestNym | undefined {
    return this.#members.get(address);
  }

  /** By what a recipient knows an anonymous writer: the same each time, and another for each recipient. */
  tag(writer: TestNym, recipient: TestNym): string {
    const known = [...this.#tags].find(([, pair]) => pair.writer === writer && pair.recipient === recipient);
    if (known) return known[0];
    const tag = `test-tag-${this.number()}`;
    this.#tags.set(tag, { writer, recipient });
    return tag;
  }

  /** Whom a recipient knows by that tag. */
  behind(tag: string, recipient: TestNym): TestNym | undefined {
    const pair = this.#tags.get(tag);
    return pair?.recipient === recipient ? pair.writer : undefined;
  }
}
