// Runs in a page before its scripts, and takes the place of the browser and the background, so
// that the pages can be looked at without either. The scenario is named after the # of the address,
// and what follows its ? says whether the page is in a tab and in German: ?tab&de.
import { FakeBackground, STARTING } from './fake-background';
import { installFakeBrowser } from './fake-browser';
import { scenarioNamed, SCENARIOS } from './scenarios';

const browser = installFakeBrowser();
const options = new URLSearchParams(location.search);
if (!options.has('tab')) browser.popupViews = [window];
if (options.has('de')) browser.language = 'de';
const scenario = scenarioNamed(location.hash.slice(1)) ?? STARTING;
const background = new FakeBackground(browser, scenario);
void browser.session.set({ place: scenario.open });
background.gatewayChoices = [
  '5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw',
  SCENARIOS['gateways']?.gateways.former[0]?.gateway ?? '',
];
background.refuse('retry', { code: 'too_frequent', fault: 'you', message: 'Wait a moment and try again.' });
if (location.hash === '#refused') {
  background.refuse('send', {
    code: 'bad_address',
    fault: 'you',
    message: 'This is no Nym address: it has no gateway after an @. Copy it again as a whole.',
  });
}

// A site that is closed once its question is in view.
if (location.hash === '#asked-closed') setTimeout(() => background.showSites({ prompts: [] }), 600);

/** Clicks or fills in what the scenario wants, each as soon as it is there, and says when all is done. */
async function act(): Promise<void> {
  const { page = '', acts = [] } = scenario.steps ?? {};
  for (const [selector, value] of location.pathname.endsWith(`/${page}.html`) ? acts : []) {
    const element = await appeared(selector);
    if (value === undefined) element.click();
    else fill(element as HTMLInputElement, value);
    // Until what came of it is there: what is looked for while somebody types waits a little.
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  document.documentElement.dataset['ready'] = 'yes';
}

async function appeared(selector: string): Promise<HTMLElement> {
  for (;;) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function fill(field: HTMLInputElement, value: string): void {
  if (field.type === 'file') return attach(field, value);
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function attach(field: HTMLInputElement, nameAndSize: string): void {
  const [name = '', size] = nameAndSize.split('|');
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(Number(size))], name));
  field.files = data.files;
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

document.addEventListener('DOMContentLoaded', () => void act());
