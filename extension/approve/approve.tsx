import { render } from 'preact';
import { text } from '../browser/strings';
import { BackgroundLink } from '../link/background-link';
import { Situation } from '../stage/situation';
import { Page } from './page';
import { Questions } from './questions';

document.documentElement.classList.add('tab');
document.documentElement.lang = chrome.i18n.getUILanguage();
document.title = text('approveTitle');

const situation = new Situation();
const questions = new Questions();
const link = new BackgroundLink((event) => {
  situation.apply(event);
  questions.apply(event, link);
});
render(<Page situation={situation} questions={questions} link={link} />, document.body);
