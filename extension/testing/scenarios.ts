import type { MessageView } from 'sotto-wasm';
import { type Scenario, STARTING } from './fake-background';

const ALICE =
  'HfJ2Ck8tMqVn3yPz7WsLxUe9DgRbA4ZkT5vNcXmQw6Yh.8QpEr3KdVtLz5NcWxYm2BsUa7JfGhP9ZeTk4RvDqMnXw@5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
const BOB =
  'C7nTqWz4RkYvXs9PbJm2LdUe8GfHa5MtQcZx3NwVrKyB.4VhMz9TxQpLk7YnRcWs2EjBd5GuAf8PvNtXq3ZrKmCw@5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
const GATEWAY = '5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
const MORNING = new Date(2026, 10, 22, 9, 41).getTime();

/** A message with what a test does not care about filled in. */
export function message(known: Partial<MessageView>): MessageView {
  const text = known.text ?? 'hello';
  return {
    id: 'id',
    direction: 'sent',
    peer: known.direction === 'received' ? null : BOB,
    text,
    truncated: false,
    size: text.length,
    at: MORNING,
    delivery: known.direction === 'received' ? null : { state: 'queued' },
    ...known,
  };
}

const ONLINE: Scenario = {
  ...STARTING,
  address: ALICE,
  connection: { state: 'online', gateway: GATEWAY, problem: null },
};

const LONG = 'Chapter one. '.repeat(200);

const TALK: MessageView[] = [
  { text: 'Did the documents arrive?', delivery: { state: 'atGateway' as const } },
  { direction: 'received' as const, text: 'Yes, all three.\nI am reading the second one now.' },
  { direction: 'received' as const, text: 'شكرا جزيلا 🙏 and thank you for the <b>careful</b> notes.' },
  {
    text: 'Good. Take your time; nobody between us knows who is talking to whom.',
    delivery: { state: 'sent' as const },
  },
].map((known, index) => message({ id: `talk-${index}`, at: MORNING + index * 95_000, ...known }));

/** Named states of the chat, for pictures and for tests of what is shown. */
export const SCENARIOS: Record<string, Scenario> = {
  starting: STARTING,
  connecting: { ...STARTING, connection: { state: 'connecting', step: 'registering' } },
  empty: ONLINE,
  conversation: { ...ONLINE, messages: TALK },
  delivery: {
    ...ONLINE,
    messages: [
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
      message({ id: 'e', text: 'There.', delivery: { state: 'atGateway' } }),
      message({
        id: 'f',
        text: 'Lost.',
        delivery: {
          state: 'failed',
          problem: { code: 'no_ack', message: 'No part of it was confirmed for an hour.', canRetry: true },
        },
      }),
    ],
  },
  offline: {
    ...ONLINE,
    messages: TALK,
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
    ...ONLINE,
    messages: TALK,
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
    ...ONLINE,
    messages: [
      message({
        id: 'long',
        direction: 'received',
        text: LONG.slice(0, 2_000),
        truncated: true,
        size: LONG.length,
      }),
      message({ id: 'word', text: 'w'.repeat(180), delivery: { state: 'atGateway' } }),
    ],
    texts: { long: LONG },
  },
};
