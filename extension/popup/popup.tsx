import { render } from 'preact';
import { isPopup } from '../browser/runtime';
import { BackgroundLink } from '../link/background-link';
import { App } from './app';
import { Chat } from './chat';
import { Composing } from './composing';

const inTab = !isPopup();
document.documentElement.classList.toggle('tab', inTab);
document.documentElement.lang = chrome.i18n.getUILanguage();

const chat = new Chat();
const link = new BackgroundLink((event) => chat.apply(event));
const composing = new Composing(link);
void composing.restore();
render(<App chat={chat} composing={composing} link={link} inTab={inTab} />, document.body);
