// Runs in a page before its own scripts: a `window.nym` in memory, and the keeper of a guest book behind it.
import { announceTestNym, createTestPair, type TestNym } from '../../../packages/client/src/testing';
import type { Answer } from '../../../packages/client/src/testing';

const ENTRIES = [
  {
    number: 2,
    text: 'I found this place by accident, and stayed.',
    answer: null,
    writtenAt: Date.UTC(2026, 10, 21, 17),
  },
  {
    number: 1,
    text: 'Is anybody there?',
    answer: 'Always. Welcome, whoever you are.',
    writtenAt: Date.UTC(2026, 10, 20, 9),
  },
];

/** What the user says, by the fragment of the address; without one there is no extension. */
const ANSWERS: Record<string, Answer> = {
  '#allow': 'allow',
  '#refuse': 'refuse',
  '#silent': () => new Promise(() => undefined),
};

const answer = ANSWERS[location.hash];
if (answer) {
  const [visitor, keeper] = createTestPair(
    { answer },
    { address: 'keeper@gateway', granted: ['receive', 'reply'] },
  );
  keep(keeper);
  announceTestNym(visitor);
}

function keep(keeper: TestNym): void {
  keeper.on('message', ({ data, tag }) => {
    const { type, text, reference } = data as { type: string; text: string; reference: string };
    if (type === 'latest') return void keeper.reply(tag!, { type, latest: ENTRIES });
    const latest = [{ number: 3, text, answer: null, writtenAt: Date.UTC(2026, 10, 22, 16) }, ...ENTRIES];
    void keeper.reply(tag!, { type: 'thanks', number: 3, reference, latest });
    void keeper.reply(tag!, { type: 'answer', number: 3, text: 'Thank you, whoever you are.' });
  });
  void keeper.connect({ permissions: ['receive'] });
}
