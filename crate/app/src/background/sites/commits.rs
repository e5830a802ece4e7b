//! Changes on their way to the disk, and what happens once they are there.

use litemap::LiteMap;
use std::collections::VecDeque;

use sotto_core::client;

use super::prompts::Prompt;
use crate::{
    background::{
        effect::{Change, CommitId, Effect},
        pages::Asker,
    },
    site::{Grant, Origin},
};

/// What happens when a commit is durable.
pub(super) enum Then {
    /// A site's client is told. The number is its session's.
    Client(u32, client::CommitId),
    /// What is known of a site is in force.
    Known(Box<Known>),
    /// A site is answered that its message is not kept any more.
    Taken(Asker),
    /// Nothing depends on it.
    Nothing,
}

/// What is known of a site from now on, and who waits for that.
pub(super) struct Known {
    pub(super) origin: Origin,
    /// Nothing if it is not known any more.
    pub(super) grant: Option<Grant>,
    /// The page that wants it so.
    pub(super) page: Option<Asker>,
    /// The question that it answers.
    pub(super) prompt: Option<Prompt>,
}

/// All commits that are under way.
#[derive(Default)]
pub(super) struct Commits {
    last: u64,
    open: LiteMap<u64, Then>,
}

impl Commits {
    /// Begins a commit.
    pub(super) fn begin(
        &mut self,
        effects: &mut VecDeque<Effect>,
        changes: Vec<Change>,
        then: Then,
    ) {
        self.last += 1;
        self.open.insert(self.last, then);
        effects.push_back(Effect::Commit {
            id: CommitId::Site(self.last),
            changes,
        });
    }

    /// What waited for a commit; nothing if that is of no interest any more.
    pub(super) fn take(&mut self, id: u64) -> Option<Then> {
        self.open.remove(&id)
    }

    /// Whether the user's answer to a site's question is on its way to the disk.
    pub(super) fn is_answering(&self, origin: &Origin) -> bool {
        let answers = |then: &Then| match then {
            Then::Known(known) => known.prompt.is_some() && known.origin == *origin,
            _ => false,
        };
        self.open.values().any(answers)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What is under way is of no interest any more: who waited for it. Numbers are not used again.
    pub(super) fn forget(&mut self) -> impl Iterator<Item = Then> + use<> {
        std::mem::take(&mut self.open)
            .into_iter()
            .map(|(_, then)| then)
    }
}
