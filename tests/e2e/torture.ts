// Whether a background that is killed loses or doubles a message: cargo xtask torture
import { parseArgs } from 'node:util';
import { bareChromium } from './harness/bare-chromium';
import type { Kind, Mortal } from './harness/browser';
import { mortalFirefox } from './harness/firefox';
import { Mixnet } from './harness/mixnet';
import { LINGER, type Report, Torture } from './torture/torture';

const KINDS: Record<string, Kind<Mortal>> = { chromium: bareChromium, firefox: mortalFirefox };

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    browser: { type: 'string', default: 'chromium' },
    seed: { type: 'string', default: '1' },
    linger: { type: 'string', default: LINGER },
  },
});
const kind = KINDS[values.browser];
if (!kind) throw new Error('--browser is chromium or firefox');

function print({ refusals, lost, doubled, damaged, states, ...counts }: Report, { name }: Kind): void {
  if (refusals.length > 0) console.log(`refused: ${refusals.join(', ')}`);
  console.log(`states of the messages sent, by what their senders were told: ${JSON.stringify(states)}`);
  for (const [what, which] of Object.entries({ lost, doubled, damaged }))
    if (which.length > 0) console.log(`${what}: ${which.join(', ')}`);
  const { kills, atStart, accepted, unanswered, seconds } = counts;
  console.log(`
| Browser | Linger, ms | Seed | Kills | and while it started | Messages accepted | not accepted | Lost | Doubled | Damaged | Seconds |
|---|---|---|---|---|---|---|---|---|---|---|
| ${name} | ${values.linger} | ${values.seed} | ${kills} | ${atStart} | ${accepted} | ${unanswered} | ${lost.length} | ${doubled.length} | ${damaged.length} | ${seconds} |`);
}

const mixnet = await Mixnet.start(0, ['--linger', values.linger]);
const torture = await Torture.prepare(kind, mixnet, Number(values.seed));
try {
  const report = await torture.run(Number(values.kills));
  print(report, kind);
  if (report.lost.length + report.doubled.length + report.damaged.length > 0) process.exitCode = 1;
} finally {
  await torture.leave();
  await mixnet.stop();
}
