import { render } from 'preact';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { Connecting } from './connecting';
import { Page } from './page';
import { SettingUp } from './setting-up';

document.documentElement.classList.add('tab');
document.documentElement.lang = chrome.i18n.getUILanguage();

const situation = new Situation();
const link = new BackgroundLink((event) => situation.apply(event));
const setup = new SettingUp(link, situation);
const connecting = new Connecting(link, situation);
render(<Page setup={setup} connecting={connecting} situation={situation} link={link} />, document.body);
