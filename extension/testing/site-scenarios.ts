import type { PromptView, SiteView } from 'sotto-wasm';
import type { Act, Scenario } from './fake-background';
import { ALICE, MORNING } from './views';

/** A site with what a test does not care about filled in. */
export function site(origin: string, known: Partial<SiteView> = {}): SiteView {
  const usedAt = MORNING - 3 * 86_400_000;
  return { origin, permissions: ['send'], address: null, tabs: 0, connected: false, usedAt, ...known };
}

/** A question with what a test does not care about filled in. */
export function prompt(origin: string, known: Partial<PromptView> = {}): PromptView {
  return { id: 1, origin, asked: ['send', 'receive', 'reply'], granted: [], ...known };
}

const BOOK = 'https://guestbook.example';
const SITES = [
  site(BOOK, { permissions: ['send', 'receive', 'reply'], address: ALICE, tabs: 2, connected: true }),
  site('https://tips.newspaper.example:8443', { tabs: 0, connected: true }),
  site('https://xn--bcher-kva.example', { permissions: [] }),
  site('http://localhost:3000', { permissions: ['receive'] }),
  site(`https://www.bank.example.${'login-and-secure-'.repeat(8)}.attacker.example`),
];

/** As long as it takes until the answers can be clicked. */
const LOOK: Act[] = [['h1'], ['h1'], ['h1']];

/** What sites do and ask. */
export function siteScenarios(online: Scenario): Record<string, Scenario> {
  const asked = (prompts: PromptView[], ...acts: Act[]): Scenario => ({
    ...online,
    prompts,
    steps: { page: 'approve', acts: [...LOOK, ...acts] },
  });
  const listed = (sites: SiteView[], ...acts: Act[]): Scenario => ({
    ...online,
    sites,
    steps: { page: 'settings', acts: [['[data-testid="section-sites"]'], ...acts] },
  });
  return {
    asked: asked([prompt(BOOK)]),
    'asked-more': asked([
      prompt('http://localhost:3000', { asked: ['reply'], granted: ['send', 'receive'] }),
      prompt(BOOK, { id: 2 }),
      prompt('https://tips.newspaper.example', { id: 3 }),
    ]),
    'asked-part': asked(
      [prompt(BOOK)],
      ...(['send', 'receive', 'reply'] as const).map((one): Act => [`[data-testid="permission-${one}"]`]),
    ),
    'asked-long': asked([prompt(SITES.at(-1)?.origin ?? '')]),
    'asked-closed': asked([prompt(BOOK)], ['[data-testid="closed"] h1']),
    'settings-sites': listed(SITES),
    'settings-sites-none': listed([]),
    'settings-sites-forget': listed(SITES.slice(0, 1), ['[data-testid="forget-site"]']),
  };
}
