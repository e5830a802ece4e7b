//! Deleting messages, one at a time or a whole conversation.
//!
//! A message that the client still holds is taken back through it. What the client writes of such
//! a message from then on is deleted instead: it does not come again.

use std::collections::VecDeque;

use sotto_core::client::{self, MessageId, Store};

use super::{After, Run, reading::place};
use crate::{
    background::{
        effect::{Change, Effect, Table},
        pages::{Asker, Pages},
    },
    page::{Event, Reply, RequestError},
    timeline::Entry,
};

impl Run {
    /// Has the record of a message deleted with the next commit, and the client forget it.
    pub(super) fn delete_record(&mut self, id: MessageId) {
        let places = [Store::Inbox, Store::Sent].map(|store| (place(store, id), None));
        self.books.write(places);
        let delivered = (Table::Delivered, id.0.to_vec());
        self.books.write([(delivered, None)]);
        if self.outgoing.contains_key(&id) {
            self.doomed.insert(id);
            self.client.cancel(self.clock, id);
        } else if self.fresh.contains(&id) {
            self.doomed.insert(id);
        }
    }

    /// What is to be written of a change of the client's: of a deleted message nothing.
    pub(super) fn without_doomed(&self, change: client::Change) -> Change {
        let message = matches!(change.store, Store::Inbox | Store::Outbox | Store::Sent);
        let id = MessageId::from_bytes(&change.key).filter(|_| message);
        let is_doomed = id.is_some_and(|id| self.doomed.contains(&id));
        let value = change.value.filter(|_| !is_doomed);
        Change::from(client::Change { value, ..change })
    }

    /// The client has written its last of the messages that it does not hold any more.
    pub(super) fn forget_doomed(&mut self) {
        let outgoing = &self.outgoing;
        self.doomed.retain(|id| outgoing.contains_key(id));
    }

    /// Takes an entry out, whose segment has these entries, and its message with it.
    pub(super) fn remove(&mut self, conversation: &str, entry: &Entry, entries: &[Entry]) {
        self.timeline.remove(conversation, entry, entries);
        self.delete_record(entry.id);
        let conversation = conversation.to_owned();
        self.books.then(After::Removed(entry.id, conversation));
    }

    /// Forgets a conversation at once, and deletes its messages in steps after that.
    pub(in crate::background) fn forget(
        &mut self,
        asker: Asker,
        conversation: String,
    ) -> Result<(), RequestError> {
        if !self.timeline.forget(&conversation) {
            return Err(RequestError::NoSuchConversation);
        }
        let own = self.outgoing.iter().filter(|(_, of)| **of == conversation);
        let own: Vec<MessageId> = own.map(|(id, _)| *id).collect();
        for id in own {
            self.doomed.insert(id);
            self.client.cancel(self.clock, id);
        }
        self.books.then(After::Forgotten(conversation));
        self.books.then(After::Reply(asker, Reply::Ok));
        Ok(())
    }

    /// A deleted message is gone from disk.
    pub(super) fn removed(
        &mut self,
        id: MessageId,
        conversation: &str,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let id = id.to_string();
        self.history.remove(&id);
        pages.publish(effects, &Event::Removed { id });
        self.publish_conversation(conversation, pages, effects);
    }
}
