import type { MessageView, SurbLevel } from 'sotto-wasm';
import { type Act, type Scenario, STARTING } from './fake-background';
import { siteScenarios } from './site-scenarios';
import { longTalk, talkScenarios } from './talk-scenarios';
import {
  ALICE,
  BOB,
  CAROL,
  conversation,
  ENOUGH,
  GATEWAY,
  message,
  MORNING,
  SOMEBODY,
  SOMEBODY_ELSE,
  UNKNOWN,
} from './views';

export { BOB, conversation, message, SOMEBODY, UNKNOWN } from './views';

const ONLINE: Scenario = {
  ...STARTING,
  address: ALICE,
  connection: { state: 'online', gateway: GATEWAY, problem: null },
  gateways: { own: GATEWAY, next: null, former: [] },
};

const FORMER = {
  gateway: BOB.split('@')[0]?.split('.')[1] ?? '',
  leftAt: MORNING - 86_400_000,
  receivedAt: MORNING - 3_600_000,
  online: true,
  leaving: false,
};

/** A scenario in which these messages were exchanged, and the conversation of the first is open. */
function talk(messages: MessageView[], level = ENOUGH): Scenario {
  return {
    ...ONLINE,
    messages,
    conversations: [conversation(messages, 0, level)],
    open: messages[0]?.conversation,
  };
}

const LONG = 'Chapter one. '.repeat(200);

const TALK: MessageView[] = [
  { text: 'Did the documents arrive?', anonymous: true, delivery: { state: 'atGateway' as const } },
  { direction: 'received' as const, text: 'Yes, all three.\nI am reading the second one now.' },
  { direction: 'received' as const, text: 'شكرا جزيلا 🙏 and thank you for the <b>careful</b> notes.' },
  {
    text: 'Good. Take your time; nobody between us knows who is talking to whom.',
    anonymous: true,
    delivery: { state: 'sent' as const },
  },
].map((known, index) => message({ id: `talk-${index}`, at: MORNING + index * 95_000, ...known }));

/** Messages of one conversation, the first so many minutes after the morning's. */
function said(conversation: string, minutes: number, known: Partial<MessageView>[]): MessageView[] {
  return known.map((one, index) =>
    message({
      id: `${conversation}-${index}`,
      conversation,
      at: MORNING + (minutes + index) * 60_000,
      ...one,
    }),
  );
}

const NO_SURBS = {
  code: 'peer.no-surbs',
  message: 'Your answer waits: the other side has to send more reply blocks first.',
  canRetry: false,
};

const QUESTION = said(SOMEBODY, -30, [
  { direction: 'received', text: 'You do not know me. Is the offer from the notice board still open?' },
]);

const ANSWERED = [
  ...QUESTION,
  ...said(SOMEBODY, -20, [
    { id: 'answer-1', text: 'It is. When would suit you?', delivery: { state: 'atGateway' } },
    { id: 'answer-2', direction: 'received', text: 'Thursday, after six.' },
  ]),
];

const WAITING = [
  ...ANSWERED,
  ...said(SOMEBODY, -5, [
    {
      id: 'answer-3',
      text: 'Thursday it is. I am sending you everything there is to know about the place. '.repeat(5),
      delivery: { state: 'waitingForReplyBlocks', problem: NO_SURBS },
    },
  ]),
];

const GIVEN_UP = [
  ...ANSWERED,
  ...said(SOMEBODY, -5, [
    {
      id: 'answer-4',
      text: 'Are you still there?',
      delivery: {
        state: 'failed',
        problem: {
          code: 'message.no-surbs',
          message: 'The anonymous sender gave no more reply blocks. Try again when they have written again.',
          canRetry: true,
        },
      },
    },
  ]),
];

const STRANGERS = said(UNKNOWN, -2_000, [
  { direction: 'received', text: 'This came without an address.' },
  { direction: 'received', text: 'And so did this, perhaps from somebody else.' },
]);

