//! Messages as pages show them, as far as they are kept in memory: those that were told since the
//! start, and those on their way.

use crate::set::Set;
use litemap::LiteMap;
use std::collections::VecDeque;

use crate::page::{DeliveryView, MessageView};

/// How many messages that were told are kept.
pub const HISTORY_LIMIT: usize = 200;
/// How many bytes of text they may have together.
const HISTORY_BYTES: usize = 1 << 20;

/// The newest messages that were told, and all that are on their way.
#[derive(Debug, Default)]
pub(crate) struct History {
    views: LiteMap<String, MessageView>,
    /// Those that were told as new, oldest first. In no conversation there is a gap between them.
    told: VecDeque<String>,
    /// Those on their way: the disk does not know how far they are.
    under_way: Set<String>,
    /// Of the texts of those that were told.
    bytes: usize,
}

impl History {
    /// Keeps a message that was not told before.
    pub(crate) fn put(&mut self, message: MessageView) {
        if self.told.contains(&message.id) {
            return;
        }
        self.told.push_back(message.id.clone());
        self.bytes += message.text.len();
        self.views.insert(message.id.clone(), message);
        while self.told.len() > HISTORY_LIMIT || self.bytes > HISTORY_BYTES {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(id) = self.told.pop_front() else {
            return;
        };
        let size = self.views.get(&id).map_or(0, |message| message.text.len());
        self.bytes -= size;
        if !self.under_way.contains(&id) {
            self.views.remove(&id);
        }
    }

    /// Keeps a message for as long as it is on its way.
    pub(crate) fn put_under_way(&mut self, message: MessageView) {
        self.under_way.insert(message.id.clone());
        self.views.insert(message.id.clone(), message);
    }

    /// A message is no longer on its way.
    pub(crate) fn arrived(&mut self, id: &str) {
        self.under_way.remove(id);
        if !self.told.iter().any(|told| told == id) {
            self.views.remove(id);
        }
    }

    /// Forgets a message.
    pub(crate) fn remove(&mut self, id: &str) {
        self.under_way.remove(id);
        let view = self.views.remove(id);
        if let Some(place) = self.told.iter().position(|told| told == id) {
            self.told.remove(place);
            self.bytes -= view.map_or(0, |message| message.text.len());
        }
    }

    /// Forgets all messages of a conversation.
    pub(crate) fn remove_all(&mut self, conversation: &str) {
        let all = self.views.values();
        let own = all.filter(|message| message.conversation == conversation);
        let own: Vec<String> = own.map(|message| message.id.clone()).collect();
        for id in own {
            self.remove(&id);
        }
    }

    /// Notes how far a message got, and gives it, if it is kept.
    pub(crate) fn set_delivery(&mut self, id: &str, delivery: DeliveryView) -> Option<MessageView> {
        let message = self.views.get_mut(id)?;
        message.delivery = Some(delivery);
        Some(message.clone())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&MessageView> {
        self.views.get(id)
    }

    /// Those that were told, oldest first.
    pub(crate) fn told(&self) -> Vec<MessageView> {
        let told = self.told.iter();
        told.filter_map(|id| self.views.get(id).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{BodyFormat, DeliveryStateName, Direction};

    fn message(id: usize, text: &str) -> MessageView {
        MessageView {
            id: id.to_string(),
            direction: Direction::Received,
            conversation: "unknown".to_owned(),
            anonymous: false,
            signed: false,
            format: BodyFormat::Text,
            file: None,
            text: text.to_owned(),
            truncated: false,
            size: 0,
            at: 0,
            delivery: None,
        }
    }

    fn ids(history: &History) -> Vec<String> {
        history.told().into_iter().map(|told| told.id).collect()
    }

    #[test]
    fn only_the_newest_are_kept_by_number_and_by_size() {
        let mut history = History::default();
        for id in 0..HISTORY_LIMIT + 2 {
            history.put(message(id, "a"));
        }
        history.put(message(HISTORY_LIMIT + 1, "again"));
        assert_eq!(ids(&history).len(), HISTORY_LIMIT);
        assert_eq!(ids(&history)[0], "2");
        for id in 1_000..1_005 {
            history.put(message(id, &"a".repeat(HISTORY_BYTES / 4)));
        }
        assert_eq!(ids(&history), ["1001", "1002", "1003", "1004"]);
        assert_eq!(history.views.len(), 4);
    }

    #[test]
    fn a_message_on_its_way_is_kept_until_it_arrives() {
        let mut history = History::default();
        history.put_under_way(message(0, "a"));
        history.put_under_way(message(1, "b"));
        history.put(message(1, "b"));
        for id in 2..HISTORY_LIMIT + 2 {
            history.put(message(id, "c"));
        }
        for id in ["0", "1"] {
            assert!(history.get(id).is_some());
            history.arrived(id);
            assert!(history.get(id).is_none());
        }
        assert_eq!(ids(&history)[0], "2");
    }

    #[test]
    fn a_delivery_changes_the_message_it_belongs_to_and_no_other() {
        let mut history = History::default();
        history.put(message(1, "a"));
        history.put(message(2, "b"));
        let sent = DeliveryView {
            state: DeliveryStateName::Sent,
            acked: None,
            total: None,
            problem: None,
        };
        let changed = history.set_delivery("2", sent.clone()).unwrap();
        assert_eq!(changed.delivery, Some(sent.clone()));
        assert_eq!(history.set_delivery("3", sent), None);
        assert_eq!(history.get("1").unwrap().delivery, None);
    }

    #[test]
    fn what_is_removed_is_gone_and_its_room_is_free() {
        let mut history = History::default();
        history.put_under_way(message(1, "abc"));
        history.put(message(1, "abc"));
        history.remove("1");
        history.remove("1");
        assert!(history.get("1").is_none() && history.told().is_empty());
        assert_eq!((history.bytes, history.under_way.len()), (0, 0));
    }
}
