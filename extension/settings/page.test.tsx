import { render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { FakeBackground, PASSPHRASE, type Scenario, SETTINGS } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { SCENARIOS } from '../testing/scenarios';
import { Backup } from './backup';
import { Gateways } from './gateways';
import { Page } from './page';
import { Passphrase } from './passphrase';
import { Place } from './place';
import { Preferences } from './preferences';
import { Sites } from './sites';

let background: FakeBackground;
let files: [name: string, content: string][];

async function show(section: string, change: Partial<Scenario> = {}): Promise<void> {
  location.hash = section;
  const scenario = { ...structuredClone(SCENARIOS['empty']), ...change } as Scenario;
  background = new FakeBackground(installFakeBrowser(), scenario);
  files = [];
  const situation = new Situation();
  const link = new BackgroundLink((event) => {
    situation.apply(event);
    if (event.type === 'snapshot') preferences.stored(event.snapshot.settings);
    gateways.apply(event);
    sites.apply(event);
  });
  const preferences = new Preferences(link);
  const gateways = new Gateways(link);
  const backup = new Backup(link, (file, name) => {
    void file.text().then((content) => files.push([name, content]));
  });
  const sites = new Sites(link);
  const models = { situation, sites, preferences, gateways, backup, passphrase: new Passphrase(link) };
  render(<Page {...models} place={new Place()} link={link} />, document.body);
  await settle();
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

const LOCKABLE: Partial<Scenario> = { stage: { name: 'open', protection: 'passphrase' } };
const settle = () => vi.advanceTimersByTimeAsync(50);
const all = <E extends HTMLElement>(id: string) => [
  ...document.body.querySelectorAll<E>(`[data-testid="${id}"]`),
];
const one = <E extends HTMLElement = HTMLElement>(id: string) => all<E>(id)[0] as E;
const requests = (type: string) => background.requests.filter((request) => request.type === type);
const words = (id: string) => one(id).textContent;

/** As when a link to the section is clicked; the test's browser tells nobody of it. */
async function go(section: string): Promise<void> {
  location.hash = section;
  dispatchEvent(new Event('hashchange'));
  await settle();
}

async function click(id: string): Promise<void> {
  one(id).click();
  await settle();
}

async function choose(id: string, value: string): Promise<void> {
  const field = one<HTMLSelectElement>(id);
  field.value = value;
  field.dispatchEvent(new Event('change', { bubbles: true }));
  await settle();
}

/** Types into all fields of this kind, one text each. */
async function type(id: string, ...values: string[]): Promise<void> {
  for (const [index, value] of values.entries()) {
    const field = all<HTMLInputElement>(id)[index] as HTMLInputElement;
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  await settle();
}

async function submit(): Promise<void> {
  document.body
    .querySelector('form')
    ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  await settle();
}

test('what is not saved is named, marked at its section, and kept from section to section', async () => {
  await show('privacy');
  expect(one('save').hidden).toBe(true);
  await click('receipts');
  await go('network');
  expect(words('unsaved')).toBe('Not saved yet: Confirmations');
  expect(one('unsaved-mark').parentElement).toBe(one('section-privacy'));
  await click('save');
  expect(requests('setSettings')).toEqual([
    { type: 'setSettings', settings: { ...SETTINGS, receipts: false } },
  ]);
  expect([words('unsaved'), words('saved')]).toEqual(['', 'Saved']);
  expect(all('unsaved-mark')).toEqual([]);
});

test('a link leads to a section, where the keyboard goes on at its heading', async () => {
  await show('nonsense');
  expect(one('section').dataset['name']).toBe('network');
  expect(document.activeElement).toBe(document.body);
  await go('backup');
  expect(one('section').dataset['name']).toBe('backup');
  expect(document.activeElement?.textContent).toBe('Backup');
  expect(one('section-backup').getAttribute('aria-current')).toBe('page');
});

test('a vault without a passphrase says what that means, and takes one', async () => {
  await show('lock', { stage: { name: 'open', protection: 'device' } });
  background.passphrase = null;
  expect(one('section').textContent).toMatch(/can read everything/);
  expect(one<HTMLSelectElement>('lock-after').disabled).toBe(true);
  await type('passphrase-new', PASSPHRASE, 'four small dry stones');
  expect(one<HTMLButtonElement>('passphrase-set').disabled).toBe(true);
  await type('passphrase-new', PASSPHRASE, PASSPHRASE);
  await submit();
  expect(requests('setPassphrase')).toEqual([{ type: 'setPassphrase', old: undefined, new: PASSPHRASE }]);
  expect(words('passphrase-outcome')).toBe('The passphrase is set.');
  expect(one<HTMLSelectElement>('lock-after').disabled).toBe(false);
});

test('a passphrase is changed by who knows the old one, and only by them', async () => {
  await show('lock', LOCKABLE);
  await click('passphrase-change');
  await type('passphrase-current', 'wrong');
  await type('passphrase-new', 'five dry loud stones', 'five dry loud stones');
  await submit();
  expect(words('passphrase-refusal')).toMatch(/^That is not the passphrase/);
  await type('passphrase-current', PASSPHRASE);
  await submit();
  expect(words('passphrase-outcome')).toBe('The passphrase is changed.');
  expect(all('passphrase-new')).toEqual([]);
  expect(background.passphrase).toBe('five dry loud stones');
});

test('removing the passphrase says what it means first', async () => {
  await show('lock', LOCKABLE);
  await click('passphrase-remove');
  expect(one('section').textContent).toMatch(/can read everything/);
  await type('passphrase-current', PASSPHRASE);
  await submit();
  expect(requests('setPassphrase')).toEqual([{ type: 'setPassphrase', old: PASSPHRASE, new: undefined }]);
  expect(words('passphrase-outcome')).toBe('The passphrase is removed.');
});

test('locking now takes the settings out of view', async () => {
  await show('lock', LOCKABLE);
  await click('lock-now');
  expect(one('gate').dataset['stage']).toBe('locked');
  expect(one('section')).toBeUndefined();
});

test('the time until Sotto locks itself is saved in minutes, and never is none', async () => {
  await show('lock', { ...LOCKABLE, settings: { ...SETTINGS, lockAfterMinutes: 7 } });
  expect(one<HTMLSelectElement>('lock-after').selectedOptions[0]?.textContent).toBe('After 7 minutes');
  await choose('lock-after', '60');
  await click('save');
  await choose('lock-after', '');
  await click('save');
  const saved = requests('setSettings').map((request) => 'settings' in request && request.settings);
  expect(saved).toEqual([
    { ...SETTINGS, lockAfterMinutes: 60 },
    { ...SETTINGS, lockAfterMinutes: null },
  ]);
});

test('keeping messages for a shorter time warns of what is deleted', async () => {
  await show('privacy', { settings: { ...SETTINGS, keepDays: 30 } });
  await choose('keep-days', '90');
  expect(words('keep-warning')).toBe('');
  await choose('keep-days', '7');
  expect(words('keep-warning')).toMatch(/cannot be brought back/);
});

test('a backup is locked with a passphrase that was typed twice, and saved as a file', async () => {
  await show('backup');
  await type('passphrase-new', PASSPHRASE, PASSPHRASE);
  await submit();
  await vi.waitFor(() => expect(files).toEqual([['sotto.backup', `locked: ${PASSPHRASE}`]]));
  expect(words('backup-saved')).toMatch(/^Saved as sotto\.backup/);
  expect(one<HTMLInputElement>('passphrase-new').value).toBe('');
});

test('a backup that could not be made says why, and saves nothing', async () => {
  await show('backup');
  background.refuse('exportBackup', { code: 'storage.failed', fault: 'storage', message: 'No memory.' });
  await type('passphrase-new', PASSPHRASE, PASSPHRASE);
  await submit();
  expect(words('backup-error')).toBe('No memory.');
  expect(files).toEqual([]);
});

test('deleting everything says what happens, and takes two steps', async () => {
  await show('delete');
  expect(one('section').textContent).toMatch(/gateways are asked to forget you/);
  await click('delete');
  await click('forget-do');
  expect(requests('forgetEverything')).toEqual([]);
  await click('forget-agree');
  await click('forget-do');
  expect(requests('forgetEverything')).toHaveLength(1);
  expect(one('gate').dataset['stage']).toBe('new');
});
