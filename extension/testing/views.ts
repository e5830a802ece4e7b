import type { ConversationView, MessageView, PeerView, SurbLevel } from 'sotto-wasm';

export const ALICE =
  'HfJ2Ck8tMqVn3yPz7WsLxUe9DgRbA4ZkT5vNcXmQw6Yh.8QpEr3KdVtLz5NcWxYm2BsUa7JfGhP9ZeTk4RvDqMnXw@5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
export const BOB =
  'C7nTqWz4RkYvXs9PbJm2LdUe8GfHa5MtQcZx3NwVrKyB.4VhMz9TxQpLk7YnRcWs2EjBd5GuAf8PvNtXq3ZrKmCw@5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
export const CAROL =
  '9WbRmXk2VtQz6PnLc4YsTf7HgJd3EaUe5KvNxZq8MrBy.Gd5TzKq8WnXv3RbMc7YpLs2JfHe4UaQt9NkVxEr6ZwBm@5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
/** The tags of two who do not say who they are. */
export const SOMEBODY = '7QxkT4vNqWcRz2YbMnHdUe';
export const SOMEBODY_ELSE = 'Rb3mVt8KpXz5NwLc2YdQsF';
export const UNKNOWN = 'unknown';
export const GATEWAY = '5FtUbNq7xRkPz2WcVmYs9EhJ3LgDa8KvQrTe6XnBp4Cw';
export const MORNING = new Date(2026, 10, 22, 9, 41).getTime();
export const ENOUGH: SurbLevel = { available: 20, bytes: 15_950 };

/** A message with what a test does not care about filled in. */
export function message(known: Partial<MessageView>): MessageView {
  const text = known.text ?? 'hello';
  return {
    id: 'id',
    direction: 'sent',
    conversation: BOB,
    anonymous: false,
    signed: false,
    format: 'text',
    file: null,
    text,
    truncated: false,
    size: text.length,
    at: MORNING,
    delivery: known.direction === 'received' ? null : { state: 'queued' },
    ...known,
  };
}

/** The correspondent of a conversation. */
function peer(id: string, level: SurbLevel): PeerView {
  if (id === UNKNOWN) return { kind: 'unknown' };
  return id.includes('@') ? { kind: 'address', address: id } : { kind: 'anonymous', tag: id, level };
}

/** The conversation of these messages, of which so many are unread. */
export function conversation(messages: MessageView[], unread = 0, level = ENOUGH): ConversationView {
  const last = messages.at(-1) ?? message({});
  const { direction, at, delivery } = last;
  const text = last.file?.name ?? last.text;
  return {
    id: last.conversation,
    peer: peer(last.conversation, level),
    name: null,
    trust: 'none',
    plain: false,
    activeAt: at,
    unread,
    anonymous: messages.findLast((message) => message.direction === 'sent')?.anonymous ?? true,
    last: {
      direction,
      text: text.replaceAll(/\s+/g, ' ').slice(0, 120),
      at,
      state: delivery?.state ?? null,
    },
  };
}
