import { render } from 'preact';
import { BackgroundLink } from '../link/background-link';
import { isPopup } from '../browser/runtime';
import { Gateways } from './gateways';
import { Page } from './page';
import { Preferences } from './preferences';

document.documentElement.classList.toggle('tab', !isPopup());
document.documentElement.lang = chrome.i18n.getUILanguage();

const link = new BackgroundLink((event) => {
  if (event.type === 'snapshot') preferences.stored(event.snapshot.settings);
  gateways.apply(event);
});
const preferences = new Preferences(link);
const gateways = new Gateways(link);
render(<Page preferences={preferences} gateways={gateways} />, document.body);
