//! What pages are told of conversations, and which messages count as unread.

use std::collections::VecDeque;

use sotto_core::{
    client::{self, MessageId, ReceivedMessage, Store},
    keys::PublicKeys,
    message::SenderTag,
};

use super::Run;
use crate::{
    background::{
        effect::{Change, Effect, Table},
        pages::Pages,
    },
    conversation::Correspondent,
    history::{News, Summary},
    letter::Letter,
    page::{ConversationView, Event, SurbLevel, Trust},
};

impl Run {
    /// How many messages the user has not seen.
    pub(in crate::background) fn unread(&self) -> u32 {
        count(self.history.unread())
    }

    /// All conversations, the one that was active last first.
    pub(in crate::background) fn conversations(&self) -> Vec<ConversationView> {
        let all = self.history.conversations();
        all.into_iter()
            .filter_map(|summary| self.view(summary))
            .collect()
    }

    fn view(&self, summary: Summary) -> Option<ConversationView> {
        let peer = Correspondent::from_id(&summary.id)?;
        let surbs = match peer {
            Correspondent::Anonymous(tag) => self.level(tag),
            _ => 0,
        };
        Some(ConversationView {
            id: summary.id,
            peer: peer.view(surbs),
            unread: count(summary.unread),
            // Whoever we only know by an answer knows us as somebody anonymous.
            anonymous: summary.anonymous.unwrap_or(true),
            name: None,
            trust: Trust::None,
            plain: true,
            active_at: summary.last.at,
            last: Some(summary.last),
        })
    }

    fn level(&self, tag: SenderTag) -> usize {
        let told = self.levels.get(&tag).copied();
        told.unwrap_or_else(|| self.client.surbs(tag))
    }

    /// Tells pages what became of messages, and then of the conversations around them.
    pub(super) fn publish(&self, news: News, pages: &Pages, effects: &mut VecDeque<Effect>) {
        for event in news.events {
            pages.publish(effects, &event);
        }
        for conversation in news.conversations {
            self.publish_conversation(&conversation, pages, effects);
        }
    }

    pub(in crate::background) fn publish_conversation(
        &self,
        id: &str,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let shown = self.history.conversation(id);
        let event = match shown.and_then(|summary| self.view(summary)) {
            Some(conversation) => Event::Conversation { conversation },
            None => Event::ConversationRemoved { id: id.to_owned() },
        };
        pages.publish(effects, &event);
    }

    /// So many SURBs are on hand now.
    pub(super) fn surbs(
        &mut self,
        tag: SenderTag,
        available: usize,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        self.levels.insert(tag, available);
        let conversation = Correspondent::Anonymous(tag).id();
        let level = SurbLevel::of(available);
        pages.publish(
            effects,
            &Event::Surbs {
                conversation,
                level,
            },
        );
    }
}

/// The client's changes, and for each message that arrives with them the note that nobody has seen
/// it: both are on disk, or neither.
pub(super) fn with_unread(changes: Vec<client::Change>, own: &PublicKeys) -> Vec<Change> {
    let notes: Vec<Change> = changes
        .iter()
        .filter_map(|change| note(change, own))
        .collect();
    changes.into_iter().map(Change::from).chain(notes).collect()
}

fn note(change: &client::Change, own: &PublicKeys) -> Option<Change> {
    let value = change.value.as_deref()?;
    if change.store != Store::Inbox {
        return None;
    }
    let message = ReceivedMessage::from_record(&change.key, value)?;
    Some(Change::Put {
        table: Table::Unread,
        key: change.key.clone(),
        value: Letter::received(&message, own)
            .from(&message)
            .id()
            .into_bytes(),
    })
}

/// The ids of a message and its conversation, from a record of [`Table::Unread`].
pub(super) fn unread((key, value): (&[u8], &[u8])) -> Option<(String, String)> {
    let message = MessageId::from_bytes(key)?.to_string();
    let conversation = String::from_utf8(value.to_vec()).ok()?;
    Some((message, conversation))
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use sotto_core::{ChaCha20Rng, keys::ClientKeys, time::Time};

    use super::*;

    fn somebody() -> ClientKeys {
        ClientKeys::generate(&mut ChaCha20Rng::from_seed([1; 32]))
    }

    #[test]
    fn a_message_arrives_on_disk_together_with_the_note_that_nobody_has_seen_it() {
        let message = ReceivedMessage {
            id: MessageId([3; 16]),
            received_at: Time::from_millis(7),
            sender_tag: Some(SenderTag([9; 16])),
            answer_from: None,
            body: b"hi".to_vec(),
        };
        let change = |store, value| client::Change {
            store,
            key: vec![3; 16],
            value,
        };
        let arrives = change(Store::Inbox, Some(message.to_record()));
        let others = [
            change(Store::Fragment, None),
            change(Store::Sent, Some(Vec::new())),
        ];
        let changes = with_unread(
            [vec![arrives], others.to_vec()].concat(),
            &somebody().public(),
        );
        let note = changes
            .iter()
            .find(|change| change.table() == Table::Unread);
        assert_eq!(changes.len(), 4);
        let Some(Change::Put { key, value, .. }) = note else {
            panic!("no note");
        };
        let (id, conversation) = unread((key, value)).unwrap();
        assert_eq!(id, message.id.to_string());
        assert_eq!(conversation, SenderTag([9; 16]).to_string());
    }
}
