//! What is written along with the client's changes, in the same commit.

use std::collections::VecDeque;

use sotto_core::client::{self, MessageId, ReceivedMessage, SentMessage, Store};

use super::Run;
use crate::{
    background::effect::{Change, CommitId, Effect},
    page::MessageView,
};

impl Run {
    /// Begins the next commit, if there is something for it and none is under way.
    pub(in crate::background) fn commit(&mut self, effects: &mut VecDeque<Effect>) {
        self.books.write(self.timeline.take_writes());
        if !self.books.is_due(self.clock) {
            return;
        }
        let client = self.books.take_client();
        let id = client.as_ref().map(|commit| commit.id);
        let mut changes = self.bookkeeping(client.map_or_else(Vec::new, |commit| commit.changes));
        self.books.write(self.timeline.take_writes());
        self.showing = self.timeline.known(self.books.places());
        let (number, own) = self.books.begin(id);
        changes.extend(own);
        effects.push_back(Effect::Commit {
            id: CommitId::Run(self.scoped(number)),
            changes,
        });
    }

    /// Takes note of what the client is about to write, and says what is to be written of it. A
    /// commit that failed comes again with more in it, so that everything here may happen twice.
    fn bookkeeping(&mut self, changes: Vec<client::Change>) -> Vec<Change> {
        let mut new: Vec<(MessageId, MessageView)> = Vec::new();
        for change in &changes {
            new.extend(self.new_message(change));
        }
        new.sort_by_key(|(_, message)| message.at);
        for (id, message) in &new {
            self.timeline.add(*id, message);
        }
        let changes = changes.into_iter();
        changes.map(|change| self.without_doomed(change)).collect()
    }

    /// The message that is written, if it was not written before.
    fn new_message(&mut self, change: &client::Change) -> Option<(MessageId, MessageView)> {
        let value = change.value.as_deref()?;
        let own = self.client.public_keys();
        match change.store {
            Store::Inbox => {
                let message = ReceivedMessage::from_record(&change.key, value)?;
                let is_new = self.fresh.insert(message.id);
                is_new.then(|| (message.id, MessageView::received(&message, &own)))
            }
            Store::Outbox | Store::Sent => {
                let message = SentMessage::from_record(&change.key, value)?;
                self.sent_message(change.store, message.id, MessageView::sent(&message, &own))
            }
            _ => None,
        }
    }

    /// As [`Self::new_message`], for one of ours: it is written each time that something becomes
    /// of it, and in the end to another store.
    fn sent_message(
        &mut self,
        store: Store,
        id: MessageId,
        message: MessageView,
    ) -> Option<(MessageId, MessageView)> {
        let known = match store {
            Store::Outbox => self.outgoing.insert(id, message.conversation.clone()),
            _ => self.outgoing.remove(&id),
        };
        let is_new = self.fresh.insert(id) && known.is_none() && !self.doomed.contains(&id);
        if is_new {
            return Some((id, message));
        }
        let state = message.delivery.as_ref()?.state;
        self.timeline.set_state(&message.conversation, id, state);
        None
    }
}
