//! What is written along with the client's changes, in the same commit.

use std::collections::VecDeque;

use sotto_core::client::{self, MessageId, Outcome, ReceivedMessage, SentMessage, Store};

use super::Run;
use crate::{
    background::effect::{Change, CommitId, Effect},
    letter::Letter,
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
        let kept = changes
            .into_iter()
            .filter(|change| !self.is_behind_the_words(change));
        kept.map(|change| self.without_doomed(change)).collect()
    }

    /// Whether a change writes what is no part of the history: a receipt that came, a message that
    /// came before, or something that no user wrote and that is done.
    fn is_behind_the_words(&self, change: &client::Change) -> bool {
        let id = MessageId::from_bytes(&change.key).filter(|_| change.value.is_some());
        match (change.store, id) {
            (Store::Inbox, Some(id)) => self.receipts.is_swallowed(id),
            (Store::Sent, Some(id)) => self.receipts.is_service(id),
            _ => false,
        }
    }

    /// The message that is written, if it was not written before.
    fn new_message(&mut self, change: &client::Change) -> Option<(MessageId, MessageView)> {
        let value = change.value.as_deref()?;
        match change.store {
            Store::Inbox => {
                let message = ReceivedMessage::from_record(&change.key, value)?;
                if !self.fresh.insert(message.id) {
                    return None;
                }
                let view = self.arrived(&message)?;
                Some((message.id, view))
            }
            Store::Outbox | Store::Sent => {
                let message = SentMessage::from_record(&change.key, value)?;
                self.sent_message(change.store, &message)
            }
            _ => None,
        }
    }

    /// As [`Self::new_message`], for one of ours: it is written each time that something becomes
    /// of it, and in the end to another store.
    fn sent_message(
        &mut self,
        store: Store,
        message: &SentMessage,
    ) -> Option<(MessageId, MessageView)> {
        let id = message.id;
        if self.receipts.is_service(id) {
            self.service_written(id);
            return None;
        }
        let letter = Letter::sent(message);
        let view = self.sent_view(message, &letter);
        let known = match store {
            Store::Outbox => self.outgoing.insert(id, view.conversation.clone()),
            _ => self.outgoing.remove(&id),
        };
        let is_new = self.fresh.insert(id) && known.is_none();
        if self.doomed.contains(&id) {
            return None;
        }
        if is_new {
            self.departs(message, &letter);
            return Some((id, view));
        }
        if message.outcome == Outcome::AtGateway {
            self.reached(message);
        }
        let state = view.delivery.as_ref()?.state;
        if !self.receipts.is_delivered(id) {
            self.timeline.set_state(&view.conversation, id, state);
        }
        None
    }
}
