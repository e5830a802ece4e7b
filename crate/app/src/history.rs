//! The newest messages, as pages show them, and which of them the user has not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::page::{DeliveryView, Direction, Event, LastMessage, MessageView};

/// How many messages are kept in memory and shown; older ones stay on disk.
pub const HISTORY_LIMIT: usize = 200;

/// The newest [`HISTORY_LIMIT`] messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    messages: Vec<MessageView>,
    /// The conversation of each received message that the user has not seen, by the message's id.
    unread: BTreeMap<String, String>,
}

/// What a change means for pages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// What they are to be told of messages.
    pub(crate) events: Vec<Event>,
    /// The conversations that look different now.
    pub(crate) conversations: BTreeSet<String>,
}

/// A conversation as far as its messages tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) unread: usize,
    /// Whether our last message was anonymous; nothing if we sent none.
    pub(crate) anonymous: Option<bool>,
    pub(crate) last: LastMessage,
}

impl History {
    /// Inserts a message by its time, or replaces the one of the same id. Pages are told nothing of
    /// a message that is older than all that is kept.
    pub(crate) fn put(&mut self, message: MessageView) -> News {
        self.messages.retain(|other| other.id != message.id);
        let index = self
            .messages
            .partition_point(|other| other.at <= message.at);
        self.messages.insert(index, message.clone());
        let mut news = News::of(message);
        if self.messages.len() > HISTORY_LIMIT {
            let oldest = self.messages.remove(0);
            if index == 0 {
                return News::default();
            }
            news.conversations.insert(oldest.conversation);
            news.events.push(Event::Removed { id: oldest.id });
        }
        news
    }

