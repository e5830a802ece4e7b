//! The newest messages, as pages show them.

use crate::page::{DeliveryView, Event, MessageView};

/// How many messages are kept in memory and shown; older ones stay on disk.
pub const HISTORY_LIMIT: usize = 200;

/// The newest [`HISTORY_LIMIT`] messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    messages: Vec<MessageView>,
}

impl History {
    /// Inserts a message by its time, or replaces the one of the same id, and gives what pages are
    /// to be told: nothing of a message that is older than all that is kept.
    pub(crate) fn put(&mut self, message: MessageView) -> Vec<Event> {
        self.messages.retain(|other| other.id != message.id);
        let index = self
            .messages
            .partition_point(|other| other.at <= message.at);
        self.messages.insert(index, message.clone());
        let news = Event::Message { message };
        if self.messages.len() <= HISTORY_LIMIT {
            return vec![news];
        }
        let oldest = self.messages.remove(0);
        if index == 0 {
            Vec::new()
        } else {
            vec![news, Event::Removed { id: oldest.id }]
        }
    }

    /// Notes how far a message got, and gives what pages are to be told: nothing of one that is not
    /// kept.
    pub(crate) fn set_delivery(&mut self, id: &str, delivery: DeliveryView) -> Vec<Event> {
        let Some(message) = self.messages.iter_mut().find(|message| message.id == id) else {
            return Vec::new();
        };
        message.delivery = Some(delivery);
        vec![Event::Message {
            message: message.clone(),
        }]
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
            let news = Event::Message {
                message: message(id, at),
            };
            assert_eq!(history.put(message(id, at)), [news]);
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
    fn only_the_newest_are_kept_and_pages_are_told_which_one_went() {
        let mut history = History::default();
        for at in 1..=HISTORY_LIMIT as u64 {
            history.put(message(&at.to_string(), 1_000 + at));
        }
        assert_eq!(history.put(message("too old", 50)), []);
        let newest = Event::Message {
            message: message("new", 5_000),
        };
        let oldest = Event::Removed { id: "1".to_owned() };
        assert_eq!(history.put(message("new", 5_000)), [newest, oldest]);
        assert_eq!(history.messages().len(), HISTORY_LIMIT);
        assert_eq!(history.messages()[0].id, "2");
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
        assert_eq!(history.set_delivery("b", sent.clone()).len(), 1);
        assert_eq!(history.set_delivery("c", sent.clone()), []);
        assert_eq!(history.get("a").unwrap().delivery, None);
        assert_eq!(history.get("b").unwrap().delivery, Some(sent));
    }
}