const LIST: [MessageView[], number, SurbLevel?][] = [
  [TALK, 0],
  [WAITING, 0, { available: 10, bytes: 0 }],
  [said(SOMEBODY_ELSE, -90, [{ direction: 'received', text: 'Are you the one who wrote the guide?' }]), 1],
  [
    said(CAROL, -3_000, [
      {
        text: 'Nobody answers there any more, and this line is far too long to be shown as a whole in the list of conversations.',
        delivery: { state: 'failed' },
      },
    ]),
    0,
  ],
  [STRANGERS, 12],
];

/** Named states of the chat, for pictures and for tests of what is shown. */
export const SCENARIOS: Record<string, Scenario> = {
  starting: STARTING,
  connecting: { ...STARTING, connection: { state: 'connecting', step: 'registering' } },
  empty: ONLINE,
  list: {
    ...ONLINE,
    conversations: LIST.map(([messages, unread, level]) => conversation(messages, unread, level)).toSorted(
      (one, other) => other.activeAt - one.activeAt,
    ),
    messages: LIST.flatMap(([messages]) => messages),
  },
  new: { ...ONLINE, open: '' },
  conversation: talk(TALK),
  answering: talk(ANSWERED),
  waiting: talk(WAITING, { available: 10, bytes: 0 }),
  'given-up': talk(GIVEN_UP, { available: 0, bytes: 0 }),
  unknown: talk(STRANGERS),
  delivery: talk([
    message({ id: 'a', text: 'On disk, waiting.', delivery: { state: 'queued' } }),
    message({
      id: 'b',
      text: 'Waiting for a gateway that is away.',
      delivery: {
        state: 'queued',
        problem: {
          code: 'gateway_unknown',
          message: 'Their gateway is not in the network at the moment. Sotto tries again by itself.',
          canRetry: true,
        },
      },
    }),
    message({
      id: 'c',
      text: 'A large one.',
      size: 1_000_000,
      delivery: { state: 'sending', acked: 212, total: 531 },
    }),
    message({ id: 'd', text: 'Handed over.', delivery: { state: 'sent' } }),
    message({ id: 'e', text: 'There.', anonymous: true, delivery: { state: 'atGateway' } }),
    message({
      id: 'f',
      text: 'Lost.',
      delivery: {
        state: 'failed',
        problem: { code: 'no_ack', message: 'No part of it was confirmed for an hour.', canRetry: true },
      },
    }),
  ]),
  'old-map': {
    ...ONLINE,
    topology: {
      fetchedAt: Date.now() - 5 * 3_600_000,
      epoch: 412,
      stored: true,
      mixNodes: 6,
      gateways: 2,
    },
  },
  gateways: {
    ...ONLINE,
    gateways: {
      own: GATEWAY,
      next: null,
      former: [FORMER, { ...FORMER, gateway: CAROL.slice(0, 44), leaving: true }],
    },
  },
  moving: {
    ...ONLINE,
    gateways: {
      own: GATEWAY,
      next: { gateway: FORMER.gateway, connection: { state: 'connecting', step: 'registering' } },
      former: [],
    },
  },
  offline: {
    ...talk(TALK),
    open: undefined,
    connection: {
      state: 'offline',
      problem: {
        code: 'directory_unreachable',
        fault: 'directory',
        message:
          'The directory at http://127.0.0.1:17080/ does not answer. Check that it is running, or set another address.',
      },
      retryAt: MORNING,
    },
  },
  full: {
    ...talk(TALK),
    storage: {
      code: 'storage_full',
      fault: 'storage',
      message: 'The disk is full, so nothing is sent or received. Free some space; Sotto goes on by itself.',
    },
    connection: {
      state: 'online',
      gateway: GATEWAY,
      problem: {
        code: 'no_bandwidth',
        fault: 'gateway',
        message: 'The gateway gives no bandwidth at the moment. Sotto asks again.',
      },
    },
  },
  long: {
    ...talk([
      message({
        id: 'long',
        direction: 'received',
        text: LONG.slice(0, 2_000),
        truncated: true,
        size: LONG.length,
      }),
      message({ id: 'word', text: 'w'.repeat(180), delivery: { state: 'atGateway' } }),
    ]),
    texts: { long: LONG },
  },
};
/** The vault is not open: nothing is known but that. */
const closed = (stage: Scenario['stage']): Scenario => ({ ...STARTING, stage });

