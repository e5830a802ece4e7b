import { nymError } from '../error.js';
import type { Permission } from '../types.js';

/**
 * What the user says to a question: yes, no, no answer until it is closed, no again without being asked, or
 * yes to some of it; or what a function says, which may take its time.
 */
export type Answer =
  | 'allow'
  | 'refuse'
  | 'ignore'
  | 'tooSoon'
  | Permission[]
  | ((asked: Permission[]) => Answer | Promise<Answer>);

/** The user of a test, who answers as they were told to. */
export class TestUser {
  /** What they were asked, in order. */
  readonly asked: Permission[][] = [];
  /** What they say next, in order; then {@link usually}. */
  readonly next: Answer[] = [];
  #isAsked = false;

  constructor(public usually: Answer) {}

  /** What they allow of what is asked. */
  async ask(asked: Permission[]): Promise<Permission[]> {
    if (this.#isAsked) throw nymError('user.being-asked', 'The user is being asked already.');
    this.#isAsked = true;
    try {
      this.asked.push(asked);
      return await allowed(this.next.shift() ?? this.usually, asked);
    } finally {
      this.#isAsked = false;
    }
  }
}

async function allowed(answer: Answer, asked: Permission[]): Promise<Permission[]> {
  if (typeof answer === 'function') return allowed(await answer(asked), asked);
  if (answer === 'allow') return asked;
  if (answer === 'ignore') throw nymError('user.unanswered', 'The user did not answer.');
  if (answer === 'tooSoon') throw nymError('user.asked-too-soon', 'The user said no a short time ago.');
  const some = answer === 'refuse' ? [] : asked.filter((one) => answer.includes(one));
  if (some.length === 0) throw nymError('user.rejected', 'The user does not let this site use the mixnet.');
  return some;
}
