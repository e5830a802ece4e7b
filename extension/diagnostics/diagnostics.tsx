import { render } from 'preact';
import { isPopup } from '../browser/runtime';
import { BackgroundLink } from '../link/background-link';
import { Page } from './page';
import { Watch } from './watch';

/** How often what is shown is looked at anew, as ages grow without an event, in milliseconds. */
const LOOK_AGAIN = 5_000;

document.documentElement.classList.toggle('tab', !isPopup());
document.documentElement.lang = chrome.i18n.getUILanguage();

const watch = new Watch();
new BackgroundLink((event) => watch.apply(event, Date.now()));
setInterval(() => (watch.now.value = Date.now()), LOOK_AGAIN);
render(<Page watch={watch} />, document.body);
