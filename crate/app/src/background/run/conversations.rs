//! What pages are told of conversations, and which messages count as unread.

use std::collections::VecDeque;

use sotto_core::message::SenderTag;

use super::{After, Run};
use crate::{
    background::{
        effect::Effect,
        pages::{Asker, Pages},
    },
    conversation::Correspondent,
    page::{ConversationView, Event, LastMessage, MessageView, Reply, RequestError, SurbLevel},
    timeline::About,
};

impl Run {
    /// How many messages the user has not seen.
    pub(in crate::background) fn unread(&self) -> u32 {
        self.timeline.unread()
    }

    /// All conversations, the one that was active last first.
    pub(in crate::background) fn conversations(&self) -> Vec<ConversationView> {
        let all = self.timeline.all_shown().into_iter();
        all.filter_map(|(id, about)| self.conversation_view(id, about))
            .collect()
    }

    fn conversation_view(&self, id: &str, about: &About) -> Option<ConversationView> {
        let peer = Correspondent::from_id(id)?;
        let surbs = match peer {
            Correspondent::Anonymous(tag) => self.level(tag),
            _ => 0,
        };
        Some(ConversationView {
            id: id.to_owned(),
            peer: peer.view(surbs),
            name: about.name.clone(),
            trust: about.trust,
            plain: about.is_plain(),
            unread: about.unread_count(),
            // Whoever we only know by an answer knows us as somebody anonymous.
            anonymous: about.anonymous.unwrap_or(true),
            last: self.last(about),
            active_at: about.active_at,
        })
    }

    /// The newest message. Of one on its way more is known than is on disk.
    fn last(&self, about: &About) -> Option<LastMessage> {
        let last = about.last.as_ref()?;
        let kept = self.history.get(&last.id);
        let state = kept
            .and_then(|kept| kept.delivery.as_ref())
            .map(|delivery| delivery.state);
        Some(LastMessage {
            state: state.or(last.state),
            ..LastMessage::from(last)
        })
    }

    fn level(&self, tag: SenderTag) -> usize {
        let told = self.levels.get(&tag).copied();
        told.unwrap_or_else(|| self.client.surbs(tag))
    }

    /// Tells pages of a message, and then of its conversation.
    pub(super) fn publish_message(
        &self,
        message: MessageView,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let conversation = message.conversation.clone();
        pages.publish(effects, &Event::Message { message });
        self.publish_conversation(&conversation, pages, effects);
    }

    pub(in crate::background) fn publish_conversation(
        &self,
        id: &str,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let shown = self.timeline.shown(id);
        let event = match shown.and_then(|about| self.conversation_view(id, about)) {
            Some(conversation) => Event::Conversation { conversation },
            None => Event::ConversationRemoved { id: id.to_owned() },
        };
        pages.publish(effects, &event);
    }

    /// Answers with a conversation.
    pub(super) fn reply_conversation(
        &self,
        asker: Asker,
        id: &str,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let shown = self.timeline.shown(id);
        let reply = match shown.and_then(|about| self.conversation_view(id, about)) {
            Some(conversation) => Reply::Conversation { conversation },
            None => Reply::Error {
                error: RequestError::NoSuchConversation.view(),
            },
        };
        pages.reply(effects, asker, reply);
    }

    /// The user has seen all of a conversation but the last received messages of a segment, and
    /// what comes after it.
    pub(super) fn see(&mut self, conversation: &str, segment: u32, unseen: u32) {
        self.looked_at(conversation);
        if self.timeline.see(conversation, segment, unseen) {
            self.done.push(After::Conversation(conversation.to_owned()));
        }
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
        self.surbs_came(tag);
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
