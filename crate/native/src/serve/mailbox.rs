//! Received messages on their way to the program that reads them.
//!
//! A message is the program's once it has answered a websocket ping that left after it: then all
//! before it has been read. Until then it is kept, and given again to who connects next.

use sotto_core::client::ReceivedMessage;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most messages that a program may have been given without a sign that it has them.
const WINDOW: usize = 256;

/// The same in bytes; one message of any size may go beyond.
const WINDOW_BYTES: usize = 1 << 20;

/// Messages in the order in which they came. Memory is bounded by the client's inbox, which holds
/// the same ones.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Arc<ReceivedMessage>>,
    /// How many of them the program was given, and their bytes.
    given: usize,
    given_bytes: usize,
    /// How many messages the connection has confirmed.
    confirmed: u64,
    /// How many the connection will have confirmed once it answers the ping under way.
    asked: Option<u64>,
}

impl Mailbox {
    /// A message has come.
    pub(crate) fn push(&mut self, message: Arc<ReceivedMessage>) {
        self.waiting.push_back(message);
    }

    /// The next message to give to the program, if it takes them fast enough.
    pub(crate) fn give(&mut self) -> Option<Arc<ReceivedMessage>> {
        if self.given >= WINDOW || self.given_bytes >= WINDOW_BYTES {
            return None;
        }
        let message = self.waiting.get(self.given)?.clone();
        self.given += 1;
        self.given_bytes += message.body.len();
        Some(message)
    }

    /// The number to ping with, if it is time to ask.
    pub(crate) fn ask(&mut self) -> Option<u64> {
        if self.asked.is_some() || self.given == 0 {
            return None;
        }
        self.asked = Some(self.confirmed + self.given as u64);
        self.asked
    }

    /// A ping was answered: the messages that the program has for sure. None if nobody asked.
    pub(crate) fn confirm(&mut self, number: u64) -> Vec<Arc<ReceivedMessage>> {
        if self.asked != Some(number) {
            return Vec::new();
        }
        self.asked = None;
        let count = usize::try_from(number - self.confirmed).unwrap_or_default();
        let theirs: Vec<_> = self.waiting.drain(..count.min(self.given)).collect();
        self.confirmed = number;
        self.given -= theirs.len();
        let bytes: usize = theirs.iter().map(|message| message.body.len()).sum();
        self.given_bytes -= bytes;
        theirs
    }

    /// The program has gone: what it has not confirmed is for the next.
    pub(crate) fn hang_up(&mut self) {
        (self.given, self.given_bytes) = (0, 0);
        (self.confirmed, self.asked) = (0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_core::client::MessageId;
    use sotto_core::time::Time;

    fn message(number: usize, len: usize) -> Arc<ReceivedMessage> {
        Arc::new(ReceivedMessage {
            id: MessageId([1; 16]),
            received_at: Time::from_millis(number as u64),
            sender_tag: None,
            answer_from: None,
            body: vec![0; len],
        })
    }

    fn mailbox(lens: &[usize]) -> Mailbox {
        let mut mailbox = Mailbox::default();
        for (number, len) in lens.iter().enumerate() {
            mailbox.push(message(number, *len));
        }
        mailbox
    }

    fn number(message: &Arc<ReceivedMessage>) -> u64 {
        message.received_at.as_millis()
    }

    /// All that the program is given without a sign of it.
    fn given(mailbox: &mut Mailbox) -> Vec<u64> {
        std::iter::from_fn(|| mailbox.give())
            .map(|message| number(&message))
            .collect()
    }

    fn confirmed(mailbox: &mut Mailbox, number: u64) -> Vec<u64> {
        mailbox.confirm(number).iter().map(self::number).collect()
    }

    #[test]
    fn a_message_is_the_programs_once_a_later_ping_is_answered() {
        let mut mailbox = mailbox(&[1, 1]);
        assert_eq!(given(&mut mailbox), [0, 1]);
        assert_eq!(mailbox.ask(), Some(2));
        mailbox.push(message(2, 1));
        assert_eq!(given(&mut mailbox), [2]);
        assert_eq!(mailbox.ask(), None, "one ping at a time");
        assert_eq!(confirmed(&mut mailbox, 2), [0, 1]);
        assert_eq!(mailbox.ask(), Some(3));
        assert_eq!(confirmed(&mut mailbox, 3), [2]);
        assert_eq!((mailbox.ask(), given(&mut mailbox)), (None, vec![]));
    }

    #[test]
    fn what_was_not_confirmed_is_given_to_the_next_program() {
        let mut mailbox = mailbox(&[1, 1, 1]);
        assert!(mailbox.give().is_some());
        assert_eq!(mailbox.ask(), Some(1));
        assert_eq!(given(&mut mailbox), [1, 2]);
        assert_eq!(confirmed(&mut mailbox, 1), [0]);
        mailbox.hang_up();
        assert_eq!(given(&mut mailbox), [1, 2]);
        assert_eq!(mailbox.ask(), Some(2));
        assert_eq!(confirmed(&mut mailbox, 2), [1, 2]);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_confirms_nothing() {
        let mut mailbox = mailbox(&[1, 1]);
        assert!(confirmed(&mut mailbox, 0).is_empty());
        assert!(confirmed(&mut mailbox, 2).is_empty());
        assert_eq!(given(&mut mailbox), [0, 1]);
        assert_eq!(mailbox.ask(), Some(2));
        for number in [0, 1, 3, u64::MAX] {
            assert!(confirmed(&mut mailbox, number).is_empty());
        }
        assert_eq!(confirmed(&mut mailbox, 2), [0, 1]);
        assert!(confirmed(&mut mailbox, 2).is_empty());
    }

    #[test]
    fn a_program_that_reads_nothing_is_given_a_window_and_no_more() {
        let mut many = mailbox(&[1; 3 * WINDOW]);
        assert_eq!(given(&mut many).len(), WINDOW);
        let asked = many.ask().unwrap();
        assert_eq!(confirmed(&mut many, asked).len(), WINDOW);
        assert_eq!(given(&mut many).len(), WINDOW);

        let mut large = mailbox(&[WINDOW_BYTES - 1, 16 << 20, 1]);
        assert_eq!(given(&mut large), [0, 1]);
        let asked = large.ask().unwrap();
        assert_eq!(confirmed(&mut large, asked), [0, 1]);
        assert_eq!(given(&mut large), [2]);
    }
}
