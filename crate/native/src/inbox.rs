//! Messages that arrived and were not taken out, as far as there is room for them.

use sotto_core::client::{MessageId, ReceivedMessage};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Bytes of messages that may wait, counted with what each costs besides its body: 16 messages of
/// the largest size, or about a million short ones.
pub(crate) const LIMIT: usize = 256 << 20;

/// What a message costs besides its body, in bytes.
const EACH: usize = 256;

/// Messages in the order in which they came, on disk and in memory. What was admitted stays until
/// it is taken out: a flood costs the messages that come after it, not those before.
pub(crate) struct Inbox {
    messages: VecDeque<Arc<ReceivedMessage>>,
    bytes: usize,
}

fn cost(message: &ReceivedMessage) -> usize {
    message.body.len() + EACH
}

impl Inbox {
    /// What a former run left behind.
    pub(crate) fn new(messages: Vec<ReceivedMessage>) -> Self {
        Self {
            bytes: messages.iter().map(cost).sum(),
            messages: messages.into_iter().map(Arc::new).collect(),
        }
    }

    /// Takes a message in, or tells which one there is no room for.
    pub(crate) fn admit(
        &mut self,
        message: ReceivedMessage,
    ) -> Result<Arc<ReceivedMessage>, MessageId> {
        let bytes = self.bytes + cost(&message);
        if bytes > LIMIT {
            return Err(message.id);
        }
        let message = Arc::new(message);
        self.bytes = bytes;
        self.messages.push_back(message.clone());
        Ok(message)
    }

    /// All of them, the oldest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = Arc<ReceivedMessage>> {
        self.messages.iter().cloned()
    }

    /// Makes room: these have been dealt with.
    pub(crate) fn take_out(&mut self, ids: &[MessageId]) {
        let mut gone: HashSet<_> = ids.iter().collect();
        // They are mostly the oldest, so that this ends soon.
        while let Some(first) = self.messages.pop_front_if(|first| gone.remove(&first.id)) {
            self.bytes -= cost(&first);
        }
        if !gone.is_empty() {
            self.messages.retain(|message| !gone.contains(&message.id));
            self.bytes = self.messages.iter().map(|message| cost(message)).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_core::time::Time;

    fn message(id: u8, len: usize) -> ReceivedMessage {
        ReceivedMessage {
            id: MessageId([id; 16]),
            received_at: Time::from_millis(5),
            sender_tag: None,
            answer_from: None,
            body: vec![id; len],
        }
    }

    fn ids(inbox: &Inbox) -> Vec<u8> {
        inbox.messages().map(|message| message.id.0[0]).collect()
    }

    #[test]
    fn what_was_admitted_stays_when_there_is_no_room_for_more() {
        let half = LIMIT / 2 - EACH;
        let mut inbox = Inbox::new(vec![message(1, half)]);
        assert!(inbox.admit(message(2, half)).is_ok());
        assert_eq!(inbox.admit(message(3, 1)), Err(MessageId([3; 16])));
        assert_eq!(ids(&inbox), [1, 2]);
        inbox.take_out(&[MessageId([1; 16])]);
        assert!(inbox.admit(message(4, half)).is_ok());
        assert!(inbox.admit(message(5, 1)).is_err());
        assert_eq!(ids(&inbox), [2, 4]);
    }

    #[test]
    fn messages_are_taken_out_wherever_they_stand() {
        let mut inbox = Inbox::new((1..=6).map(|id| message(id, 10)).collect());
        inbox.take_out(&[2, 1, 5, 9].map(|id| MessageId([id; 16])));
        assert_eq!(ids(&inbox), [3, 4, 6]);
        assert_eq!(inbox.bytes, 3 * (10 + EACH));
        inbox.take_out(&[3, 4, 6].map(|id| MessageId([id; 16])));
        assert_eq!((ids(&inbox), inbox.bytes), (vec![], 0));
    }
}
