import { type Entry, type GuestBook, LONGEST, type OwnEntry, type Stage } from './guest-book';

/** What the page says at each stage, and what can be done. */
const STAGES: Record<Stage, { text: string; hint: string; button: string | null }> = {
  looking: { text: 'Looking for Sotto …', hint: '', button: null },
  noExtension: {
    text: 'This book needs the extension Sotto.',
    hint: 'Install it in your browser, then load this page again.',
    button: null,
  },
  notConnected: {
    text: 'You are not connected to the mixnet.',
    hint: 'Sotto will ask you whether this page may send and receive. The page gets an identity of its own, which has nothing to do with yours.',
    button: 'Use the mixnet',
  },
  asking: { text: 'Sotto is asking you in a window of its own.', hint: '', button: null },
  connected: { text: 'You are connected, and nobody knows who you are.', hint: '', button: null },
};

const STATES: Record<OwnEntry['state'], string> = {
  sending: 'On its way into the mixnet …',
  atGateway: 'Left the mixnet. Waiting for the book …',
  inTheBook: 'In the book',
  failed: 'Not written',
};

/** The elements of the page that change. */
const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

/** Shows what the guest book knows. All of it, each time: it is not much. */
export function show(book: GuestBook): void {
  showStage(book);
  element('error').textContent = book.stage === 'connected' ? book.problem : null;
  showList('own', book.own.map(ownItem));
  showList('book', book.latest.map(item));
}

function showStage({ stage, isOnline, problem }: GuestBook): void {
  const { text, hint, button } = STAGES[stage];
  const isConnecting = stage === 'connected' && !isOnline;
  element('status').dataset.state = stage;
  setText('status-text', isConnecting ? 'Connecting to the mixnet. You can write already.' : text);
  setText('status-hint', stage === 'notConnected' && problem ? problem : hint);
  element('connect').hidden = button === null;
  element('form').hidden = stage !== 'connected';
}

/** Says it only if it is new, as a screen reader says it each time. */
function setText(id: string, text: string): void {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

function showList(id: string, items: HTMLElement[]): void {
  element(`${id}-section`).hidden = items.length === 0;
  element(id).replaceChildren(...items);
}

function ownItem({ text, state, number, answer, problem }: OwnEntry): HTMLElement {
  const where = state === 'inTheBook' ? `${STATES[state]}, no. ${number}` : STATES[state];
  const row = li(text, problem ? `${where}: ${problem}` : where, answer);
  row.dataset.state = answer ? 'answered' : state;
  return row;
}

function item({ number, text, answer, writtenAt }: Entry): HTMLElement {
  return li(text, `No. ${number}, ${new Date(writtenAt).toLocaleString()}`, answer);
}

/** Everything that came from others is text. */
function li(text: string, hint: string, answer: string | null): HTMLElement {
  const row = document.createElement('li');
  row.append(tag('p', text, 'text'), tag('p', hint, 'hint'));
  if (answer) {
    const quote = tag('blockquote', '', 'answer');
    quote.append(tag('b', 'The keeper answered'), document.createTextNode(answer));
    row.append(quote);
  }
  return row;
}

function tag(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

/** Has the buttons do what they say. */
export function listen(book: GuestBook): void {
  const text = element<HTMLTextAreaElement>('text');
  const count = () => setText('count', `${text.value.length} of ${LONGEST} characters`);
  text.maxLength = LONGEST;
  text.addEventListener('input', count);
  count();
  element('connect').addEventListener('click', () => void book.connect());
  element('form').addEventListener('submit', (event) => {
    event.preventDefault();
    void write(book, text).then(count);
  });
}

async function write(book: GuestBook, text: HTMLTextAreaElement): Promise<void> {
  const send = element<HTMLButtonElement>('send');
  if (send.disabled || text.value.trim() === '') return;
  send.disabled = true;
  if (await book.write(text.value)) text.value = '';
  send.disabled = false;
  text.focus();
}
