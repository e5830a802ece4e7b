//! The newest messages, as pages show them.

use crate::page::{DeliveryView, MessageView};

/// How many messages are kept in memory and shown; older ones stay on disk.
pub const HISTORY_LIMIT: usize = 200;

/// The newest [`HISTORY_LIMIT`] messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    messages: Vec<MessageView>,
}

impl History {
    /// Inserts a message by its time, or replaces the one of the same id. `None` if it is older than all that is kept.
    pub(crate) fn put(&mut self, message: MessageView) -> Option<&MessageView> {
        self.remove(&message.id);
        let index = self
            .messages
            .partition_point(|other| other.at <= message.at);
        if self.messages.len() < HISTORY_LIMIT {
            self.messages.insert(index, message);
            return self.messages.get(index);
        }
        let index = index.checked_sub(1)?;
        self.messages.remove(0);
        self.messages.insert(index, message);
        self.messages.get(index)
    }

    /// Notes how far a message got. `None` if it is not kept.
    pub(crate) fn set_delivery(
        &mut self,
        id: &str,
        delivery: DeliveryView,
    ) -> Option<&MessageView> {
        let message = self.messages.iter_mut().find(|message| message.id == id)?;
        message.delivery = Some(delivery);
        Some(message)
    }

    /// Forgets a message; whether it was there.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.messages.len();
        self.messages.retain(|message| message.id != id);
        self.messages.len() < before
    }

    pub(crate) fn get(&self, id: &str) -> Option<&MessageView> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// All that is kept, oldest first.
    pub(crate) fn messages(&self) -> &[MessageView] {
        &self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{DeliveryStateName, Direction};

    fn message(id: &str, at: u64) -> MessageView {
        MessageView {
            id: id.to_owned(),
            direction: Direction::Received,
            peer: None,
            text: String::new(),
            truncated: false,
            size: 0,
            at,
            delivery: None,
        }
    }

    fn ids(history: &History) -> Vec<&str> {
        history
            .messages()
            .iter()
            .map(|message| message.id.as_str())
            .collect()
    }

    #[test]
    fn messages_are_in_the_order_of_their_times_and_of_arrival_within_one() {
        let mut history = History::default();
        for (id, at) in [("b", 2), ("c", 2), ("a", 1), ("d", 3)] {
            assert!(
                history
                    .put(message(id, at))
                    .is_some_and(|kept| kept.id == id)
            );
        }
        assert_eq!(ids(&history), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_same_message_twice_is_one_message() {
        let mut history = History::default();
        history.put(message("a", 1));
        history.put(message("b", 2));
        history.put(message("a", 1));
        assert_eq!(ids(&history), ["a", "b"]);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut history = History::default();
        for at in 1..=300 {
            history.put(message(&at.to_string(), at));
        }
        assert_eq!(history.messages().len(), HISTORY_LIMIT);
        assert_eq!(history.messages()[0].id, "101");
        assert_eq!(history.put(message("too old", 50)), None);
        assert_eq!(history.messages()[0].id, "101");
        assert!(history.put(message("late", 150)).is_some());
        assert_eq!(
            (history.messages()[0].id.as_str(), history.messages().len()),
            ("102", HISTORY_LIMIT)
        );
    }

    #[test]
    fn a_delivery_changes_the_message_it_belongs_to_and_no_other() {
        let mut history = History::default();
        history.put(message("a", 1));
        history.put(message("b", 2));
        let sent = DeliveryView {
            state: DeliveryStateName::Sent,
            acked: None,
            total: None,
            problem: None,
        };
        assert!(history.set_delivery("b", sent.clone()).is_some());
        assert_eq!(history.set_delivery("c", sent.clone()), None);
        assert_eq!(history.get("a").unwrap().delivery, None);
        assert_eq!(history.get("b").unwrap().delivery, Some(sent));
        assert!(history.remove("a") && !history.remove("a"));
    }
}