/** A section of the settings, of a vault that is locked with a passphrase. */
const inSettings = (section: string, ...acts: Act[]): Scenario => ({
  ...ONLINE,
  stage: { name: 'open', protection: 'passphrase' },
  steps: { page: 'settings', acts: [[`[data-testid="section-${section}"]`], ...acts] },
});

const LOST: Scenario['stage'] = {
  name: 'lost',
  problem: {
    code: 'vault.damaged',
    fault: 'storage',
    message: "The vault's key is damaged, and so is its copy. Restore a backup, or start anew.",
  },
};

const onTheWay = (...acts: Act[]): Scenario => ({
  ...closed({ name: 'new' }),
  steps: { page: 'welcome', acts },
});
const NEXT: Act = ['[data-testid="next"]'];
const TO_PASSPHRASE: Act[] = [NEXT, ['[data-testid="kind-new"]']];
const FIRST = '[data-testid="passphrase-new"]';

Object.assign(SCENARIOS, {
  'not-ready': closed({ name: 'starting' }),
  'set-up': closed({ name: 'new' }),
  locked: closed({ name: 'locked' }),
  'locked-wrong': {
    ...closed({ name: 'locked' }),
    steps: {
      page: 'popup',
      acts: [['[data-testid="passphrase-current"]', 'wrong'], ['[data-testid="unlock"]']],
    },
  },
  'lost-anew': { ...closed(LOST), steps: { page: 'popup', acts: [['[data-testid="anew"]']] } },
  lost: closed(LOST),
  newer: closed({
    name: 'lost',
    problem: {
      code: 'vault.newer',
      fault: 'storage',
      message: 'The vault was written by a later version of Sotto. Update the extension.',
    },
  }),
  'settings-lock': inSettings('lock'),
  'settings-change': inSettings('lock', ['[data-testid="passphrase-change"]'], [FIRST, 'turtle umbrella']),
  'settings-device': {
    ...inSettings('lock'),
    stage: { name: 'open', protection: 'device' },
  },
  'settings-privacy': inSettings('privacy', ['[data-testid="receipts"]']),
  'settings-backup': inSettings('backup'),
  'settings-delete': inSettings('delete', ['[data-testid="delete"]']),
  'welcome-kind': onTheWay(NEXT),
  'welcome-restore': onTheWay(NEXT, ['[data-testid="kind-restore"]']),
  'welcome-passphrase': onTheWay(...TO_PASSPHRASE, [FIRST, 'turtle umbrella']),
  'welcome-skip': onTheWay(...TO_PASSPHRASE, ['[data-testid="skip"]']),
  'welcome-network': onTheWay(...TO_PASSPHRASE, ['[data-testid="skip"]'], ['[data-testid="skip-do"]']),
  'cannot-start': {
    ...closed({ name: 'starting' }),
    connection: {
      state: 'offline',
      problem: {
        code: 'start_failed',
        fault: 'internal',
        message:
          'Sotto could not start: it takes unusually long. Restart the browser; if that does not help, free some disk space.',
      },
      retryAt: null,
    },
  },
});
Object.assign(SCENARIOS, talkScenarios(ONLINE), siteScenarios(ONLINE));

/** A scenario by its name; `past-10000` is one with so many messages. */
export function scenarioNamed(name: string): Scenario | undefined {
  const count = /^past-(\d+)$/.exec(name)?.[1];
  return count ? longTalk(ONLINE, Number(count)) : SCENARIOS[name];
}

SCENARIOS['offline-open'] = { ...SCENARIOS['offline'], open: BOB } as Scenario;
