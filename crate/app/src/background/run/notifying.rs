//! What the system tells the user of messages while no page does.

use std::collections::VecDeque;

use super::Run;
use crate::{
    background::{effect::Effect, pages::Pages},
    page::{LastMessage, MessageView},
    settings::Notifications,
};

impl Run {
    /// Notifies of a message that has just come, unless a page is there to show it. One that is not
    /// seen yet is enough for a conversation.
    pub(super) fn notify(
        &mut self,
        message: &MessageView,
        pages: &Pages,
        effects: &mut VecDeque<Effect>,
    ) {
        let conversation = message.conversation.clone();
        let wanted = self.settings.notifications;
        if wanted == Notifications::Off || !pages.is_empty() {
            return;
        }
        if !self.notified.insert(conversation.clone()) {
            return;
        }
        let (title, body) = match wanted {
            Notifications::Full => (
                self.name(&conversation),
                Some(LastMessage::from(message).text),
            ),
            Notifications::Plain | Notifications::Off => (None, None),
        };
        effects.push_back(Effect::Notify {
            conversation,
            title,
            body,
        });
    }

    /// How the user calls a correspondent.
    fn name(&self, conversation: &str) -> Option<String> {
        self.timeline.get(conversation)?.about.name.clone()
    }

    /// The user has looked at a conversation.
    pub(super) fn looked_at(&mut self, conversation: &str) {
        self.notified.remove(conversation);
    }
}
