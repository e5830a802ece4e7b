import { describe, expect, test } from 'vitest';
import { bareChromium } from './harness/bare-chromium';
import type { Kind, Mortal } from './harness/browser';
import { mortalFirefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { Ledger } from './torture/ledger';
import { LINGER, Torture } from './torture/torture';

/** `cargo xtask torture` kills more. */
const KILLS = 6;
const KINDS: Kind<Mortal>[] = [bareChromium, mortalFirefox];

for (const kind of KINDS)
  test(`backgrounds that are killed in mid-conversation in ${kind.name} lose and double nothing`, async () => {
    const mixnet = await Mixnet.start(0, ['--linger', LINGER]);
    try {
      const torture = await Torture.prepare(kind, mixnet, 4);
      const report = await torture.run(KILLS).finally(() => torture.leave());
      expect(report.accepted).toBeGreaterThan(KILLS);
      expect(report).toMatchObject({ kills: KILLS, lost: [], doubled: [], damaged: [], refusals: [] });
    } finally {
      await mixnet.stop();
    }
  });

describe('the ledger of a torture', () => {
  test('calls lost what was accepted and never shown, and nothing else', () => {
    const ledger = new Ledger();
    for (const text of ['A1 shown', 'A2 not shown', 'A3 not accepted']) ledger.say('plain', text);
    ledger.accept('A1 shown');
    ledger.accept('A2 not shown');
    ledger.show('A1 shown', 'id');
    ledger.show('A1 shown', 'id');
    expect(ledger.verdict()).toEqual({
      accepted: 2,
      unanswered: 1,
      lost: ['A2 (plain)'],
      doubled: [],
    });
  });

  test('calls doubled what is shown under two names, and what nobody said', () => {
    const ledger = new Ledger();
    ledger.say('reply', 'A1 twice');
    ledger.show('A1 twice', 'one');
    ledger.show('A1 twice', 'two');
    ledger.show('B7 of nobody', 'three');
    expect(ledger.verdict().doubled).toEqual(['A1 (reply)', 'B7']);
  });
});
