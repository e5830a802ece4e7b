import { render } from 'preact';
import { isPopup } from '../browser/runtime';
import { BackgroundLink } from '../link/background-link';
import { Page } from './page';
import { Watch } from './watch';

/** How often what is shown is looked at anew, as no event tells of packets and of the time that goes by, in milliseconds. */
const LOOK_AGAIN = 5_000;

document.documentElement.classList.toggle('tab', !isPopup());
document.documentElement.lang = chrome.i18n.getUILanguage();

const watch = new Watch();
const link = new BackgroundLink((event) => watch.apply(event, Date.now()));
const look = () => void watch.look(link, Date.now());
look();
setInterval(look, LOOK_AGAIN);
render(<Page watch={watch} link={link} />, document.body);
