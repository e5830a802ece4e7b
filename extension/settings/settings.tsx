import { render } from 'preact';
import { BackgroundLink } from '../link/background-link';
import { isPopup } from '../browser/runtime';
import { Situation } from '../stage/situation';
import { Backup } from './backup';
import { Gateways } from './gateways';
import { Page } from './page';
import { Passphrase } from './passphrase';
import { Place } from './place';
import { Preferences } from './preferences';
import { Sites } from './sites';

document.documentElement.classList.toggle('tab', !isPopup());
document.documentElement.lang = chrome.i18n.getUILanguage();

const situation = new Situation();
const link = new BackgroundLink((event) => {
  situation.apply(event);
  if (event.type === 'snapshot') preferences.stored(event.snapshot.settings);
  gateways.apply(event);
  sites.apply(event);
});
const preferences = new Preferences(link);
const gateways = new Gateways(link);
const sites = new Sites(link);
const models = { passphrase: new Passphrase(link), backup: new Backup(link), place: new Place(), sites };
render(
  <Page {...models} situation={situation} preferences={preferences} gateways={gateways} link={link} />,
  document.body,
);
