import { effect } from '@preact/signals';
import { render } from 'preact';
import { loadPlace, savePlace } from '../browser/place';
import { isPopup } from '../browser/runtime';
import { BackgroundLink } from '../link/background-link';
import { Gate } from '../stage/gate';
import { App } from './app';
import { Chat } from './chat';
import { Composing } from './composing';
import { History } from './history';
import { onPlaceInAddress, placeInAddress } from './place-in-address';
import { tellWhatIsSeen } from './reading';
import { Search } from './search';

const inTab = !isPopup();
document.documentElement.classList.toggle('tab', inTab);
document.documentElement.lang = chrome.i18n.getUILanguage();

const chat = new Chat();
const link = new BackgroundLink((event) => chat.apply(event));
const composing = new Composing(link, chat);
const history = new History(link, chat);
const search = new Search(link, chat);
tellWhatIsSeen(chat, link);
history.follow();
search.follow();
composing.forgetWhenLocked();
onPlaceInAddress((place) => (chat.place.value = place));
void composing.restore();
// The list is not shown for a moment when a conversation was open.
void loadPlace().then((place) => {
  chat.place.value = placeInAddress() ?? place;
  effect(() => void savePlace(chat.place.value));
  render(<Page />, document.body);
});

function Page() {
  return (
    <Gate stage={chat.stage.value} connection={chat.connection.value} link={link}>
      <App chat={chat} composing={composing} history={history} search={search} link={link} inTab={inTab} />
    </Gate>
  );
}