    /// Notes how far a message got; nothing is to be told of one that is not kept.
    pub(crate) fn set_delivery(&mut self, id: &str, delivery: DeliveryView) -> News {
        let Some(message) = self.messages.iter_mut().find(|message| message.id == id) else {
            return News::default();
        };
        message.delivery = Some(delivery);
        News::of(message.clone())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&MessageView> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// All that is kept, oldest first.
    pub(crate) fn messages(&self) -> &[MessageView] {
        &self.messages
    }

    /// Notes that the user has not seen a message.
    pub(crate) fn set_unread(&mut self, id: String, conversation: String) {
        self.unread.insert(id, conversation);
    }

    /// The user has seen a message and all before it in its conversation: the ids of those that
    /// were unread until now.
    pub(crate) fn seen(&mut self, message: &MessageView) -> Vec<String> {
        let after: BTreeSet<&str> = self
            .messages
            .iter()
            .skip_while(|other| other.id != message.id)
            .skip(1)
            .map(|other| other.id.as_str())
            .collect();
        let mut seen = Vec::new();
        self.unread.retain(|id, conversation| {
            let stays = *conversation != message.conversation || after.contains(id.as_str());
            if !stays {
                seen.push(id.clone());
            }
            stays
        });
        seen
    }

    /// How many messages the user has not seen, in the conversations that are shown.
    pub(crate) fn unread(&self) -> usize {
        if self.unread.is_empty() {
            return 0;
        }
        let messages = self.messages.iter();
        let shown: BTreeSet<&String> = messages.map(|message| &message.conversation).collect();
        let unread = self.unread.values();
        unread.filter(|of| shown.contains(of)).count()
    }

    /// A conversation, if a message of it is kept.
    pub(crate) fn conversation(&self, id: &str) -> Option<Summary> {
        let mut newest = self.messages.iter().rev();
        let own = |message: &&MessageView| message.conversation == id;
        let last = LastMessage::from(newest.clone().find(own)?);
        let sent = newest.find(|message| own(message) && message.direction == Direction::Sent);
        let unread = self.unread.values().filter(|of| *of == id);
        Some(Summary {
            id: id.to_owned(),
            unread: unread.count(),
            anonymous: sent.map(|message| message.anonymous),
            last,
        })
    }

    /// All conversations, the one that was active last first.
    pub(crate) fn conversations(&self) -> Vec<Summary> {
        let mut known = BTreeSet::new();
        let newest = self.messages.iter().rev();
        let ids = newest.filter(|message| known.insert(&message.conversation));
        ids.filter_map(|message| self.conversation(&message.conversation))
            .collect()
    }
}

impl News {
    fn of(message: MessageView) -> Self {
        Self {
            conversations: BTreeSet::from([message.conversation.clone()]),
            events: vec![Event::Message { message }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{BodyFormat, DeliveryStateName};

    fn message(id: &str, at: u64) -> MessageView {
        MessageView {
            id: id.to_owned(),
            direction: Direction::Received,
            conversation: "unknown".to_owned(),
            anonymous: false,
            signed: false,
            format: BodyFormat::Text,
            file: None,
            text: String::new(),
            truncated: false,
            size: 0,
            at,
            delivery: None,
        }
    }

    /// A message of a conversation.
    fn said(conversation: &str, id: &str, at: u64, direction: Direction) -> MessageView {
        MessageView {
            conversation: conversation.to_owned(),
            text: id.to_owned(),
            direction,
            ..message(id, at)
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
            assert_eq!(history.put(message(id, at)), News::of(message(id, at)));
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
        history.put(said("a", "0", 999, Direction::Received));
        for at in 1..HISTORY_LIMIT as u64 {
            history.put(message(&at.to_string(), 1_000 + at));
        }
        assert_eq!(history.put(message("too old", 50)), News::default());
        let newest = Event::Message {
            message: message("new", 5_000),
        };
        let oldest = Event::Removed { id: "0".to_owned() };
        let news = history.put(message("new", 5_000));
        assert_eq!(news.events, [newest, oldest]);
        let touched: Vec<&str> = news.conversations.iter().map(String::as_str).collect();
        assert_eq!(touched, ["a", "unknown"]);
        assert_eq!(history.messages().len(), HISTORY_LIMIT);
        assert_eq!(history.messages()[0].id, "1");
        assert_eq!(history.conversation("a"), None);
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
        assert_eq!(history.set_delivery("b", sent.clone()).events.len(), 1);
        assert_eq!(history.set_delivery("c", sent.clone()), News::default());
        assert_eq!(history.get("a").unwrap().delivery, None);
        assert_eq!(history.get("b").unwrap().delivery, Some(sent));
    }

    #[test]
    fn conversations_are_listed_once_the_last_active_first() {
        let mut history = History::default();
        history.put(said("a", "1", 1, Direction::Sent));
        history.put(said("b", "2", 2, Direction::Received));
        history.put(MessageView {
            anonymous: true,
            ..said("a", "3", 3, Direction::Sent)
        });
        history.put(said("a", "4", 4, Direction::Received));
        let list = history.conversations();
        let shown: Vec<_> = list
            .iter()
            .map(|one| (one.id.as_str(), one.last.text.as_str(), one.anonymous))
            .collect();
        assert_eq!(shown, [("a", "4", Some(true)), ("b", "2", None)]);
    }

    #[test]
    fn what_is_seen_is_that_message_and_those_before_it_in_its_conversation() {
        let mut history = History::default();
        for (conversation, id, at) in [("a", "1", 1), ("b", "2", 2), ("a", "3", 3), ("a", "4", 4)] {
            history.put(said(conversation, id, at, Direction::Received));
            history.set_unread(id.to_owned(), conversation.to_owned());
        }
        // One that is no longer kept is older than all that are.
        history.set_unread("0".to_owned(), "a".to_owned());
        let third = history.get("3").unwrap().clone();
        assert_eq!(history.seen(&third), ["0", "1", "3"]);
        assert_eq!(history.seen(&third), [] as [&str; 0]);
        assert_eq!(history.unread(), 2);
        assert_eq!(history.conversation("a").unwrap().unread, 1);
        assert_eq!(history.conversation("b").unwrap().unread, 1);
    }
}
