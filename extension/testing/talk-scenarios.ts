import type { ConversationView, MessageView } from 'sotto-wasm';
import type { Act, Scenario } from './fake-background';
import { LANDSCAPE } from './landscape';
import { BOB, conversation, message, MORNING, SOMEBODY } from './views';

const LONG_NAME = 'Dr. Wilhelmina Featherstonehaugh-Cholmondeley of the Second Reading Room, Third Floor';
const PNG = { name: 'Morning over the hills.png', mediaType: 'image/png', size: 4_218 };
const PDF = {
  name: 'Minutes of the meeting of the second of November, final version (3).pdf',
  mediaType: 'application/pdf',
};

/** Messages of one conversation, half a minute apart. */
function said(known: Partial<MessageView>[], place = BOB): MessageView[] {
  return known.map((one, index) =>
    message({
      id: `said-${index}`,
      conversation: place,
      at: MORNING + index * 30_000,
      signed: one.direction === 'received' || !one.anonymous,
      ...one,
    }),
  );
}

const VERIFIED = said([
  { text: 'The draft is done. Shall I send it as it is?', delivery: { state: 'delivered' } },
  { direction: 'received', text: 'Please do. I read it tonight.' },
  { direction: 'received', text: 'And do send the pictures as well!', signed: false },
  { text: 'They follow.', delivery: { state: 'atGateway' } },
]);

const FILES = said([
  { direction: 'received', text: '', file: PNG },
  { text: '', file: { ...PDF, size: 1_840_300 }, delivery: { state: 'sending', acked: 402, total: 1_260 } },
  {
    text: '',
    file: { ...PDF, name: 'notes.txt', size: 812 },
    delivery: { state: 'paused', acked: 1, total: 3 },
  },
  {
    direction: 'received',
    text: '',
    file: { name: 'invoice\u202Efdp.exe', mediaType: 'application/pdf', size: 51_200 },
  },
]);

const MACHINE = said(
  [
    {
      direction: 'received',
      format: 'json',
      text: '{\n  "service": "weather",\n  "reading": { "place": "Oslo", "degrees": -4.5, "sky": "overcast with a little snow in the evening" },\n  "next": null\n}',
    },
    {
      direction: 'received',
      format: 'binary',
      text: '89504e470d0a1a0a0000000d494844520000014000000c808040300000008a1f3c4f5',
      size: 34,
    },
  ],
  SOMEBODY,
);

const STATES = said([
  { text: 'Paused in the middle.', delivery: { state: 'paused', acked: 41, total: 120 } },
  { text: 'On its way.', delivery: { state: 'sent' } },
  { text: 'They have it.', delivery: { state: 'delivered' } },
]);

/** So many messages of one conversation, an hour apart. */
function past(count: number): MessageView[] {
  return Array.from({ length: count }, (_, index) =>
    message({
      id: `past-${index}`,
      at: MORNING - (count - index) * 3_600_000,
      direction: index % 3 ? 'received' : 'sent',
      signed: true,
      text:
        index % 7
          ? `Line ${index} of a long story.`
          : `Line ${index}. ${'It goes on for a while. '.repeat(6)}`,
      delivery: index % 3 ? null : { state: 'delivered' },
    }),
  );
}

/** A state in which a conversation of so many messages is open. */
export function longTalk(online: Scenario, count: number): Scenario {
  const messages = past(count);
  const known = { name: 'Bob Karlsson', trust: 'signed' } as const;
  return { ...online, messages, conversations: [{ ...conversation(messages), ...known }], open: BOB };
}

const FILE_FIELD = '[data-testid="file-field"]';

/** What somebody does in the chat. */
const inChat = (acts: Act[]) => ({ page: 'popup', acts });

/** The states of the chat that came with files, contacts and search; `online` is a state to begin with. */
export function talkScenarios(online: Scenario): Record<string, Scenario> {
  const open = (messages: MessageView[], known: Partial<ConversationView> = {}): Scenario => ({
    ...online,
    messages,
    conversations: [{ ...conversation(messages), ...known }],
    open: messages[0]?.conversation,
  });
  const verified = open(VERIFIED, { name: 'Bob Karlsson', trust: 'verified', anonymous: false });
  const files = { ...open(FILES, { name: 'Bob Karlsson', trust: 'signed' }), files: { 'said-0': LANDSCAPE } };
  const anonymous = open(MACHINE);
  const history = longTalk(online, 90);
  const details: Act = ['[data-testid="open-details"]'];
  const looksFor = (text: string) => ({
    ...history,
    open: undefined,
    steps: inChat([['[data-testid="search"]', text]]),
  });
  return {
    verified,
    signed: open(VERIFIED.slice(0, 2), { trust: 'signed' }),
    files,
    picture: { ...files, steps: inChat([['[data-testid="show-picture"]']]) },
    machine: anonymous,
    states: open(STATES, { name: 'Bob Karlsson' }),
    history,
    'contact-only': { ...open([message({})], { name: LONG_NAME, last: null }), messages: [], open: BOB },
    menu: { ...verified, steps: inChat([['.message:last-child [data-testid="menu"]']]) },
    'menu-delete': {
      ...verified,
      steps: inChat([['.message:last-child [data-testid="menu"]'], ['[data-testid="choice-delete"]']]),
    },
    attached: {
      ...verified,
      steps: inChat([
        [FILE_FIELD, `${PDF.name}|1840300`],
        ['[data-testid="message-text"]', 'As promised:'],
      ]),
    },
    'too-large': { ...verified, steps: inChat([[FILE_FIELD, 'Holiday.mov|7400000']]) },
    details: { ...verified, steps: inChat([details]) },
    'details-signed': { ...open(VERIFIED, { trust: 'signed', name: LONG_NAME }), steps: inChat([details]) },
    'details-anonymous': { ...anonymous, steps: inChat([details]) },
    'details-delete': { ...anonymous, steps: inChat([details, ['[data-testid="delete-conversation"]']]) },
    share: { ...online, steps: inChat([['[data-testid="share"]']]) },
    'new-qr': { ...online, open: '', steps: inChat([['[data-testid="read-qr"]']]) },
    search: looksFor('line 3'),
    'search-nothing': looksFor('nowhere'),
    'long-names': { ...open(VERIFIED, { name: LONG_NAME, trust: 'verified' }), open: undefined },
  };
}
